"""256 numbers that stand for many, by Lloyd's rule (1982)."""

import numpy as np
from jaxtyping import Float32, Float64, UInt8

NUMBERS = 256
ROUNDS = 12
"""Of Lloyd's rule; more gain next to nothing."""
KNOTS = 2048
"""Quantiles that the first guess knows."""
MOST_FOR_A_GAP = 1 / 16
"""Of what all others have together."""


def codebook(values: Float64[np.ndarray, "*n"]) -> tuple[Float32[np.ndarray, "256"], UInt8[np.ndarray, "*n"]]:
    """256 ascending numbers, and which of them stands for each value; exact where no more than these differ."""
    ordered = np.sort(values, axis=None)
    distinct = ordered[np.flatnonzero(np.diff(ordered, prepend=-np.inf))]
    few = len(distinct) <= NUMBERS
    book = np.pad(distinct, (0, NUMBERS - len(distinct)), mode="edge") if few else _lloyd(ordered, distinct)
    book = book.astype(np.float32)
    return book, np.searchsorted(_between(book), values).astype(np.uint8)


def _lloyd(ordered: Float64[np.ndarray, "n"], distinct: Float64[np.ndarray, "m"]) -> Float64[np.ndarray, "256"]:
    # Best for the mean square are representatives as dense as the cube root of the values' own density.
    knots = np.quantile(ordered, np.linspace(0, 1, KNOTS))
    if np.count_nonzero(np.diff(knots)) < NUMBERS:
        # Nearly all values are equal, and one number is enough for them.
        knots = np.quantile(distinct, np.linspace(0, 1, KNOTS))
    # Between two knots lies the same number of values, so density is one over the gap. One value far off all others
    # makes a gap that would take nearly all of them.
    parts = np.diff(knots) ** (2 / 3)
    parts = np.minimum(parts, MOST_FOR_A_GAP * parts[1:-1].sum())
    share = np.concatenate([[0], np.cumsum(parts)])
    book = np.interp((np.arange(NUMBERS) + 0.5) / NUMBERS * share[-1], share, knots)
    sums = np.concatenate([[0], np.cumsum(ordered)])
    for _ in range(ROUNDS):
        ends = np.concatenate([[0], np.searchsorted(ordered, _between(book)), [len(ordered)]])
        size = np.diff(ends)
        book = np.where(size > 0, np.diff(sums[ends]) / np.maximum(size, 1), book)
    return book


def _between(book: np.ndarray) -> np.ndarray:
    return (book[1:] + book[:-1]) / 2
