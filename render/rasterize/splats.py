"""A footprint as one row of numbers, the form in which the numba kernels pass it on."""

import math
from typing import no_type_check

import numpy as np
import torch
from jaxtyping import Float
from numba import njit
from torch import Tensor

from render.rasterize.conventions import ALPHA_CUTOFF
from render.rasterize.projection import Footprints

X, Y, A, B, C, OPACITY, RED, GREEN, BLUE, DEPTH = range(10)
"""Columns: centre in pixels, whitening, opacity, colour, z-depth; see `Footprints`. Culled rows have DEPTH 0."""
COLUMNS = 10
SLACK = 1e-4
"""Outlines are drawn this much larger than the cut-off asks for; each pixel's alpha then decides exactly."""


def pack(footprints: Footprints) -> Float[Tensor, "m 10"]:
    """The rows of `footprints`, float32; what overflows is culled."""
    rows = torch.cat(
        [
            footprints.centres_px,
            footprints.whitening,
            footprints.opacities[:, None],
            footprints.colours,
            footprints.depths[:, None],
        ],
        -1,
    ).to(torch.float32)
    drawable = torch.isfinite(rows).all(-1) & (rows[:, A] > 0) & (rows[:, C] > 0)
    return torch.where(drawable[:, None], rows, 0)


def outline_radii(rows: Float[np.ndarray, "m 10"]) -> Float[np.ndarray, "m"]:
    """Mahalanobis distances at which alphas have fallen to the cut-off, a little more rather than less."""
    return np.sqrt(np.maximum(2 * np.log(rows[:, OPACITY] / np.float32(ALPHA_CUTOFF)), 0)) + np.float32(SLACK)


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def pixels_between(low, high, size):
    """First and one past the last of `size` pixels whose centres lie in [low, high]."""
    # Clipped as floats: what is far outside the picture does not fit an integer.
    first = math.ceil(min(max(low - 0.5, 0.0), size))
    last = math.floor(min(max(high - 0.5, -1.0), size - 1.0))
    return int(first), int(last) + 1


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def rows_within(y, c, radius, height):
    """First and one past the last pixel row whose centres lie within the outline."""
    return pixels_between(y - radius / c, y + radius / c, height)


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def columns_within(x, y, a, b, c, radius, row, width):
    """First and one past the last pixel of `row` whose centres lie within the outline."""
    dy = row + 0.5 - y
    v = c * dy
    half = math.sqrt(max(0.0, radius * radius - v * v)) / a
    middle = x - b / a * dy
    return pixels_between(middle - half, middle + half, width)


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def columns_within_band(x, y, a, b, c, radius, top, bottom, width):
    """As `columns_within`, for all of the pixel rows top..bottom-1 together."""
    slope = -b / a
    # The outline's rightmost point lies `extreme` below the centre, its leftmost as far above.
    x_deviation = math.sqrt(1.0 / (a * a) + slope * slope / (c * c))
    extreme = radius * slope / (c * c * x_deviation)
    low, high = top + 0.5 - y, bottom - 0.5 - y
    right_dy = min(max(extreme, low), high)
    left_dy = min(max(-extreme, low), high)
    right_half = math.sqrt(max(0.0, radius * radius - (c * right_dy) ** 2)) / a
    left_half = math.sqrt(max(0.0, radius * radius - (c * left_dy) ** 2)) / a
    return pixels_between(x + slope * left_dy - left_half, x + slope * right_dy + right_half, width)
