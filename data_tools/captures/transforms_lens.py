"""The lens of one frame of `transforms.json`, from what stands in the frame, or for all frames above them."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_tools.captures.cameras import LARGEST_SIDE_PX, make_lens
from data_tools.captures.capture import Lens
from data_tools.captures.json_fields import number, text
from render.errors import CamerasError, FileFormatError

LENS_FIELDS = (
    *("camera_model", "is_fisheye", "fl_x", "fl_y", "cx", "cy", "w", "h", "camera_angle_x", "camera_angle_y"),
    *("k1", "k2", "k3", "k4", "p1", "p2"),
)
"""All that is read of a lens."""
MODELS = ("PERSPECTIVE", "SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV")
"""Values of `camera_model` that are pinholes with k1 k2 k3 p1 p2, some of them perhaps 0."""


def frame_lens(fields: dict[str, Any], path: Path, where: str, photo_size_wh: Callable[[], tuple[int, int]]) -> Lens:
    """The lens that these fields describe.

    Args:
        fields: of the frame, over those for all frames.
        path: the file, for sentences.
        where: which frame, for sentences.
        photo_size_wh: asked for width and height of the photo where the fields don't tell.

    Raises:
        FileFormatError: a field has the wrong type.
        CamerasError: the camera is of a kind that is not read, or says nothing of its focal length.
    """
    model = text(fields, "camera_model", path) or "OPENCV"
    if model not in MODELS or fields.get("is_fisheye"):
        kind = model if model not in MODELS else "a fisheye"
        raise CamerasError(f"{where}: the camera model is {kind}; {', '.join(MODELS)} are read.")
    if number(fields, "k4", path):
        raise CamerasError(f'{where}: "k4" is {fields["k4"]}; of radial distortion k1, k2 and k3 are undone.')
    width, height = _size_wh(fields, path) or photo_size_wh()
    fx = number(fields, "fl_x", path) or _focal_px(fields, "camera_angle_x", width, path)
    fy = number(fields, "fl_y", path) or _focal_px(fields, "camera_angle_y", height, path)
    if fx is None and fy is None:
        raise CamerasError(f'{where}: there is no focal length; "fl_x" or "camera_angle_x" is expected.')
    cx, cy = number(fields, "cx", path), number(fields, "cy", path)
    return make_lens(
        (fx or fy or 0.0, fy or fx or 0.0),
        (width / 2 if cx is None else cx, height / 2 if cy is None else cy),
        (width, height),
        where,
        distortion=tuple(number(fields, key, path) or 0.0 for key in ("k1", "k2", "p1", "p2", "k3")),
        as_stored=True,
    )


def _size_wh(fields: dict[str, Any], path: Path) -> tuple[int, int] | None:
    width, height = number(fields, "w", path), number(fields, "h", path)
    if width is None or height is None:
        return None
    if not (1 <= width <= LARGEST_SIDE_PX and 1 <= height <= LARGEST_SIDE_PX):
        raise FileFormatError(
            path, f'"w" and "h" are {width:g} and {height:g}; 1 to {LARGEST_SIDE_PX} pixels are expected.'
        )
    return round(width), round(height)


def _focal_px(fields: dict[str, Any], key: str, side_px: int, path: Path) -> float | None:
    """From the angle of view, in radians, along a side."""
    angle = number(fields, key, path)
    if angle is None:
        return None
    if not 0 < angle < math.pi:
        raise FileFormatError(path, f'"{key}" is {angle:g}; radians between 0 and pi are expected.')
    return side_px / (2 * math.tan(angle / 2))
