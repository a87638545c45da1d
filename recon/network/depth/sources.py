"""Which other views a view's plane sweep looks at."""

import torch
from jaxtyping import Float
from torch import Tensor

from recon.network.depth.geometry import pixel_grid
from render.cameras import Cameras

IDEAL_PARALLAX_DEG = 12.0
"""Between a baseline too short to fix depth and one so long that things look different (Yao et al. 2018, section 4)."""


MIN_PARALLAX_DEG = 0.5
"""Views that see things under a smaller angle agree on any depth: photos taken twice, or while turning."""


def taken_apart(cameras: Cameras, depth_range: Float[Tensor, "view 2"], view: int, others: list[int]) -> list[int]:
    """Those of `others` that see the middle depth of `view` from somewhere else."""
    points = _middle_points(cameras, depth_range[view], view)
    return [v for v in others if float(_angles_deg(cameras, points, view, v).median()) > MIN_PARALLAX_DEG]


def rank_sources(cameras: Cameras, depth_range: Float[Tensor, "view 2"], view: int, others: list[int]) -> list[int]:
    """`others`, the most useful first: those that see most of the same under a good angle."""
    points = _middle_points(cameras, depth_range[view], view)
    return sorted(others, key=lambda other: -_usefulness(cameras, points, view, other))


def _middle_points(cameras: Cameras, depth_range: Float[Tensor, "2"], view: int) -> Float[Tensor, "point 3"]:
    """World points on the plane halfway between near and far, over the whole picture."""
    width, height = cameras.size_wh[view].tolist()
    cells = pixel_grid(12, 16, cameras.K_px.device).to(cameras.K_px.dtype).flatten(1)
    pixels = cells * cells.new_tensor([width / 16, height / 12, 1.0])[:, None]
    in_camera = torch.linalg.inv(cameras.K_px[view]) @ pixels / (1 / depth_range).mean()
    T = cameras.T_world_camera[view]
    return (T[:3, :3] @ in_camera + T[:3, 3:]).T


def _usefulness(cameras: Cameras, points: Float[Tensor, "point 3"], view: int, other: int) -> float:
    T = cameras.T_camera_world[other]
    projected = (points @ T[:3, :3].T + T[:3, 3]) @ cameras.K_px[other].T
    z = projected[:, 2]
    uv = projected[:, :2] / z.clamp_min(1e-9)[:, None]
    inside = (z > 0) & (uv >= 0).all(-1) & (uv < cameras.size_wh[other]).all(-1)
    angle = _angles_deg(cameras, points, view, other)
    spread = torch.where(angle < IDEAL_PARALLAX_DEG, 6.0, 18.0)
    # The floor keeps an order among views that are all far from ideal.
    good = torch.exp(-0.5 * ((angle - IDEAL_PARALLAX_DEG) / spread) ** 2) + 1e-3
    return float((good * inside).mean())


def _angles_deg(cameras: Cameras, points: Float[Tensor, "point 3"], view: int, other: int) -> Float[Tensor, "point"]:
    """Between the rays on which two views see each point."""
    rays = [torch.nn.functional.normalize(points - cameras.centres[v], dim=-1) for v in (view, other)]
    return torch.rad2deg(torch.acos((rays[0] * rays[1]).sum(-1).clamp(-1, 1)))
