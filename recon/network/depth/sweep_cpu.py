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
def _warp_colours(source, valid, M, m, around, offset, warped, inside):
    """Fill `warped` (`3 height width`) and `inside`; what lies outside takes the border's value.

    Less 0.5, as the reference: squares of what lies around 0 lose fewer digits.
    """
    height, width = inside.shape
    half, last_x, last_y = np.float32(0.5), np.float32(width - 1), np.float32(height - 1)
    for row in range(height):
        v = np.float32(row) + half
        # Of the row's points, all but what grows along it.
        x_row, y_row, z_row = M[0, 1] * v + M[0, 2], M[1, 1] * v + M[1, 2], M[2, 1] * v + M[2, 2]
        for column in range(width):
            u = np.float32(column) + half
            inverse_depth = around[row, column] + offset
            z = M[2, 0] * u + z_row + m[2] * inverse_depth
            front = z > np.float32(1e-6)
            scale = np.float32(1) / z if front else np.float32(0)
            x = (M[0, 0] * u + x_row + m[0] * inverse_depth) * scale - half
            y = (M[1, 0] * u + y_row + m[1] * inverse_depth) * scale - half
            here = front and x >= 0 and y >= 0 and x <= last_x and y <= last_y
            x = min(max(x, np.float32(0)), last_x)
            y = min(max(y, np.float32(0)), last_y)
            inside[row, column] = here and valid[int(y + half), int(x + half)]
            x0, y0 = int(x), int(y)
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            a, b = x - np.float32(x0), y - np.float32(y0)
            for c in range(3):
                top = source[y0, x0, c] + a * (source[y0, x1, c] - source[y0, x0, c])
                bottom = source[y1, x0, c] + a * (source[y1, x1, c] - source[y1, x0, c])
                warped[c, row, column] = top + b * (bottom - top) - half


@numba.njit(cache=True, fastmath=True)
@no_type_check
def _box_sum(x, columns, out):
    """Sum of `x` (`height width`) over the part of each patch that lies in the image; `columns` is scratch, a row.

    Long loops over what lies side by side in memory, which compilers turn into vector instructions.
    """
    height, width = x.shape
    r = PATCH_RADIUS
    for i in range(height):
        columns[:] = np.float32(0)
        for k in range(max(0, i - r), min(height, i + r + 1)):
            for j in range(width):
                columns[r + j] += x[k, j]
        for j in range(width):
            total = np.float32(0)
            for k in range(2 * r + 1):
                total += columns[j + k]
            out[i, j] = total


@numba.njit(cache=True, fastmath=True)
@no_type_check
def _products(a, b, out):
    """Per pixel: b's three channels, b.b and a.b; all are `channel height width`."""
    _, height, width = a.shape
    for i in range(height):
        for j in range(width):
            out[0, i, j], out[1, i, j], out[2, i, j] = b[0, i, j], b[1, i, j], b[2, i, j]
            out[3, i, j] = b[0, i, j] * b[0, i, j] + b[1, i, j] * b[1, i, j] + b[2, i, j] * b[2, i, j]
            out[4, i, j] = a[0, i, j] * b[0, i, j] + a[1, i, j] * b[1, i, j] + a[2, i, j] * b[2, i, j]


@numba.njit(cache=True, fastmath=True)
@no_type_check
def _correlation(own, other, area, out):
    """Normalised cross-correlation of the patches whose sums of `_products` are given; see `sweep.colour_likeness`."""
    _, height, width = own.shape
    for i in range(height):
        for j in range(width):
            share = np.float32(1) / area[i, j]
            va, vb, cov = own[3, i, j] * share, other[3, i, j] * share, other[4, i, j] * share
            for c in range(3):
                mean_a, mean_b = own[c, i, j] * share, other[c, i, j] * share
                va -= mean_a * mean_a
                vb -= mean_b * mean_b
                cov -= mean_a * mean_b
            va = max(va, np.float32(0)) + np.float32(FLATNESS)
            vb = max(vb, np.float32(0)) + np.float32(FLATNESS)
            out[i, j] = cov / np.float32(math.sqrt(va * vb))


@numba.njit(parallel=True, cache=True)
@no_type_check
def colour_likeness(reference, sources, valid, M, m, around, offsets):
    """See `sweep.colour_likeness`; images are `height width 3`, the result `height width plane`."""
    height, width = reference.shape[:2]
    count = len(sources)
    planes = offsets.size
    out = np.empty((planes, height, width), np.float32)
    here = np.empty((3, height, width), np.float32)
    for c in range(3):
        here[c] = reference[:, :, c] - np.float32(0.5)
    products = np.empty((5, height, width), np.float32)
    own = np.empty((5, height, width), np.float32)
    area = np.empty((height, width), np.float32)
    columns = np.empty(width + 2 * PATCH_RADIUS, np.float32)
    _products(here, here, products)
    for k in range(5):
        _box_sum(products[k], columns, own[k])
    _box_sum(np.ones((height, width), np.float32), columns, area)
    for d in numba.prange(planes):
        warped = np.empty((3, height, width), np.float32)
        inside = np.empty((count, height, width), np.bool_)
        compared = np.empty((5, height, width), np.float32)
        sums = np.empty((5, height, width), np.float32)
        scratch = np.empty(width + 2 * PATCH_RADIUS, np.float32)
        likeness = np.empty((count, height, width), np.float32)
        values = np.empty(count, np.float32)
        for s in range(count):
            _warp_colours(sources[s], valid[s], M[s], m[s], around, offsets[d], warped, inside[s])
            _products(here, warped, compared)
            for k in range(5):
                _box_sum(compared[k], scratch, sums[k])
            _correlation(own, sums, area, likeness[s])
        for i in range(height):
            for j in range(width):
                seen = 0
                for s in range(count):
                    if inside[s, i, j]:
                        values[seen] = likeness[s, i, j]
                        seen += 1
                out[d, i, j] = _better_half(values, seen)
    return _planes_last(out)


@numba.njit(parallel=True, cache=True)
@no_type_check
def _planes_last(x):
    planes, height, width = x.shape
    out = np.empty((height, width, planes), np.float32)
    for i in numba.prange(height):
        for d in range(planes):
            for j in range(width):
                out[i, j, d] = x[d, i, j]
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
