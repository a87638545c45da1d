"""Depth where none can be trusted: taken from the farther side of what surrounds it.

What cannot be matched is mostly what only one view sees: background beside a foreground edge.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

BACKGROUND_RADIUS = 2


def complete(
    inverse_depth: Float[Tensor, "height width"], trusted: Bool[Tensor, "height width"]
) -> Float[Tensor, "height width"]:
    """Trusted values stay; the others become the farthest of a smooth filling within `BACKGROUND_RADIUS` pixels."""
    filled = push_pull(inverse_depth, trusted.float())
    size = 2 * BACKGROUND_RADIUS + 1
    farthest = -max_pool2d(-filled[None, None], size, stride=1, padding=BACKGROUND_RADIUS)[0, 0]
    return torch.where(trusted, inverse_depth, farthest)


def push_pull(
    values: Float[Tensor, "height width"], weights: Float[Tensor, "height width"]
) -> Float[Tensor, "height width"]:
    """Fill where the weight is 0 from ever coarser averages (Gortler et al. 1996, "The Lumigraph", section 3.4)."""
    if weights.sum() == 0:
        return values
    levels = [(values * weights, weights)]
    while min(levels[-1][0].shape) > 1:
        levels.append(tuple(_half(x) for x in levels[-1]))  # type: ignore[arg-type]
    coarse = ((values * weights).sum() / weights.sum()).expand_as(levels[-1][0])
    for total, weight in reversed(levels):
        coarse = interpolate(coarse[None, None], size=total.shape, mode="bilinear", align_corners=False)[0, 0]
        coarse = total + (1 - weight) * coarse
    return coarse


def _half(x: Float[Tensor, "height width"]) -> Float[Tensor, "h w"]:
    return avg_pool2d(x[None, None], 2, ceil_mode=True, count_include_pad=False)[0, 0]
