"""Of a capture's many photos, the few that make one training sample: some to see from, some to predict."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int
from numpy import ndarray

from recon.training.overlap import Overlap, overlap_of
from recon.training.scenes import TrainingScene
from render.errors import InputError

SHARED = 0.3
"""Two contexts see at least this share of each other's points; see `recon/training/overlap.py`."""
COVERED = 0.6
"""The contexts together see at least this share of a target's points."""
STEP = 0.02
"""Contexts stand at least this far apart, over the distance of what the first one sees: depth needs a baseline."""
POOL = 24
"""So many photos around the first one are looked at: more would only take longer."""


def choose_views(
    scene: TrainingScene, count: int, rng: np.random.Generator, targets: int = 1
) -> tuple[list[int], list[int]]:
    """Choose photos that overlap, around one that is drawn at random.

    Every context shares points with the first one; every target shows what the contexts together see, and stands no
    farther from one of them than they stand from each other. The order of the photos has no say: the same photos in
    another order give the same choice.

    Args:
        count: how many contexts, 2 or more.
        rng: draws the first photo, and whom to take of those that fit.
        targets: how many photos to predict, 1 or more.

    Returns:
        Indices of the contexts and of the targets, in the order they were drawn; no photo twice.

    Raises:
        InputError: no such photos are among those of the scene.
    """
    if count < 2 or targets < 1:
        raise ValueError(f"{count} contexts and {targets} targets were asked for; at least 2 and 1 make a sample.")
    overlap = overlap_of(scene)
    order = _order(scene)
    for first in rng.permutation(len(order)):
        pool = _around(overlap, order, int(order[first]), rng)
        chosen = _choose(overlap, pool, count, targets, rng)
        if chosen is not None:
            return chosen
    raise InputError(
        f"{scene.name}: no {count} of its {len(scene.photos)} photos overlap (each sees {SHARED:.0%} or more of the "
        f"other, from another place) and together show {COVERED:.0%} or more of {targets} further."
    )


def choose_around(
    scene: TrainingScene, target: int, among: Sequence[int], count: int, rng: np.random.Generator
) -> list[int]:
    """Photos to predict a given one from, which overlap with it and stand apart; fewer than `count` if there are
    no more.

    Where too few fit, those that overlap with it most come next, whatever they share: every photo gets an answer.
    """
    overlap, others = overlap_of(scene), rng.permutation(np.array(among, int))
    targets = np.full_like(others, target)
    mutual = np.minimum(overlap.shares(targets, others), overlap.shares(others, targets))
    step = STEP * _distance_of_points(overlap, target)
    chosen: list[int] = []
    for view in others[mutual >= SHARED].tolist():
        if len(chosen) < count and _distances(overlap, chosen, view).min(initial=np.inf) >= step:
            chosen.append(view)
    rest = [view for view in others[np.argsort(-mutual, kind="stable")].tolist() if view not in chosen]
    return chosen + rest[: count - len(chosen)]


def _order(scene: TrainingScene) -> Int[ndarray, "view"]:
    """Views by their cameras, whatever the order of the photos."""
    T_world_camera = scene.cameras.T_world_camera.numpy()
    return np.lexsort(T_world_camera[:, :3].reshape(len(T_world_camera), -1).T)


def _around(
    overlap: Overlap, order: Int[ndarray, "view"], first: int, rng: np.random.Generator
) -> Int[ndarray, "pooled"]:
    """`first`, then photos that share points with it, in random order."""
    others = order[order != first]
    firsts = np.full_like(others, first)
    mutual = np.minimum(overlap.shares(firsts, others), overlap.shares(others, firsts))
    return np.concatenate([[first], rng.permutation(others[mutual >= SHARED])[: POOL - 1]])


def _choose(
    overlap: Overlap, pool: Int[ndarray, "pooled"], count: int, targets: int, rng: np.random.Generator
) -> tuple[list[int], list[int]] | None:
    """The first of the pool and those after it that stand elsewhere, and what can be predicted from them."""
    if len(pool) < count + targets:
        return None
    step = STEP * _distance_of_points(overlap, int(pool[0]))
    contexts: list[int] = []
    for view in pool.tolist():
        if len(contexts) < count and _distances(overlap, contexts, view).min(initial=np.inf) >= step:
            contexts.append(view)
    if len(contexts) < count:
        return None
    rest = [view for view in pool.tolist() if view not in contexts]
    apart = max(_distances(overlap, contexts, context).max() for context in contexts)
    fits = [
        view
        for view in rest
        if _distances(overlap, contexts, view).min() <= apart and _covered(overlap, contexts, view) >= COVERED
    ]
    if len(fits) < targets:
        return None
    return contexts, rng.permutation(np.array(fits))[:targets].tolist()


def _distances(overlap: Overlap, views: list[int], view: int) -> Float64[ndarray, "view"]:
    return np.linalg.norm(overlap.centres[views] - overlap.centres[view], axis=1)


def _distance_of_points(overlap: Overlap, view: int) -> float:
    """Median depth of what a photo shows; the sky, which is infinitely far, aside."""
    inverse = overlap.inverse_depth[view]
    return 1 / float(np.median(inverse[inverse > 0])) if (inverse > 0).any() else 0.0


def _covered(overlap: Overlap, contexts: list[int], target: int) -> float:
    """The share of a target's points that at least one context sees."""
    known = np.isfinite(overlap.inverse_depth[target])
    seen = overlap.seen(np.full(len(contexts), target), np.array(contexts)).any(0)
    return float(seen.sum() / max(known.sum(), 1))
