"""How much of what one camera sees another sees too, by their depths."""

import numpy as np
from jaxtyping import Float, Float32

from data_tools.rooms.scene import Camera

TOLERANCE = 0.05
"""A point is seen where its depth is that of the other's map within this share."""


def lifted(camera: Camera, depth: Float32[np.ndarray, "height width"]) -> Float[np.ndarray, "point 3"]:
    """World points of the pixels where depth is finite."""
    rows, columns = np.nonzero(np.isfinite(depth))
    pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    rays = np.linalg.inv(camera.K_px) @ pixels * depth[rows, columns]
    return rays.T @ camera.T_world_camera[:3, :3].T + camera.T_world_camera[:3, 3]


def share_seen(
    a: Camera,
    depth_a: Float32[np.ndarray, "height_a width_a"],
    b: Camera,
    depth_b: Float32[np.ndarray, "height_b width_b"],
) -> float:
    """Share of a's surfaces that b sees; 0 where a sees none."""
    points = lifted(a, depth_a)
    if len(points) == 0:
        return 0.0
    seen = (points - b.T_world_camera[:3, 3]) @ b.T_world_camera[:3, :3]
    ahead = seen[seen[:, 2] > 1e-3]
    pixels = ahead @ b.K_px.T
    columns, rows = np.floor(pixels[:, :2] / pixels[:, 2:]).astype(int).T
    height, width = depth_b.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    there = depth_b[rows[inside], columns[inside]]
    agrees = np.abs(there - ahead[inside, 2]) < TOLERANCE * ahead[inside, 2]
    return float(agrees.sum()) / len(points)
