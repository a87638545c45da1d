"""What the other views of a scene say of the points that one view puts into it.

A view that is sure of its depth sees through whatever hangs before that. One that is not sure still knows its colours:
a point that it would see, and whose colour it does not have there, isn't there. This module is the readable twin in
torch; `testimony_cpu` is the fast one.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement import TOLERANCE, Landing
from recon.network.depth.geometry import pixel_grid, relative_projection
from render.cameras import Cameras

IN_THE_WAY = 0.95
"""A point nearer than this share of the depth that another view is sure of hangs in that view's way."""
FINER = 0.98
"""A surface belongs to another view whose pixels on it are narrower than this share of the own ones."""
UNLIKE = 0.12
"""Difference in sRGB, mean of the channels, from which on two pixels show different things."""
TOO_CLOSE = 0.5
"""Nobody takes photos from within a thing: share of another view's nearest depth, around its camera on all sides."""


@dataclass(frozen=True)
class Evidence:
    """Of packed views, all that can bear witness."""

    pixels: Float[Tensor, "view 3 height width"]
    """Nearer to one exposure than the photos are."""
    valid: Bool[Tensor, "view height width"]
    empty: Bool[Tensor, "view height width"]
    cameras: Cameras
    nearest: Float[Tensor, "view"]
    """Nearest depth looked at in each view."""
    depth: Float[Tensor, "view height width"]
    sure: Bool[Tensor, "view height width"]
    width: Float[Tensor, "view height width"]
    """Of a pixel on its surface, in the direction in which the slant stretches it; in the world's unit."""


@dataclass(frozen=True)
class Testimony:
    """Of the other views on one point for each pixel of a view."""

    agreeing: Float[Tensor, "height width"]
    """How many are sure of a surface there."""
    through: Float[Tensor, "height width"]
    """How many are sure of something farther along their ray."""
    unlike: Float[Tensor, "height width"]
    """How many would see the point, sure of their depth or not, and have another colour there."""
    nothing: Bool[Tensor, "height width"]
    """Whether one shows that nothing is there."""
    finer: Bool[Tensor, "height width"]
    """Whether one is sure of the same surface and resolves it better."""
    too_close: Bool[Tensor, "height width"]
    """Whether the point is where another camera was."""


def testify(evidence: Evidence, depth: Float[Tensor, "height width"], view: int, others: list[int]) -> Testimony:
    """What `others` say of the pixels of `view` at `depth`."""
    agreeing, through, unlike = (torch.zeros_like(depth) for _ in range(3))
    nothing, finer, too_close = (torch.zeros_like(evidence.sure[view]) for _ in range(3))
    for other in others:
        landing = Landing.of(evidence.cameras, 1 / depth, view, other)
        ratio = landing.depth / landing.read(evidence.depth[other])
        sure = landing.read(evidence.sure[other])
        same = ((ratio - 1).abs() < TOLERANCE) & sure
        agreeing += landing.inside & same.any(0)
        through += landing.inside & ((ratio < IN_THE_WAY) & sure).all(0)
        seen = (ratio < 1 + TOLERANCE).all(0) & landing.read(evidence.valid[other]).all(0)
        channels = [landing.read(evidence.pixels[other, c]) - evidence.pixels[view, c] for c in range(3)]
        difference = torch.stack(channels).abs().mean(0).amin(0)
        unlike += landing.inside & seen & (difference > UNLIKE)
        nothing |= landing.inside & landing.read(evidence.empty[other]).all(0)
        narrower = landing.read(evidence.width[other]).amax(0) < FINER * evidence.width[view]
        finer |= landing.inside & same.all(0) & narrower
        distance = points_in_other(evidence.cameras, depth, view, other).norm(dim=-1)
        too_close |= distance < TOO_CLOSE * evidence.nearest[other]
    return Testimony(agreeing, through, unlike, nothing, finer, too_close)


def points_in_other(
    cameras: Cameras, depth: Float[Tensor, "height width"], view: int, other: int
) -> Float[Tensor, "height width 3"]:
    """The points of `view`'s pixels in the camera frame of `other`, also where it cannot see them."""
    M, m = relative_projection(cameras, view, other)
    rays = torch.einsum("ij,jhw->hwi", M, pixel_grid(depth.shape[0], depth.shape[1], depth.device))
    return (rays * depth[..., None] + m) @ torch.linalg.inv(cameras.K_px[other]).to(depth.dtype).T
