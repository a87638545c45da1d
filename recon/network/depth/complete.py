"""Depth where none can be trusted: carried on along the colours of the photo, then taken from the farther side.

What cannot be matched is smooth, or seen by one view alone: mostly background beside a foreground edge. Colour tells
which of the depths around goes on there. How far back it lies nobody knows, so it is set up twice: close behind its
surroundings, where it is dropped again if another view contradicts it, and as a backstop behind everything near,
which shows where the first was dropped.
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

COLOUR_SCALE = 0.03
"""Difference in sRGB, mean of the channels, over which neighbours hold together e times less."""
LOOSEST = 1e-3
"""How much neighbours hold together at least."""
STEPS = 150
"""Of conjugate gradients, at most."""


def complete(
    inverse_depth: Float[Tensor, "height width"],
    trusted: Bool[Tensor, "height width"],
    image: Float[Tensor, "3 height width"],
) -> tuple[Float[Tensor, "height width"], Float[Tensor, "height width"]]:
    """Inverse depth with the gaps between trusted pixels filled closely behind them, and that of the backstop."""
    filled = torch.where(trusted, inverse_depth, fill_along_colours(inverse_depth, trusted, image))
    close = torch.where(trusted, inverse_depth, farthest(filled, round(CLOSE * max(filled.shape))))
    return close, backstop(filled)


def backstop(inverse_depth: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """Inverse depth of a second layer behind everything near."""
    return farthest(inverse_depth, round(FAR * max(inverse_depth.shape))) / BEHIND


def fill_along_colours(
    inverse_depth: Float[Tensor, "height width"],
    trusted: Bool[Tensor, "height width"],
    image: Float[Tensor, "3 height width"],
) -> Float[Tensor, "height width"]:
    """The smoothest inverse depth near the trusted ones, where smooth counts less across edges of the image.

    Minimises sum_trusted (x - inverse_depth)^2 + sum_neighbours w (x_i - x_j)^2 with w from colours (Levin et al.
    2004, "Colorization using optimization"; Farbman et al. 2008, section 3), by conjugate gradients with a diagonal
    preconditioner, from a pyramid's answer on.
    """
    if not trusted.any():
        return inverse_depth
    known = trusted.to(inverse_depth.dtype)
    right, down = _bonds(image, 2), _bonds(image, 1)

    def apply(x: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
        out = known * x
        across, along = right * (x[:, 1:] - x[:, :-1]), down * (x[1:] - x[:-1])
        out[:, 1:] += across
        out[:, :-1] -= across
        out[1:] += along
        out[:-1] -= along
        return out

    diagonal = known.clone()
    diagonal[:, 1:] += right
    diagonal[:, :-1] += right
    diagonal[1:] += down
    diagonal[:-1] += down
    x = push_pull(inverse_depth, known)
    residual = known * inverse_depth - apply(x)
    direction = residual / diagonal
    power = (residual * direction).sum()
    enough = 1e-8 * (known * inverse_depth).square().sum()
    for _ in range(STEPS):
        if residual.square().sum() <= enough:
            break
        applied = apply(direction)
        step = power / (direction * applied).sum()
        x = x + step * direction
        residual = residual - step * applied
        scaled = residual / diagonal
        power, before = (residual * scaled).sum(), power
        direction = scaled + power / before * direction
    # Stopped early it may overshoot what surrounds it.
    return x.clamp(inverse_depth[trusted].min(), inverse_depth[trusted].max())


def _bonds(image: Float[Tensor, "3 height width"], dim: int) -> Tensor:
    """How much neighbours along `dim` hold together."""
    return torch.exp(-image.diff(dim=dim).abs().mean(0) / COLOUR_SCALE) + LOOSEST


def farthest(inverse_depth: Float[Tensor, "height width"], radius: int) -> Float[Tensor, "height width"]:
    """Smallest value of the square of `radius` pixels around each pixel."""
    size = 2 * radius + 1
    along_rows = max_pool2d(-inverse_depth[None, None], (1, size), stride=1, padding=(0, radius))
    return -max_pool2d(along_rows, (size, 1), stride=1, padding=(radius, 0))[0, 0]


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
