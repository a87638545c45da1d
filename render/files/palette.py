"""Few rows that stand for many, by Lloyd's rule (1982) within small boxes."""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float32, UInt16

from render.rasterize.threads import run_blocks

LARGEST = 1 << 16
BOX = 512
"""Rows among which a row looks for its representative: among all of them it would take minutes, not seconds."""
ROUNDS = 6
"""Of Lloyd's rule; more gain next to nothing."""


def palette(rows: Float32[np.ndarray, "n d"]) -> tuple[Float32[np.ndarray, "k d"], UInt16[np.ndarray, "n"]]:
    """At most 65536 rows, and which of them stands for each; the rows themselves where they are no more.

    Space is halved at medians until boxes are small; each box has the more representatives, the more its rows differ.
    """
    if len(rows) <= LARGEST:
        return rows, np.arange(len(rows), dtype=np.uint16)
    # Where boxes are halves of larger ones, there are no more of them than representatives.
    boxes = _boxes(rows, max(BOX, 2 * -(-len(rows) // LARGEST)))
    sizes = np.array([len(box) for box in boxes])
    spread = sizes * np.array([float(rows[box].std(0).max()) for box in boxes])
    counts = np.minimum(1 + (spread / max(spread.sum(), 1e-30) * (LARGEST - len(boxes))).astype(int), sizes)
    order = np.concatenate(boxes)
    ends, first = np.cumsum(sizes), np.cumsum(counts) - counts
    found, nearest = np.zeros((int(counts.sum()), rows.shape[1]), np.float32), np.zeros(len(rows), np.int64)
    run_blocks(_representatives, len(boxes), rows[order], ends - sizes, ends, first, counts, found, nearest)
    labels = np.empty(len(rows), np.uint16)
    labels[order] = nearest
    return found, labels


def _boxes(rows: Float32[np.ndarray, "n d"], most: int) -> list[np.ndarray]:
    """Indices of the rows of each box, `most` at most, ordered along the box's longest side."""
    waiting, done = [np.arange(len(rows))], []
    while waiting:
        box = waiting.pop()
        inside = rows[box]
        box = box[np.argsort(inside[:, np.ptp(inside, axis=0).argmax()], kind="stable")]
        half = len(box) // 2
        if len(box) <= most:
            done.append(box)
        else:
            waiting += [box[:half], box[half:]]
    return done


# Threads of a matrix product wait for each other by spinning: on a busy machine, such small ones took minutes.
@numba.njit(cache=True, nogil=True, error_model="numpy")
@no_type_check
def _representatives(start, stop, rows, starts, ends, first, counts, found, nearest):
    """For the boxes from `start` to `stop`: fills their rows of `found`, and `nearest` of each of their rows."""
    dims = rows.shape[1]
    for box in range(start, stop):
        low, high, count, base = starts[box], ends[box], counts[box], first[box]
        # A column each, so that the innermost loop runs over neighbours in memory.
        centres = np.empty((dims, count), np.float32)
        distance, size = np.empty(count, np.float32), np.empty(count, np.int64)
        for k in range(count):
            centres[:, k] = rows[low + (high - 1 - low) * k // max(count - 1, 1)]
        for turn in range(ROUNDS + 1):
            for i in range(low, high):
                distance[:] = 0
                for d in range(dims):
                    value = rows[i, d]
                    for k in range(count):
                        distance[k] += (centres[d, k] - value) ** 2
                nearest[i] = np.argmin(distance)
            if turn < ROUNDS:
                size[:] = 0
                for i in range(low, high):
                    if size[nearest[i]] == 0:
                        centres[:, nearest[i]] = 0
                    size[nearest[i]] += 1
                    centres[:, nearest[i]] += rows[i]
                for k in range(count):
                    centres[:, k] /= max(size[k], 1)
        for k in range(count):
            found[base + k] = centres[:, k]
        nearest[low:high] += base
