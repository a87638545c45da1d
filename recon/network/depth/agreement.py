"""What the depths of the other views say of a view's depth: they agree, they see through it, or it is hidden."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from recon.network.depth.geometry import project, relative_projection
from render.cameras import Cameras

TOLERANCE = 0.01
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
        landing = Landing.of(cameras, own, view, other)
        ratio = landing.depth * landing.read(inverse_depth[other])
        close = ((ratio - 1).abs() < TOLERANCE) & landing.read(shown[other])
        agrees = landing.inside & close.any(0)
        mean = (ratio * close).sum(0) / close.sum(0).clamp_min(1)
        total += torch.where(agrees, own * mean, torch.zeros_like(own))
        weight += agrees
        agreeing += agrees
        in_front = (ratio < 1 - TOLERANCE).all(0) & landing.read(trusted[other]).all(0)
        violated += landing.inside & in_front
    return Agreement(agreeing, violated, total / weight)


@dataclass(frozen=True)
class Landing:
    """Where the points of one view's pixels land in another view."""

    depth: Float[Tensor, "height width"]
    """z-depth of the points in the other view."""
    inside: Bool[Tensor, "height width"]
    """Whether they land on its picture."""
    corner: Int[Tensor, "height width 2"]
    """Column and row of the upper left of the four pixels around."""

    @staticmethod
    def of(cameras: Cameras, inverse_depth: Float[Tensor, "height width"], view: int, other: int) -> "Landing":
        """Of the points of `view` in `other`."""
        height, width = inverse_depth.shape
        uv, z_ratio = project(*relative_projection(cameras, view, other), inverse_depth)
        inside = (uv >= 0).all(-1) & (uv[..., 0] <= width) & (uv[..., 1] <= height) & (z_ratio > 0)
        return Landing(z_ratio / inverse_depth, inside, torch.floor(uv - 0.5).long())

    def read(self, image: Shaped[Tensor, "height width"]) -> Shaped[Tensor, "4 height width"]:
        """What the other view's `image` says at the four pixels around each point; at the border, the nearest."""
        height, width = image.shape
        columns = [(self.corner[..., 0] + k).clamp(0, width - 1) for k in (0, 1)]
        rows = [(self.corner[..., 1] + k).clamp(0, height - 1) * width for k in (0, 1)]
        return image.flatten()[torch.stack([row + column for row in rows for column in columns])]
