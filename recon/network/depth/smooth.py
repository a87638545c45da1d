"""Semi-global matching (Hirschmueller 2008, section 2.2) over a cost volume, and its minimum below a plane's step.

Along eight directions the cheapest path is followed: a step to the next plane costs `step`, any other jump costs
`LARGE`, less where the colour changes. This module is the readable twin in torch; `smooth_cpu` is the fast one.
"""

import torch
from jaxtyping import Float
from torch import Tensor

LARGE = 4.0
"""Penalty of a jump in smooth colour."""
EDGE = 3.0
"""How fast the penalty of a jump falls with the difference in colour, per unit of sRGB summed over channels."""

DIRECTIONS = ((0, 1), (0, -1), (1, -1), (1, 0), (1, 1), (-1, -1), (-1, 0), (-1, 1))
"""(rows, columns) that a path advances by."""


def aggregate(
    cost: Float[Tensor, "height width plane"], image: Float[Tensor, "3 height width"], step: float
) -> Float[Tensor, "height width plane"]:
    """Mean over the eight directions of the cheapest path that ends at each pixel and plane."""
    total = torch.zeros_like(cost)
    for rows, columns in DIRECTIONS:
        total += _one_direction(cost, image, step, rows, columns)
    return total / len(DIRECTIONS)


def jump_penalty(image: Float[Tensor, "3 h w"], before: Float[Tensor, "3 h w"]) -> Float[Tensor, "h w"]:
    """What a jump between two neighbouring pixels costs."""
    return LARGE * torch.exp(-EDGE * (image - before).abs().sum(0))


def _one_direction(
    cost: Float[Tensor, "height width plane"],
    image: Float[Tensor, "3 height width"],
    step: float,
    rows: int,
    columns: int,
) -> Float[Tensor, "height width plane"]:
    if rows == 0:  # A horizontal path is a vertical one of the transposed picture.
        turned = _one_direction(cost.transpose(0, 1), image.transpose(1, 2), step, columns, 0)
        return turned.transpose(0, 1)
    if rows < 0:
        return _one_direction(cost.flip(0), image.flip(1), step, 1, columns).flip(0)
    height, width, _ = cost.shape
    out = cost.clone()
    here = slice(max(columns, 0), width + min(columns, 0))
    before = slice(max(-columns, 0), width - max(columns, 0))
    for i in range(1, height):
        large = jump_penalty(image[:, i : i + 1, here], image[:, i - 1 : i, before])[0].clamp_min(step)
        previous = out[i - 1, before]
        cheapest = previous.amin(-1, keepdim=True)
        best = torch.minimum(previous, cheapest + large[:, None])
        best[:, 1:] = torch.minimum(best[:, 1:], previous[:, :-1] + step)
        best[:, :-1] = torch.minimum(best[:, :-1], previous[:, 1:] + step)
        out[i, here] = cost[i, here] + best - cheapest
    return out


def lowest(cost: Float[Tensor, "height width plane"]) -> Float[Tensor, "height width"]:
    """The cheapest plane, with its fraction by a parabola through its neighbours."""
    at = cost.argmin(-1)
    inner = at.clamp(1, cost.shape[-1] - 2)
    left, middle, right = (cost.gather(-1, (inner + k)[..., None])[..., 0] for k in (-1, 0, 1))
    curvature = left - 2 * middle + right
    fraction = torch.where(curvature > 1e-9, 0.5 * (left - right) / curvature.clamp_min(1e-9), torch.zeros_like(left))
    return at + torch.where(inner == at, fraction.clamp(-0.5, 0.5), torch.zeros_like(fraction))
