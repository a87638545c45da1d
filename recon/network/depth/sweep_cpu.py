"""The plane sweep of `sweep` in numba: one thread a plane, nothing larger than the result is kept."""

import math
from typing import no_type_check

import numba
import numpy as np

from recon.network.depth.sweep import FLATNESS, PATCH_RADIUS, UNSEEN


@numba.njit(cache=True, inline="always")
@no_type_check
def _better_half(values, count):
    """Mean of the better half of `values[:count]`, which is sorted here; `UNSEEN` for none."""
    if count == 0:
        return np.float32(UNSEEN)
    for i in range(1, count):
        x = values[i]
        j = i - 1
        while j >= 0 and values[j] < x:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = x
    half = (count + 1) // 2
    total = np.float32(0)
    for i in range(half):
        total += values[i]
    return total / np.float32(half)


@numba.njit(cache=True, inline="always")
@no_type_check
def _land(M, m, inverse_depth, row, column, height, width):
    """(u, v) of a pixel in the source, shifted so that pixel centres are whole; u = -1 where it isn't inside."""
    u, v = column + 0.5, row + 0.5
    z = M[2, 0] * u + M[2, 1] * v + M[2, 2] + m[2] * inverse_depth
    if z <= 1e-6:
        return np.float32(-1), np.float32(-1)
    x = (M[0, 0] * u + M[0, 1] * v + M[0, 2] + m[0] * inverse_depth) / z - 0.5
    y = (M[1, 0] * u + M[1, 1] * v + M[1, 2] + m[1] * inverse_depth) / z - 0.5
    if x < 0 or y < 0 or x > width - 1 or y > height - 1:
        return np.float32(-1), np.float32(-1)
    return np.float32(x), np.float32(y)


@numba.njit(cache=True)
@no_type_check
def _warp_colours(source, valid, M, m, inverse_depth, warped, inside):
    """Fill `warped` (`height width 3`) and `inside`; what lies outside takes the border's value."""
    height, width = inside.shape
    for row in range(height):
        for column in range(width):
            u, v = column + 0.5, row + 0.5
            z = M[2, 0] * u + M[2, 1] * v + M[2, 2] + m[2] * inverse_depth
            if z <= 1e-6:
                x, y = np.float32(-1e6), np.float32(-1e6)
            else:
                x = np.float32((M[0, 0] * u + M[0, 1] * v + M[0, 2] + m[0] * inverse_depth) / z - 0.5)
                y = np.float32((M[1, 0] * u + M[1, 1] * v + M[1, 2] + m[1] * inverse_depth) / z - 0.5)
            here = x >= 0 and y >= 0 and x <= width - 1 and y <= height - 1
            x = min(max(x, np.float32(0)), np.float32(width - 1))
            y = min(max(y, np.float32(0)), np.float32(height - 1))
            inside[row, column] = here and valid[int(y + np.float32(0.5)), int(x + np.float32(0.5))]
            x0, y0 = int(x), int(y)
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            a, b = x - np.float32(x0), y - np.float32(y0)
            for c in range(3):
                top = source[y0, x0, c] + a * (source[y0, x1, c] - source[y0, x0, c])
                bottom = source[y1, x0, c] + a * (source[y1, x1, c] - source[y1, x0, c])
                warped[row, column, c] = top + b * (bottom - top)


@numba.njit(cache=True)
@no_type_check
def _box_mean(x, rows, out):
    """Mean of `x` (`height width channel`) over the part of each patch that lies in the image.

    `rows` is scratch of the same shape.
    """
    height, width, channels = x.shape
    r = PATCH_RADIUS
    for i in range(height):
        for c in range(channels):
            total = np.float32(0)
            for j in range(min(r, width)):
                total += x[i, j, c]
            for j in range(width):
                if j + r < width:
                    total += x[i, j + r, c]
                if j - r - 1 >= 0:
                    total -= x[i, j - r - 1, c]
                rows[i, j, c] = total
    for i in range(height):
        low, high = max(0, i - r), min(height, i + r + 1)
        for j in range(width):
            area = np.float32((high - low) * (min(width, j + r + 1) - max(0, j - r)))
            for c in range(channels):
                total = np.float32(0)
                for k in range(low, high):
                    total += rows[k, j, c]
                out[i, j, c] = total / area


