"""The cameras of a run that other programs can take: those that are placed and whose focal length is known."""

from pathlib import Path

import torch

from render.cameras import Cameras
from render.errors import CamerasError
from render.files.cameras_json import CameraRow, read_cameras_json


def placed_cameras(path: Path) -> tuple[tuple[str, ...], Cameras]:
    """Names of the placed photos and a camera for each, of a `cameras.json`.

    Raises:
        CamerasError: the file is missing or malformed, or no photo in it is placed with size and focal length.
    """
    content = read_cameras_json(path)
    rows = {name: row for name, row in content.rows.items() if row.T_world_camera is not None and _has_lens(row)}
    if not rows:
        raise CamerasError(f"{path} places no photo with its size and focal length; at least one is needed.")
    K_px = torch.zeros(len(rows), 3, 3, dtype=torch.float64)
    for view, row in enumerate(rows.values()):
        width, height = row.width or 0.0, row.height or 0.0
        fx, fy = row.fx or row.fy or 0.0, row.fy or row.fx or 0.0
        cx, cy = width / 2 if row.cx is None else row.cx, height / 2 if row.cy is None else row.cy
        K_px[view] = torch.tensor([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], dtype=torch.float64)
    cameras = Cameras(
        K_px,
        torch.stack([row.T_world_camera for row in rows.values() if row.T_world_camera is not None]),
        torch.tensor([[round(row.width or 0), round(row.height or 0)] for row in rows.values()]),
        content.scale,
    )
    return tuple(rows), cameras


def _has_lens(row: CameraRow) -> bool:
    return None not in (row.width, row.height) and (row.fx is not None or row.fy is not None)
