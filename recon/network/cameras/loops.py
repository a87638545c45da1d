"""Relative poses that no loop confirms: going round three views must end where it began.

Zach et al. 2010, "Disambiguating Visual Relations Using Loop Constraints", in its simplest form: rotations of triplets.
Photos of different sides of a thing, or of repeated texture, agree by chance on a few dozen matches; such a pose leads
its map astray.
"""

from collections.abc import Collection

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.two_view import TwoView

SURE_INLIERS = 100
"""So many matches don't agree by chance."""
MAX_LOOP_DEG = 15.0
"""How far a loop of three rotations may end from where it began; focal lengths may still be off."""


def without_contradicted(
    pairs: dict[tuple[int, int], TwoView], fixed: Collection[tuple[int, int]] = ()
) -> dict[tuple[int, int], TwoView]:
    """The pairs that are sure, confirmed by a loop of three views, or in no loop at all; and those that are `fixed`.

    The weakest goes first: a loop that it broke says nothing of the others any more.
    """
    kept = dict(pairs)
    for key in sorted(pairs, key=lambda k: (len(pairs[k].matches), k)):
        if key not in fixed and len(pairs[key].matches) < SURE_INLIERS and _contradicted(loop_errors_deg(kept, *key)):
            del kept[key]
    return kept


def _contradicted(errors: list[float]) -> bool:
    return bool(errors) and min(errors) >= MAX_LOOP_DEG


def loop_errors_deg(pairs: dict[tuple[int, int], TwoView], a: int, b: int) -> list[float]:
    """For every third view that has a pose to both, the angle by which going there and back misses."""
    views = {view for key in pairs for view in key} - {a, b}
    errors = []
    for c in sorted(views):
        first, second = _rotation(pairs, a, c), _rotation(pairs, c, b)
        if first is not None and second is not None:
            turn = pairs[a, b].R.T @ second @ first
            errors.append(float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))))
    return errors


def _rotation(pairs: dict[tuple[int, int], TwoView], a: int, b: int) -> Float[ndarray, "3 3"] | None:
    """From a's camera to b's."""
    if (a, b) in pairs:
        return pairs[a, b].R
    return pairs[b, a].R.T if (b, a) in pairs else None
