"""How long a batch takes and how much memory, from what is in it: a sum of a few terms, fitted to measured batches.

Every factor is 0 or more, so more photos, more pixels and more scenes never cost less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls

PRIOR = 0.05
"""How much the default factors count beside one measurement."""


@dataclass(frozen=True)
class Load:
    """What is in a batch."""

    photos: int
    """Of one scene."""
    width: int
    """Of the working grid, in pixels."""
    height: int
    scenes: int = 1

    @property
    def terms(self) -> Float[np.ndarray, "4"]:
        """Once a batch; megapixels; pairs of photos; megapixels by pairs."""
        megapixels = self.width * self.height / 1e6
        pairs = self.photos * (self.photos - 1) / 2
        return np.array(
            [1.0, self.scenes * self.photos * megapixels, self.scenes * pairs, self.scenes * pairs * megapixels]
        )


@dataclass(frozen=True)
class Measured:
    """A batch that has run."""

    load: Load
    seconds: float
    """That the device was busy with it, and the camera solver."""
    peak_bytes: int
    """Most memory of the device meanwhile, weights included."""


@dataclass(frozen=True)
class CostModel:
    """Factors of the terms of `Load`."""

    seconds_factors: tuple[float, ...]
    bytes_factors: tuple[float, ...]
    measured: int = 0
    """On how many batches it rests; 0: on the defaults alone."""

    @staticmethod
    def fitted(measured: Sequence[Measured]) -> "CostModel":
        """To relative errors, so that small batches count as much as large ones, and near the defaults where nothing
        says otherwise."""
        terms = [one.load.terms for one in measured]
        seconds = _fitted(terms, [one.seconds for one in measured], DEFAULT.seconds_factors)
        peaks = _fitted(terms, [float(one.peak_bytes) for one in measured], DEFAULT.bytes_factors)
        return CostModel(seconds, peaks, len(measured))

    def seconds(self, load: Load) -> float:
        """That the device will be busy with a batch."""
        return float(load.terms @ np.array(self.seconds_factors))

    def peak_bytes(self, load: Load) -> int:
        """Most memory that it will need at a time."""
        return round(float(load.terms @ np.array(self.bytes_factors)))


def _fitted(
    terms: Sequence[Float[np.ndarray, "4"]], values: Sequence[float], default: tuple[float, ...]
) -> tuple[float, ...]:
    """Least squares, in which what is more than twice the median off counts the less, the farther off it is."""
    prior = np.diag([PRIOR / each for each in default])
    if not values:
        return default
    rows = np.array([row / value for row, value in zip(terms, values, strict=True)])
    weights = np.ones(len(rows))
    factors = np.array(default)
    for _ in range(5):
        stacked = np.concatenate([rows * weights[:, None], prior])
        factors, _ = nnls(stacked, np.concatenate([weights, np.full(len(default), PRIOR)]))
        errors = np.abs(rows @ factors - 1)
        weights = np.sqrt(np.minimum(1, 2 * np.median(errors) / np.maximum(errors, 1e-9)))
    return tuple(float(factor) for factor in factors)


DEFAULT = CostModel(
    seconds_factors=(0.33, 29.0, 0.16, 9.4),
    bytes_factors=(8.6e8, 1.4e9, 9.2e5, 5.7e7),
)
"""Of model small on one thread of a CPU beside other work, by `python -m bench.cost`; above size 256 extrapolated."""
