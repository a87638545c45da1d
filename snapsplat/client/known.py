"""What is known of the cameras, as a request has it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from render.errors import CamerasError
from server.pb import camera_pb2

if TYPE_CHECKING:
    from render.files.cameras_json import CameraRow


Scale = Literal["metric", "relative"]
Known = tuple[Scale, dict[str, camera_pb2.KnownCamera], list[str]]
"""Unit, what is known by the photo's name, and sentences."""
NOTHING_KNOWN: Known = ("relative", {}, [])


def known_cameras(file: Path, names: Sequence[str]) -> Known:
    """Unit, what a `cameras.json` knows of the photos of these names, and sentences about what it names in vain.

    Raises:
        CamerasError: it cannot be read, or holds a camera that cannot be.
    """
    from render.files.cameras_json import read_cameras_json  # Loads torch, which a request without cameras needs not.

    content = read_cameras_json(file)
    idle = [name for name in content.rows if name not in names]
    warnings = [f"The cameras name what is not among the photos: {', '.join(idle)}."] if idle else []
    return content.scale, {name: _known(name, row) for name, row in content.rows.items() if name in names}, warnings


def _known(name: str, row: "CameraRow") -> camera_pb2.KnownCamera:
    pose = [] if row.T_world_camera is None else row.T_world_camera.flatten().tolist()
    known = camera_pb2.KnownCamera(fx_px=row.fx, fy_px=row.fy, cx_px=row.cx, cy_px=row.cy, t_world_camera=pose)
    if row.width is not None or row.height is not None:
        width, height = row.width or 0.0, row.height or 0.0
        if not (width >= 1 and height >= 1 and width.is_integer() and height.is_integer()):
            raise CamerasError(f"{name}: its camera is for {row.width} x {row.height} pixels; whole numbers are right.")
        known.size.CopyFrom(camera_pb2.Size(width_px=int(width), height_px=int(height)))
    return known
