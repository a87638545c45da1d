"""Semi-global matching of `smooth` in numba: as few meetings of threads as can be."""

from typing import no_type_check

import numba
import numpy as np

from recon.network.depth.smooth import EDGE, LARGE


@numba.njit(cache=True, inline="always", fastmath=True)
@no_type_check
def _advance(cost, previous, out, step, large):
    """One step of one path; returns the smallest entry of `out`."""
    planes = cost.size
    cheapest = previous[planes]
    jump = cheapest + large
    least = np.float32(np.inf)
    for d in range(planes):
        best = min(previous[d], jump)
        if d > 0:
            best = min(best, previous[d - 1] + step)
        if d < planes - 1:
            best = min(best, previous[d + 1] + step)
        value = cost[d] + best - cheapest
        out[d] = value
        least = min(least, value)
    out[planes] = least


@numba.njit(cache=True, inline="always")
@no_type_check
def _start(cost, out):
    """A path that begins at this pixel. The last entry of `out` is the smallest of the others."""
    planes = cost.size
    least = np.float32(np.inf)
    for d in range(planes):
        out[d] = cost[d]
        least = min(least, cost[d])
    out[planes] = least


@numba.njit(cache=True, inline="always")
@no_type_check
def _large(image, i, j, k, m, step):
    difference = np.float32(0)
    for c in range(3):
        difference += abs(image[i, j, c] - image[k, m, c])
    return max(step, np.float32(LARGE) * np.exp(np.float32(-EDGE) * difference))


@numba.njit(parallel=True, cache=True)
@no_type_check
def _horizontal(cost, image, step, total):
    height, width, planes = cost.shape
    for i in numba.prange(height):
        a = np.empty(planes + 1, np.float32)
        b = np.empty(planes + 1, np.float32)
        for way in range(2):
            for n in range(width):
                j = n if way == 0 else width - 1 - n
                if n == 0:
                    _start(cost[i, j], b)
                else:
                    before = j - 1 if way == 0 else j + 1
                    _advance(cost[i, j], a, b, step, _large(image, i, j, i, before, step))
                for d in range(planes):
                    total[i, j, d] += b[d]
                a, b = b, a


@numba.njit(parallel=True, cache=True)
@no_type_check
def _vertical(cost, image, step, totals):
    """Down into `totals[0]` and up into `totals[1]`, straight and along both diagonals.

    A thread a way, and none within a row: threads that meet after every row stand still whenever another program
    wants a core.
    """
    height, width, planes = cost.shape
    for way in numba.prange(2):
        a = np.empty((3, width, planes + 1), np.float32)
        b = np.empty((3, width, planes + 1), np.float32)
        for n in range(height):
            i = n if way == 0 else height - 1 - n
            above = i - 1 if way == 0 else i + 1
            for j in range(width):
                for k in range(3):
                    before = j - (k - 1)
                    if n == 0 or before < 0 or before >= width:
                        _start(cost[i, j], b[k, j])
                    else:
                        large = _large(image, i, j, above, before, step)
                        _advance(cost[i, j], a[k, before], b[k, j], step, large)
                    for d in range(planes):
                        totals[way, i, j, d] += b[k, j, d]
            a, b = b, a


def aggregate(cost: np.ndarray, image: np.ndarray, step: float) -> np.ndarray:
    """See `smooth.aggregate`; `cost` is `height width plane`, `image` is `height width 3`, both float32."""
    totals = np.zeros((2, *cost.shape), np.float32)
    _horizontal(cost, image, np.float32(step), totals[0])
    _vertical(cost, image, np.float32(step), totals)
    return (totals[0] + totals[1]) / 8
