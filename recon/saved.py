"""The files of docs/outputs.md -> Reconstruction: undoes `recon/outputs.py`, with the photos at hand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from jaxtyping import UInt8

from recon.images import load_images
from recon.prediction import CameraOrigin
from recon.reconstruction import Reconstruction
from recon.views import make_views
from render.cameras import Cameras
from render.errors import FileFormatError, InputError
from render.files.cameras_json import CameraRow, read_cameras_json
from render.files.depth_maps import read_depth_npy
from render.files.ply import read_ply

KINDS = ("scene.ply", "cameras.json", "depth", "confidence", "report.json")
"""What has to be there."""


def load_reconstruction(folder: str | Path, photos: Sequence[str | Path] | str | Path) -> Reconstruction:
    """What `Reconstruction.save` wrote into `folder`, of these photos.

    Equal to what was saved but for what files do not hold: Gaussians come back as a .ply has them (see
    `render.files.ply`), a photo that is not registered has a camera that means nothing, and the report counts the
    writing.

    Raises:
        InputError: the photos cannot be read, or are not those that the scene was made of.
        FileFormatError, CamerasError: a file is missing or malformed.
    """
    folder = Path(folder)
    report = _read_report(folder / "report.json")
    file = read_cameras_json(folder / "cameras.json")
    names = tuple(file.rows)
    depth, confidence = (
        [torch.from_numpy(read_depth_npy(folder / kind / f"{name}.npy")) for name in names] for kind in KINDS[2:4]
    )
    try:
        gaussians = read_ply(folder / "scene.ply")
    except OSError as error:
        raise _missing(folder / "scene.ply", error) from error
    return Reconstruction(
        gaussians=gaussians,
        cameras=_cameras(folder / "cameras.json", [file.rows[name] for name in names], file.scale == "metric"),
        origin=_by_photo(folder, report, "cameras", names, _origin),
        names=names,
        depth=tuple(depth),
        confidence=tuple(confidence),
        photos=_photos(photos, names, long_side=max(max(values.shape) for values in depth)),
        gain=torch.tensor(_by_photo(folder, report, "gain", names, _three), dtype=torch.float32),
        report={key: value for key, value in report.items() if key != "gain"},
    )


def _missing(path: Path, error: OSError) -> FileFormatError:
    return FileFormatError(path, f"cannot be read ({error.strerror or error}); a saved scene has it.")


def _read_report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text())
    except OSError as error:
        raise _missing(path, error) from error
    except ValueError as error:
        raise FileFormatError(path, f"this is not JSON ({error}).") from error
    if not isinstance(report, dict):
        raise FileFormatError(path, f"this is a {type(report).__name__}; an object is expected.")
    return report


def _by_photo(folder: Path, report: dict[str, Any], key: str, names: Sequence[str], kind: Any) -> tuple[Any, ...]:
    try:
        return tuple(kind(report[key][name]) for name in names)
    except (KeyError, TypeError, ValueError) as error:
        path = folder / "report.json"
        raise FileFormatError(path, f'"{key}" does not say what belongs to each photo ({error!r}).') from error


def _origin(word: object) -> CameraOrigin:
    if word not in get_args(CameraOrigin):
        raise ValueError(f"{word!r} is none of {get_args(CameraOrigin)}")
    return word  # pyright: ignore[reportReturnType]


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = values
    return float(red), float(green), float(blue)


def _cameras(path: Path, rows: Sequence[CameraRow], metric: bool) -> Cameras:
    K_px, T, size_wh = torch.eye(3, dtype=torch.float64).repeat(len(rows), 1, 1), [], []
    for K, row in zip(K_px, rows, strict=True):
        if row.width is None or row.height is None:
            raise FileFormatError(path, "a photo has no size; a saved scene has it.")
        size_wh.append((int(row.width), int(row.height)))
        T.append(torch.eye(4, dtype=torch.float64) if row.T_world_camera is None else row.T_world_camera)
        if row.fx is not None and row.fy is not None and row.cx is not None and row.cy is not None:
            K[0, 0], K[1, 1], K[0, 2], K[1, 2] = row.fx, row.fy, row.cx, row.cy
    return Cameras(K_px, torch.stack(T), torch.tensor(size_wh), "metric" if metric else "relative")


def _photos(
    paths: Sequence[str | Path] | str | Path, names: Sequence[str], long_side: int
) -> tuple[UInt8[np.ndarray, "_ _ 3"], ...]:
    images = load_images(paths, fewest=1)
    given = [photo.name for photo in images.photos]
    if given != list(names):
        raise InputError(f"The photos are {', '.join(given)}; the scene was made of {', '.join(names)}.")
    views = make_views(images, long_side)
    return tuple(views.photo_bytes(view) for view in range(len(views)))
