"""Which splats touch which tile, nearest first: a radix sort by depth, then a counting sort by tile."""

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import torch
from jaxtyping import Float, Int
from numba import njit

from render.rasterize.splats import (
    DEPTH,
    OPACITY,
    A,
    B,
    C,
    X,
    Y,
    columns_within_band,
    outline_radius,
    rows_within,
)
from render.rasterize.threads import run_blocks

TILE = 16
"""Side of a tile in pixels."""
RADIX_BITS = 11


@dataclass(frozen=True)
class Bins:
    """Every pair of a splat and a tile that it touches, tile by tile and in each by depth, then by index."""

    tile_starts: Int[np.ndarray, "tile_plus_1"]
    """Where each tile's pairs start; tiles go row by row."""
    splat_ids: Int[np.ndarray, "pair"]
    """The splat of each pair."""
    slots: Int[np.ndarray, "pair"]
    """The place of each pair in an order by splat: that of `splat_starts`."""
    splat_starts: Int[np.ndarray, "splat_plus_1"]
    """Where each splat's slots start."""


def bin_splats(splats: Float[np.ndarray, "splat 10"], size_wh: tuple[int, int]) -> Bins:
    """Sort the splats that have a depth into tiles of a picture of `size_wh`. Deterministic."""
    width, height = size_wh
    tiles = -(-width // TILE) * -(-height // TILE)
    order = _depth_order(splats[:, DEPTH].copy())
    # Each part of the order counts and fills by itself; places follow from the counts of the parts before.
    parts = torch.get_num_threads()
    counts = np.zeros((parts, tiles), np.int64)
    pairs_of = np.zeros(len(splats) + 1, np.int64)
    run_blocks(_count, parts, parts, order, splats, width, height, counts, pairs_of)
    splat_starts = np.cumsum(pairs_of)
    tile_starts = np.concatenate([[0], np.cumsum(counts.sum(0))])
    places = tile_starts[:-1] + np.cumsum(counts, 0) - counts
    splat_ids = np.empty(tile_starts[-1], np.int32)
    slots = np.empty(tile_starts[-1], np.int64)
    run_blocks(_fill, parts, parts, order, splats, width, height, places, splat_starts, splat_ids, slots)
    return Bins(tile_starts, splat_ids, slots, splat_starts)


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
def _count(start, stop, parts, order, splats, width, height, counts, pairs_of):
    """For each part of the order: how many pairs each tile gets, and how many each splat makes."""
    tiles_x = (width + TILE - 1) // TILE
    for part in range(start, stop):
        for k in range(order.size * part // parts, order.size * (part + 1) // parts):
            splat = splats[order[k]]
            x, y, a, b, c = splat[X], splat[Y], splat[A], splat[B], splat[C]
            radius = outline_radius(splat[OPACITY])
            first_row, stop_row = rows_within(y, c, radius, height)
            pairs = 0
            for ty in range(first_row // TILE, (stop_row + TILE - 1) // TILE):
                top, bottom = max(first_row, ty * TILE), min(stop_row, (ty + 1) * TILE)
                first, last = columns_within_band(x, y, a, b, c, radius, top, bottom, width)
                for tx in range(first // TILE, (last + TILE - 1) // TILE):
                    counts[part, ty * tiles_x + tx] += 1
                    pairs += 1
            pairs_of[order[k] + 1] = pairs


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _fill(start, stop, parts, order, splats, width, height, places, splat_starts, splat_ids, slots):
    """For each part of the order: write its pairs where `places` says that they begin in each tile."""
    tiles_x = (width + TILE - 1) // TILE
    for part in range(start, stop):
        for k in range(order.size * part // parts, order.size * (part + 1) // parts):
            splat = splats[order[k]]
            x, y, a, b, c = splat[X], splat[Y], splat[A], splat[B], splat[C]
            radius = outline_radius(splat[OPACITY])
            first_row, stop_row = rows_within(y, c, radius, height)
            slot = splat_starts[order[k]]
            for ty in range(first_row // TILE, (stop_row + TILE - 1) // TILE):
                top, bottom = max(first_row, ty * TILE), min(stop_row, (ty + 1) * TILE)
                first, last = columns_within_band(x, y, a, b, c, radius, top, bottom, width)
                for tx in range(first // TILE, (last + TILE - 1) // TILE):
                    place = places[part, ty * tiles_x + tx]
                    splat_ids[place] = order[k]
                    slots[place] = slot
                    places[part, ty * tiles_x + tx] += 1
                    slot += 1
