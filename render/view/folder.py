"""A run's folder -> what there is to look at, with or without the photos."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8

from render.cameras import Cameras
from render.cells import reduced
from render.errors import FileFormatError
from render.files.cameras_json import CameraRow, read_cameras_json
from render.files.ply import read_ply
from render.gaussians import Gaussians
from render.points import Points, points_of_view
from render.view.scene import ViewedScene
from render.view.video import drawn_frames

PICTURE_SIDE_PX = 320
"""Long side of the pictures that stand in the frustums."""
POINTS_PER_PHOTO = 20_000

_Picture = UInt8[np.ndarray, "_ _ 3"]


def open_folder(folder: Path, photos: Mapping[str, _Picture] | None = None) -> ViewedScene:
    """The scene in `folder`, as docs/outputs.md describes it; `photos` by their names, any of them.

    Only `scene.ply` and `cameras.json` have to be there. Where a photo is not at hand, its picture is what the scene
    shows from its place.

    Raises:
        FileFormatError, CamerasError: a file is missing or malformed, or no photo has a camera.
    """
    path = folder / "scene.ply"
    try:
        gaussians = read_ply(path)
    except OSError as error:
        raise FileFormatError(path, f"cannot be read ({error.strerror or error}); a scene's folder has it.") from error
    file = read_cameras_json(folder / "cameras.json")
    rows = {name: camera for name, row in file.rows.items() if (camera := _camera(row)) is not None}
    if not rows:
        raise FileFormatError(folder / "cameras.json", "no photo has a whole camera; at least one is needed.")
    parts = {
        what: torch.cat([getattr(c, what) for c in rows.values()]) for what in ("K_px", "T_world_camera", "size_wh")
    }
    cameras = Cameras(**parts, scale=file.scale)
    pictures = {name: reduced(photo, PICTURE_SIDE_PX) for name, photo in (photos or {}).items() if name in rows}
    pictures |= {name: drawn_picture(gaussians, camera) for name, camera in rows.items() if name not in pictures}
    maps = [_points(folder, name, camera, pictures[name]) for name, camera in rows.items()]
    return ViewedScene(
        gaussians,
        cameras,
        names=tuple(rows),
        pictures=tuple(pictures[name] for name in rows),
        points=Points.concatenate([points for points in maps if points is not None]),
    )


def _camera(row: CameraRow) -> Cameras | None:
    known = (row.fx, row.fy, row.cx, row.cy, row.width, row.height)
    if row.T_world_camera is None or any(value is None for value in known):
        return None
    K = torch.tensor([[[row.fx, 0, row.cx], [0, row.fy, row.cy], [0, 0, 1]]], dtype=torch.float64)
    return Cameras(K, row.T_world_camera[None], torch.tensor([[row.width, row.height]]).to(torch.int64))


def drawn_picture(gaussians: Gaussians, camera: Cameras) -> _Picture:
    """What a camera sees, as large as it stands in its frustum."""
    width, height = (int(side) for side in camera.size_wh[0])
    factor = PICTURE_SIDE_PX / max(width, height)
    resized = camera.resized((max(round(width * factor), 1), max(round(height * factor), 1)))
    return next(drawn_frames(gaussians, resized))


def _points(folder: Path, name: str, camera: Cameras, picture: _Picture) -> Points | None:
    depth, confidence = (_map(folder / kind / f"{name}.npy") for kind in ("depth", "confidence"))
    if depth is None or confidence is None or depth.shape != confidence.shape:
        return None
    return sampled_points(camera, picture, depth, confidence)


def sampled_points(
    camera: Cameras, picture: _Picture, depth: Float[np.ndarray, "_ _"], confidence: Float[np.ndarray, "_ _"]
) -> Points:
    """Some `POINTS_PER_PHOTO` points of a photo's depth, in the colours of its picture."""
    step = max(round((depth.size / POINTS_PER_PHOTO) ** 0.5), 1)
    colours = cv2.resize(picture, (depth.shape[1], depth.shape[0]), interpolation=cv2.INTER_LINEAR)
    return points_of_view(camera, colours, depth, confidence, step)


def _map(path: Path) -> Float[np.ndarray, "_ _"] | None:
    if not path.exists():
        return None
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FileFormatError(path, f"this is no .npy file that can be read ({error}).") from error
    if values.ndim != 2 or values.dtype != np.float32:
        raise FileFormatError(path, f"this is {values.dtype} of shape {values.shape}; float32, two axes, is expected.")
    return values
