"""`cameras.json`: what a run writes and what `--cameras` takes. docs/outputs.md describes it.

Nothing here knows the photos: whether a row fits its photo is judged where they meet, in `recon/known_cameras.py`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from render.cameras import Cameras, Scale
from render.errors import CamerasError
from render.files.atomic import write_atomically
from render.turn import moved_poses

CONVENTION = "OpenCV camera-to-world (x right, y down, z forward); pinhole; pixel centre at +0.5"
OTHER_CONVENTIONS = ("opengl", "blender", "world-to-camera", "world to camera")
"""A `convention` that speaks of these, in small letters, is refused: its poses would be taken for something else."""
ROTATION_TOLERANCE = 1e-2
"""Largest entry of R^T R - I up to which a pose is used as it is."""
BOTTOM_ROW_TOLERANCE = 1e-6
LARGEST_NUMBER = 1e9


@dataclass(frozen=True)
class CameraRow:
    """One row; whatever was missing is None. Lengths in pixels are those of a photo of `width` x `height`."""

    width: float | None = None
    height: float | None = None
    fx: float | None = None
    fy: float | None = None
    cx: float | None = None
    cy: float | None = None
    T_world_camera: Float[Tensor, "4 4"] | None = None
    """float64, every entry as the file has it; None also where the row says that it is not registered."""


@dataclass(frozen=True)
class CamerasFile:
    """The content of one file."""

    scale: Scale
    """`relative` where the file does not say."""
    rows: dict[str, CameraRow]
    """By the photo's file name."""


