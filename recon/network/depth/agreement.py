"""What the depths of the other views say of a view's depth: they agree, they see through it, or it is hidden."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.geometry import project, relative_projection
from render.cameras import Cameras

TOLERANCE = 0.02
"""Relative difference in depth up to which two views agree."""


@dataclass(frozen=True)
class Agreement:
    """Of one view's pixels with the other views of its scene."""

    agreeing: Float[Tensor, "height width"]
    """How many other views have the same surface there."""
    violated: Float[Tensor, "height width"]
    """How many other views see something farther along the ray: the pixel's point hangs in their way."""
    refined: Float[Tensor, "height width"]
    """Inverse depth averaged with those that agree."""


def agreement(
    cameras: Cameras,
    inverse_depth: Float[Tensor, "view height width"],
    shown: Bool[Tensor, "view height width"],
    trusted: Bool[Tensor, "view height width"],
    view: int,
    others: Sequence[int],
) -> Agreement:
    """Check one view against `others`: what they have `shown` can agree, what is `trusted` can see through."""
    own = inverse_depth[view]
    agreeing, violated = torch.zeros_like(own), torch.zeros_like(own)
    total, weight = own.clone(), torch.ones_like(own)
    for other in others:
        ratio, inside = depth_ratios(cameras, own, inverse_depth[other], view, other)
        something, _ = depth_ratios(cameras, own, shown[other].float(), view, other)
        close = ((ratio - 1).abs() < TOLERANCE) & (something > 0)
        agrees = inside & close.any(0)
        mean = (ratio * close).sum(0) / close.sum(0).clamp_min(1)
        total += torch.where(agrees, own * mean, torch.zeros_like(own))
        weight += agrees
        agreeing += agrees
        sure, _ = depth_ratios(cameras, own, trusted[other].float(), view, other)
        in_front = (ratio < 1 - TOLERANCE).all(0) & (sure > 0).all(0)
        violated += inside & in_front
    return Agreement(agreeing, violated, total / weight)


def depth_ratios(
    cameras: Cameras,
    inverse_depth: Float[Tensor, "height width"],
    other_inverse_depth: Float[Tensor, "height width"],
    view: int,
    other: int,
) -> tuple[Float[Tensor, "4 height width"], Bool[Tensor, "height width"]]:
    """A point's depth in another view over the depth seen there, at the four pixels around where it lands.

    Less than 1: the point lies in front of what the other view sees. Also: whether it lands inside.
    """
    height, width = inverse_depth.shape
    uv, z_ratio = project(*relative_projection(cameras, view, other), inverse_depth)
    depth_there = z_ratio / inverse_depth
    corner = torch.floor(uv - 0.5).long()
    inside = (uv >= 0).all(-1) & (uv[..., 0] <= width) & (uv[..., 1] <= height) & (z_ratio > 0)
    ratios = []
    for row in (0, 1):
        for column in (0, 1):
            i = (corner[..., 1] + row).clamp(0, height - 1)
            j = (corner[..., 0] + column).clamp(0, width - 1)
            ratios.append(depth_there * other_inverse_depth[i, j])
    return torch.stack(ratios), inside
