"""The numba kernels that composite the splats of a tile, and their analytic gradient.

A splat touches only the pixels within its outline, row by row, so that small ones cost little whatever the
tile's size. Gradient as in Kerbl et al. 2023, section 6, and gsplat (Ye et al. 2024): back to front from the
transmittance left over.
"""

import math
from typing import no_type_check

import numpy as np
from numba import njit

from render.rasterize.binning import TILE
from render.rasterize.conventions import ALPHA_CAP, ALPHA_CUTOFF, TRANSMITTANCE_STOP
from render.rasterize.splats import (
    BLUE,
    COLUMNS,
    DEPTH,
    GREEN,
    OPACITY,
    RED,
    A,
    B,
    C,
    X,
    Y,
    columns_within,
    rows_within,
)


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def composite_tiles(
    first_tile, stop_tile, rows, radii, tile_starts, row_ids, rgb, weighted_depth, transmittance, stops
):
    """Front to back. `stops` gets, for each pixel, one past the last pair that it sees; `transmittance` must
    be 1."""
    height, width = transmittance.shape
    tiles_x = (width + TILE - 1) // TILE
    ended = np.empty((TILE, TILE), np.bool_)
    for tile in range(first_tile, stop_tile):
        top, left = tile // tiles_x * TILE, tile % tiles_x * TILE
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        ended[:] = False
        open_pixels = (bottom - top) * (right - left)
        for k in range(tile_starts[tile], tile_starts[tile + 1]):
            if open_pixels == 0:
                break
            splat, radius = rows[row_ids[k]], radii[row_ids[k]]
            x, y, a, b, c = float(splat[X]), float(splat[Y]), float(splat[A]), float(splat[B]), float(splat[C])
            red, green, blue, depth, opacity = splat[RED], splat[GREEN], splat[BLUE], splat[DEPTH], splat[OPACITY]
            first_row, stop_row = rows_within(y, c, radius, height)
            for py in range(max(first_row, top), min(stop_row, bottom)):
                first, stop = columns_within(x, y, a, b, c, radius, py, width)
                dy = py + 0.5 - y
                v = c * dy
                for px in range(max(first, left), min(stop, right)):
                    u = a * (px + 0.5 - x) + b * dy
                    alpha = min(ALPHA_CAP, opacity * math.exp(-0.5 * (u * u + v * v)))
                    if ended[py - top, px - left] or alpha < ALPHA_CUTOFF:
                        continue
                    before = transmittance[py, px]
                    after = before * (1.0 - alpha)
                    if after <= TRANSMITTANCE_STOP:
                        ended[py - top, px - left] = True
                        open_pixels -= 1
                        continue
                    weight = alpha * before
                    rgb[py, px, 0] += weight * red
                    rgb[py, px, 1] += weight * green
                    rgb[py, px, 2] += weight * blue
                    weighted_depth[py, px] += weight * depth
                    transmittance[py, px] = after
                    stops[py, px] = k + 1


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def differentiate_tiles(
    first_tile, stop_tile, rows, radii, tile_starts, row_ids, slots, transmittance, stops, grad_layers, pair_grads
):
    """Gradients of each pair's ten columns into `pair_grads[slot]`, which must be 0.

    `grad_layers` (height width 5) holds the gradients of red, green, blue, weighted depth and transmittance.
    """
    height, width = transmittance.shape
    tiles_x = (width + TILE - 1) // TILE
    behind = np.empty((TILE, TILE))
    light = np.empty((TILE, TILE))
    for tile in range(first_tile, stop_tile):
        top, left = tile // tiles_x * TILE, tile % tiles_x * TILE
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        last = tile_starts[tile]
        for py in range(top, bottom):
            for px in range(left, right):
                light[py - top, px - left] = transmittance[py, px]
                # What a change of transmittance does to all that lies behind, the background included.
                behind[py - top, px - left] = transmittance[py, px] * grad_layers[py, px, 4]
                last = max(last, stops[py, px])
        for k in range(last - 1, tile_starts[tile] - 1, -1):
            splat, radius = rows[row_ids[k]], radii[row_ids[k]]
            x, y, a, b, c = float(splat[X]), float(splat[Y]), float(splat[A]), float(splat[B]), float(splat[C])
            first_row, stop_row = rows_within(y, c, radius, height)
            for py in range(max(first_row, top), min(stop_row, bottom)):
                first, stop = columns_within(x, y, a, b, c, radius, py, width)
                for px in range(max(first, left), min(stop, right)):
                    if k < stops[py, px]:
                        at = py - top, px - left
                        _differentiate_pixel(
                            splat, px, py, grad_layers[py, px], light, behind, at, pair_grads[slots[k]]
                        )


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _differentiate_pixel(splat, px, py, g, light, behind, at, grad):
    """Add one pixel's share to `grad`, and move `light` and `behind` to before this splat."""
    dx, dy = px + 0.5 - splat[X], py + 0.5 - splat[Y]
    u, v = splat[A] * dx + splat[B] * dy, splat[C] * dy
    falloff = math.exp(-0.5 * (u * u + v * v))
    alpha = min(ALPHA_CAP, splat[OPACITY] * falloff)
    if alpha < ALPHA_CUTOFF:
        return
    before = light[at] / (1.0 - alpha)
    weight = alpha * before
    shown = splat[RED] * g[0] + splat[GREEN] * g[1] + splat[BLUE] * g[2] + splat[DEPTH] * g[3]
    if splat[OPACITY] * falloff <= ALPHA_CAP:
        grad_alpha = before * shown - behind[at] / (1.0 - alpha)
        grad_u, grad_v = -alpha * grad_alpha * u, -alpha * grad_alpha * v
        grad[X] -= grad_u * splat[A]
        grad[Y] -= grad_u * splat[B] + grad_v * splat[C]
        grad[A] += grad_u * dx
        grad[B] += grad_u * dy
        grad[C] += grad_v * dy
        grad[OPACITY] += falloff * grad_alpha
    grad[RED] += weight * g[0]
    grad[GREEN] += weight * g[1]
    grad[BLUE] += weight * g[2]
    grad[DEPTH] += weight * g[3]
    light[at] = before
    behind[at] += weight * shown


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def sum_pairs(first_row, stop_row, row_starts, pair_grads, row_grads):
    """The gradient of a row is the sum over its pairs, always in the same order. `row_grads` must be 0."""
    for i in range(first_row, stop_row):
        for slot in range(row_starts[i], row_starts[i + 1]):
            for column in range(COLUMNS):
                row_grads[i, column] += pair_grads[slot, column]
