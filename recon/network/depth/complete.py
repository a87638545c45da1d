"""Depth where none can be trusted: taken from the farther side of what surrounds it.

What cannot be matched is mostly what only one view sees: background beside a foreground edge. How far back it lies
nobody knows, so it is set up twice: close behind its surroundings, where it is dropped again if another view sees
through it, and as a backstop behind everything near, which shows where the first was dropped.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

CLOSE = 1 / 64
FAR = 1 / 8
"""How far around a pixel the two look for what is farthest, as a share of the picture's long side."""
BEHIND = 1.02
"""The backstop lies a little behind what it takes its depth from."""


def complete(
    inverse_depth: Float[Tensor, "height width"], trusted: Bool[Tensor, "height width"]
) -> tuple[Float[Tensor, "height width"], Float[Tensor, "height width"]]:
    """Inverse depth with the gaps between trusted pixels filled closely behind them, and that of the backstop."""
    filled = push_pull(inverse_depth, trusted.float())
    long_side = max(filled.shape)
    close = torch.where(trusted, inverse_depth, farthest(filled, round(CLOSE * long_side)))
    return close, farthest(filled, round(FAR * long_side)) / BEHIND


def farthest(inverse_depth: Float[Tensor, "height width"], radius: int) -> Float[Tensor, "height width"]:
    """Smallest value of the square of `radius` pixels around each pixel."""
    negative = -inverse_depth[None, None]
    # A wide square is reached by small ones after each other: a pooling's cost grows with its area.
    while radius > 0:
        step = min(radius, 4)
        negative = max_pool2d(negative, 2 * step + 1, stride=1, padding=step)
        radius -= step
    return -negative[0, 0]


def push_pull(
    values: Float[Tensor, "height width"], weights: Float[Tensor, "height width"]
) -> Float[Tensor, "height width"]:
    """Fill where the weight is 0 from ever coarser averages (Gortler et al. 1996, "The Lumigraph", section 3.4)."""
    if weights.sum() == 0:
        return values
    levels = [(values * weights, weights)]
    while min(levels[-1][0].shape) > 1:
        levels.append((_half(levels[-1][0]), _half(levels[-1][1])))
    coarse = ((values * weights).sum() / weights.sum()).expand_as(levels[-1][0])
    for total, weight in reversed(levels):
        coarse = interpolate(coarse[None, None], size=total.shape, mode="bilinear", align_corners=False)[0, 0]
        coarse = total + (1 - weight) * coarse
    return coarse


def _half(x: Float[Tensor, "height width"]) -> Float[Tensor, "half_height half_width"]:
    return avg_pool2d(x[None, None], 2, ceil_mode=True, count_include_pad=False)[0, 0]
