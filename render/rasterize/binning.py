"""Which splats touch which tile, nearest first: a radix sort by depth, then a counting sort by tile."""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import torch
from jaxtyping import Float, Int, UInt32
from numba import njit

from render.rasterize.splats import (
    DEPTH,
    A,
    B,
    C,
    X,
    Y,
    columns_within_band,
    outline_radii,
    rows_within,
)
from render.rasterize.threads import run_blocks

TILE = 16
"""Side of a tile in pixels."""
RADIX_BITS = 11


@dataclass(frozen=True)
class Bins:
    """The splats by depth, and every pair of a splat and a tile that it touches, tile by tile and nearest first."""

    order: UInt32[np.ndarray, "drawn"]
    """Indices of the splats that have a depth, nearest first, ties by index."""
    rows: Float[np.ndarray, "drawn 10"]
    """The splats in that order, so that kernels walk through memory rather than jump."""
    radii: Float[np.ndarray, "drawn"]
    """Mahalanobis distance at which the alpha of each row has fallen to the cut-off."""
    tile_starts: Int[np.ndarray, "tile_plus_1"]
    """Where each tile's pairs start; tiles go row by row."""
    row_ids: Int[np.ndarray, "pair"]
    """The row of each pair."""
    slots: Int[np.ndarray, "pair"]
    """The place of each pair in an order by row: that of `row_starts`."""
    row_starts: Int[np.ndarray, "drawn_plus_1"]
    """Where each row's slots start."""


def bin_splats(splats: Float[np.ndarray, "splat 10"], size_wh: tuple[int, int]) -> Bins:
    """Sort the splats that have a depth into tiles of a picture of `size_wh`. Deterministic."""
    width, height = size_wh
    order = _depth_order(splats[:, DEPTH].copy())
    rows = splats[order]
    radii = outline_radii(rows)
    # Each part of the rows counts and fills by itself; places follow from the counts of the parts before.
    parts = torch.get_num_threads()
    counts = np.zeros((parts, -(-width // TILE) * -(-height // TILE)), np.int64)
    pairs_of = np.zeros(len(rows) + 1, np.int64)
    run_blocks(_count, parts, parts, rows, radii, width, height, counts, pairs_of)
    row_starts = np.cumsum(pairs_of)
    tile_starts = np.concatenate([[0], np.cumsum(counts.sum(0))])
    places = tile_starts[:-1] + np.cumsum(counts, 0) - counts
    row_ids = np.empty(tile_starts[-1], np.int32)
    slots = np.empty(tile_starts[-1], np.int64)
    run_blocks(_fill, parts, parts, rows, radii, width, height, places, row_starts, row_ids, slots)
    return Bins(order, rows, radii, tile_starts, row_ids, slots, row_starts)


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _depth_order(depths):
    """Indices of the depths above 0, nearest first, ties by index: a least-significant-digit radix sort.

    The bits of positive floats, read as integers, are in the order of the floats.
    """
    keys = depths.view(np.uint32)
    order = np.empty(depths.size, np.uint32)
    count = 0
    for i in range(depths.size):
        if depths[i] > 0:
            order[count] = i
            count += 1
    order = order[:count]
    other = np.empty_like(order)
    starts = np.empty(1 << RADIX_BITS, np.int64)
    for shift in range(0, 32, RADIX_BITS):
        starts[:] = 0
        for i in order:
            starts[(keys[i] >> np.uint32(shift)) & np.uint32((1 << RADIX_BITS) - 1)] += 1
        total = 0
        for digit in range(starts.size):
            total, starts[digit] = total + starts[digit], total
        for i in order:
            digit = (keys[i] >> np.uint32(shift)) & np.uint32((1 << RADIX_BITS) - 1)
            other[starts[digit]] = i
            starts[digit] += 1
        order, other = other, order
    return order


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _count(start, stop, parts, rows, radii, width, height, counts, pairs_of):
    """For each part of the rows: how many pairs each tile gets, and how many each row makes."""
    tiles_x = (width + TILE - 1) // TILE
    for part in range(start, stop):
        for i in range(radii.size * part // parts, radii.size * (part + 1) // parts):
            row, radius = rows[i], radii[i]
            # In float64, whose range holds the squares of all that float32 can say.
            x, y, a, b, c = float(row[X]), float(row[Y]), float(row[A]), float(row[B]), float(row[C])
            first_row, stop_row = rows_within(y, c, radius, height)
            pairs = 0
            for ty in range(first_row // TILE, (stop_row + TILE - 1) // TILE):
                top, bottom = max(first_row, ty * TILE), min(stop_row, (ty + 1) * TILE)
                first, last = columns_within_band(x, y, a, b, c, radius, top, bottom, width)
                for tx in range(first // TILE, (last + TILE - 1) // TILE):
                    counts[part, ty * tiles_x + tx] += 1
                    pairs += 1
            pairs_of[i + 1] = pairs


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _fill(start, stop, parts, rows, radii, width, height, places, row_starts, row_ids, slots):
    """For each part of the rows: write its pairs where `places` says that they begin in each tile."""
    tiles_x = (width + TILE - 1) // TILE
    for part in range(start, stop):
        for i in range(radii.size * part // parts, radii.size * (part + 1) // parts):
            row, radius = rows[i], radii[i]
            # In float64, whose range holds the squares of all that float32 can say.
            x, y, a, b, c = float(row[X]), float(row[Y]), float(row[A]), float(row[B]), float(row[C])
            first_row, stop_row = rows_within(y, c, radius, height)
            slot = row_starts[i]
            for ty in range(first_row // TILE, (stop_row + TILE - 1) // TILE):
                top, bottom = max(first_row, ty * TILE), min(stop_row, (ty + 1) * TILE)
                first, last = columns_within_band(x, y, a, b, c, radius, top, bottom, width)
                for tx in range(first // TILE, (last + TILE - 1) // TILE):
                    place = places[part, ty * tiles_x + tx]
                    row_ids[place] = i
                    slots[place] = slot
                    places[part, ty * tiles_x + tx] += 1
                    slot += 1