@numba.njit(cache=True)
@no_type_check
def _products(a, b, out):
    """Per pixel: b's three channels, b.b and a.b."""
    height, width = a.shape[:2]
    for i in range(height):
        for j in range(width):
            square, cross = np.float32(0), np.float32(0)
            for c in range(3):
                out[i, j, c] = b[i, j, c]
                square += b[i, j, c] * b[i, j, c]
                cross += a[i, j, c] * b[i, j, c]
            out[i, j, 3] = square
            out[i, j, 4] = cross


@numba.njit(parallel=True, cache=True)
@no_type_check
def colour_likeness(reference, sources, valid, M, m, inverse_depths):
    """See `sweep.colour_likeness`; images are `height width 3`, the result `height width plane`."""
    height, width = reference.shape[:2]
    count = len(sources)
    planes = inverse_depths.size
    out = np.empty((height, width, planes), np.float32)
    own = np.empty((height, width, 5), np.float32)
    own_mean = np.empty((height, width, 5), np.float32)
    _products(reference, reference, own)
    _box_mean(own, np.empty_like(own), own_mean)
    for d in numba.prange(planes):
        warped = np.empty((height, width, 3), np.float32)
        inside = np.empty((height, width), np.bool_)
        products = np.empty((height, width, 5), np.float32)
        scratch = np.empty((height, width, 5), np.float32)
        mean = np.empty((height, width, 5), np.float32)
        likeness = np.empty((height, width, count), np.float32)
        seen = np.zeros((height, width), np.int64)
        for s in range(count):
            _warp_colours(sources[s], valid[s], M[s], m[s], inverse_depths[d], warped, inside)
            _products(reference, warped, products)
            _box_mean(products, scratch, mean)
            for i in range(height):
                for j in range(width):
                    if not inside[i, j]:
                        continue
                    va, vb, cov = own_mean[i, j, 3], mean[i, j, 3], mean[i, j, 4]
                    for c in range(3):
                        va -= own_mean[i, j, c] * own_mean[i, j, c]
                        vb -= mean[i, j, c] * mean[i, j, c]
                        cov -= own_mean[i, j, c] * mean[i, j, c]
                    va = max(va, np.float32(0)) + np.float32(FLATNESS)
                    vb = max(vb, np.float32(0)) + np.float32(FLATNESS)
                    likeness[i, j, seen[i, j]] = cov / np.float32(math.sqrt(va * vb))
                    seen[i, j] += 1
        for i in range(height):
            for j in range(width):
                out[i, j, d] = _better_half(likeness[i, j], seen[i, j])
    return out


@numba.njit(parallel=True, cache=True)
@no_type_check
def descriptor_likeness(reference, sources, valid, M, m, inverse_depths):
    """See `sweep.descriptor_likeness`; maps are `height width channel`, the result `height width plane`."""
    height, width, channels = reference.shape
    out = np.empty((height, width, inverse_depths.size), np.float32)
    for i in numba.prange(height):
        values = np.empty(len(sources), np.float32)
        for j in range(width):
            for d in range(inverse_depths.size):
                count = 0
                for s in range(len(sources)):
                    x, y = _land(M[s], m[s], inverse_depths[d], i, j, height, width)
                    if x < 0 or not valid[s, int(y + np.float32(0.5)), int(x + np.float32(0.5))]:
                        continue
                    x0, y0 = int(x), int(y)
                    x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
                    a, b = x - np.float32(x0), y - np.float32(y0)
                    one = np.float32(1)
                    w00, w10 = (one - a) * (one - b), a * (one - b)
                    w01, w11 = (one - a) * b, a * b
                    total = np.float32(0)
                    for c in range(channels):
                        total += reference[i, j, c] * (
                            w00 * sources[s, y0, x0, c]
                            + w10 * sources[s, y0, x1, c]
                            + w01 * sources[s, y1, x0, c]
                            + w11 * sources[s, y1, x1, c]
                        )
                    values[count] = total
                    count += 1
                out[i, j, d] = _better_half(values, count)
    return out