def read_cameras_json(path: str | Path) -> CamerasFile:
    """Read cameras; any field may be missing for any view, and keys that are not known are ignored.

    Raises:
        CamerasError: the file is missing, malformed, or holds a camera that cannot be: a length that is not a number
            above 0, a pose that is not rigid, a name twice.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CamerasError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError) as error:
        raise CamerasError(f"{path} is not JSON ({error}).") from error
    if not isinstance(content, dict) or not isinstance(content.get("cameras"), list):
        raise CamerasError(
            f'{path} holds no list "cameras"; {{"cameras": [{{"image": "0001.jpg", ...}}]}} is expected.'
        )
    scale = content.get("scale", "relative")
    if scale not in get_args(Scale):
        raise CamerasError(f'{path}: "scale" is {_shown(scale)}; "metric" or "relative" is expected.')
    convention = content.get("convention")
    if isinstance(convention, str) and any(other in convention.lower() for other in OTHER_CONVENTIONS):
        raise CamerasError(f'{path}: "convention" is {_shown(convention)}; poses are expected as "{CONVENTION}".')
    rows: dict[str, CameraRow] = {}
    for number, entry in enumerate(content["cameras"]):
        if not isinstance(entry, dict) or not isinstance(entry.get("image"), str):
            raise CamerasError(f'{path}: row {number} has no "image"; the file name of a photo is expected there.')
        if entry["image"] in rows:
            raise CamerasError(f"{path}: {entry['image']} has two rows; one is expected.")
        rows[entry["image"]] = camera_row(entry, f"{path}: {entry['image']}")
    return CamerasFile(scale, rows)


def camera_row(entry: dict[str, Any], where: str) -> CameraRow:
    """One row as JSON has it, checked; any field may be missing. `where` begins the sentence about what is wrong.

    Raises:
        CamerasError: it is a camera that cannot be.
    """
    registered = entry.get("registered", True)
    if not isinstance(registered, bool):
        raise CamerasError(f'{where}: "registered" is {_shown(registered)}; true or false is expected.')
    lengths = {key: _positive(entry, key, where) for key in ("width", "height", "fx", "fy")}
    centre = {key: _number(entry[key], key, where) for key in ("cx", "cy") if entry.get(key) is not None}
    pose = entry.get("camera_to_world") if registered else None
    return CameraRow(**lengths, **centre, T_world_camera=None if pose is None else _pose(pose, where))


def _positive(entry: dict[str, Any], key: str, where: str) -> float | None:
    if entry.get(key) is None:
        return None
    number = _number(entry[key], key, where)
    if number <= 0:
        raise CamerasError(f'{where}: "{key}" is {number:g}; a number above 0 is expected.')
    return number


def _number(value: object, key: str, where: str) -> float:
    # Written so that NaN, which compares with nothing, is refused too.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST_NUMBER:
        raise CamerasError(f'{where}: "{key}" is {_shown(value)}; a finite number is expected.')
    return float(value)


def _pose(rows: object, where: str) -> Float[Tensor, "4 4"]:
    key = "camera_to_world"
    if not isinstance(rows, list) or len(rows) != 4 or any(not isinstance(r, list) or len(r) != 4 for r in rows):
        raise CamerasError(f'{where}: "{key}" is {_shown(rows)}; four rows of four numbers are expected.')
    T = torch.tensor([[_number(value, key, where) for value in row] for row in rows], dtype=torch.float64)
    R, bottom = T[:3, :3], T[3].tolist()
    homogeneous = torch.tensor([0, 0, 0, 1], dtype=T.dtype)
    if not torch.allclose(T[3], homogeneous, rtol=0, atol=BOTTOM_ROW_TOLERANCE):
        transposed = torch.allclose(T[:, 3], homogeneous, rtol=0, atol=BOTTOM_ROW_TOLERANCE)
        hint = "the matrix looks transposed, since its last column is" if transposed else "expected is"
        raise CamerasError(f'{where}: the bottom row of "{key}" is {bottom}; {hint} [0, 0, 0, 1].')
    determinant = float(torch.linalg.det(R))
    if determinant < 0:
        raise CamerasError(
            f'{where}: "{key}" is a reflection (its determinant is {determinant:.3g}); a rotation has +1. '
            "Flipping y and z together turns OpenGL's axes into those expected; flipping one of them does not."
        )
    off = float((R.mT @ R - torch.eye(3, dtype=R.dtype)).abs().max())
    if off > ROTATION_TOLERANCE:
        raise CamerasError(
            f'{where}: "{key}" is not a rotation: R^T R is {off:.3g} off the identity, and its columns have the '
            f"lengths {[round(length, 4) for length in R.norm(dim=0).tolist()]}; at most {ROTATION_TOLERANCE} is."
        )
    return T


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def write_cameras_json(path: str | Path, names: Sequence[str], cameras: Cameras, registered: Sequence[bool]) -> None:
    """Write cameras under a temporary name, then put the file in place; numbers read back bit for bit.

    Args:
        names: file name of each photo.
        cameras: one for each photo, in pixels of the original upright photo.
        registered: False where the camera means nothing; its row then holds the photo's name and size only.

    Raises:
        OutputError: the folder cannot be written.
    """
    rows = []
    for view, (name, known) in enumerate(zip(names, registered, strict=True)):
        width, height = cameras.size_wh[view].tolist()
        row: dict[str, Any] = {"image": name, "width": width, "height": height}
        if known:
            (fx, _, cx), (_, fy, cy), _ = cameras.K_px[view].tolist()
            row |= {"fx": fx, "fy": fy, "cx": cx, "cy": cy, "camera_to_world": cameras.T_world_camera[view].tolist()}
        rows.append(row | {"registered": bool(known)})
    content = {"convention": CONVENTION, "scale": cameras.scale, "cameras": rows}
    write_atomically(Path(path), (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def moved_cameras_file(source: Path, target: Path, T_new_old: Float[Tensor, "4 4"]) -> None:
    """The same file for a world that was moved: poses move along, all else stays as it stands there.

    Raises:
        CamerasError: `source` is malformed.
        OutputError: the folder cannot be written.
    """
    rows = read_cameras_json(source).rows
    content = json.loads(source.read_text(encoding="utf-8-sig"))
    for entry in content["cameras"]:
        T_world_camera = rows[entry["image"]].T_world_camera
        if T_world_camera is not None:
            entry["camera_to_world"] = moved_poses(T_world_camera[None], T_new_old)[0].tolist()
    if not math.isclose(float(torch.linalg.det(T_new_old[:3, :3])), 1, rel_tol=1e-9):
        # What was in metres is so no longer.
        content["scale"] = "relative"
    write_atomically(target, (json.dumps(content, indent=1) + "\n").encode())
