"""A smooth way through some cameras: positions by a Catmull-Rom spline, rotations by SLERP, at an even pace."""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation, Slerp

from render.cameras import Cameras

SWAY = 0.06
"""Of the scene's distance: how far to the left and right a camera that is alone goes."""
STANDING = 1e-3
"""Of a mean step: what the way between two cameras at one place counts, so that no step takes no time."""


def camera_path(cameras: Cameras, frames: int, size_wh: tuple[int, int], distance: float) -> Cameras:
    """`frames` cameras of `size_wh` from one end of the way through `cameras` to the other, both ends included.

    They are passed in the order of a short way, starting from that of the two ends which comes first. All have the
    median focal length of `cameras` and their principal point in the middle. A camera alone sways by a part of
    `distance`, which is how far the scene is away.
    """
    poses = cameras.T_world_camera[short_way(cameras.centres.numpy())].numpy()
    if len(poses) == 1:
        poses = np.repeat(poses, 3, axis=0)
        poses[:, :3, 3] += np.array([[-1], [0], [1]]) * SWAY * distance * poses[0, :3, 0]
    times = _times(poses)
    at = np.linspace(0, times[-1], frames)
    T = np.tile(np.eye(4), (frames, 1, 1))
    T[:, :3, :3] = Slerp(times, Rotation.from_matrix(poses[:, :3, :3]))(at).as_matrix()
    T[:, :3, 3] = CubicHermiteSpline(times, poses[:, :3, 3], np.gradient(poses[:, :3, 3], times, axis=0))(at)
    width, height = size_wh
    sizes = cameras.size_wh.to(torch.float64)
    focal = float((cameras.K_px[:, [0, 1], [0, 1]].mean(1) / sizes.norm(dim=1)).median()) * float(
        np.hypot(width, height)
    )
    K = torch.tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], dtype=torch.float64)
    size = torch.tensor([size_wh]).expand(frames, 2)
    return Cameras(K.repeat(frames, 1, 1), torch.from_numpy(T), size, cameras.scale)


def short_way(centres: Float[np.ndarray, "view 3"]) -> Int[np.ndarray, "view"]:
    """An order that passes all centres without many detours: always on to the nearest, from each start; the best."""
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    ways = [_nearest_first(apart, start) for start in range(len(centres))]
    return min(ways, key=lambda way: (apart[way[:-1], way[1:]].sum().round(9), way[0]))


def _nearest_first(apart: Float[np.ndarray, "view view"], start: int) -> Int[np.ndarray, "view"]:
    way, left = [start], [view for view in range(len(apart)) if view != start]
    while left:
        way.append(min(left, key=lambda view: apart[way[-1], view]))
        left.remove(way[-1])
    return np.array(way)


def _times(poses: Float[np.ndarray, "view 4 4"]) -> Float[np.ndarray, "view"]:
    """When each pose is passed: steps take time by how far they go and how much they turn, both against the mean."""
    moved = np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1)
    R = Rotation.from_matrix(poses[:, :3, :3])
    turned = (R[:-1].inv() * R[1:]).magnitude()
    steps = sum(part / max(part.mean(), 1e-12) for part in (moved, turned)) + STANDING
    return np.concatenate([[0], np.cumsum(steps)])
