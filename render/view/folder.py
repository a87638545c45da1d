"""A run's folder -> what there is to look at, with or without the photos."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from render.cameras import Cameras
from render.cells import reduced
from render.errors import FileFormatError
from render.files.depth_maps import read_depth_npy
from render.files.ply import read_ply
from render.files.posed import placed_cameras
from render.gaussians import Gaussians
from render.points import Points, points_of_view
from render.view.scene import ViewedScene
from render.view.video import drawn_frames

PICTURE_SIDE_PX = 320
"""Long side of the pictures that stand in the frustums."""
POINTS_PER_PHOTO = 20_000

_Map = Float[np.ndarray, "_ _"]
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
    names, cameras = placed_cameras(folder / "cameras.json")
    maps = [_maps(folder, name) for name in names]
    given = photos or {}
    pictures = tuple(
        reduced(given[name], PICTURE_SIDE_PX) if name in given else drawn_picture(gaussians, cameras[[view]])
        for view, name in enumerate(names)
    )
    points = [
        sampled_points(cameras[[view]], pictures[view], *both) for view, both in enumerate(maps) if both is not None
    ]
    return ViewedScene(gaussians, cameras, names, pictures, Points.concatenate(points))


def drawn_picture(gaussians: Gaussians, camera: Cameras) -> _Picture:
    """What a camera sees, as large as it stands in its frustum."""
    width, height = (int(side) for side in camera.size_wh[0])
    factor = PICTURE_SIDE_PX / max(width, height)
    resized = camera.resized((max(round(width * factor), 1), max(round(height * factor), 1)))
    return next(drawn_frames(gaussians, resized))


def _maps(folder: Path, name: str) -> tuple[_Map, _Map] | None:
    """Depth and confidence of a photo, where both are there."""
    paths = [folder / kind / f"{name}.npy" for kind in ("depth", "confidence")]
    if not all(path.exists() for path in paths):
        return None
    depth, confidence = (read_depth_npy(path) for path in paths)
    return (depth, confidence) if depth.shape == confidence.shape else None


def sampled_points(camera: Cameras, picture: _Picture, depth: _Map, confidence: _Map) -> Points:
    """Some `POINTS_PER_PHOTO` points of a photo's depth, in the colours of its picture."""
    step = max(round((depth.size / POINTS_PER_PHOTO) ** 0.5), 1)
    colours = cv2.resize(picture, (depth.shape[1], depth.shape[0]), interpolation=cv2.INTER_LINEAR)
    return points_of_view(camera, colours, depth, confidence, step)
