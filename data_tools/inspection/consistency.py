"""Whether depth and cameras belong together: points of one photo, put into another, meet the depth it has there.

Between neighbours almost any depth does, so each photo is held against the one that stands farthest off among those
whose frusta share enough with its own. Depth in another unit than the cameras fits better once it is multiplied by what
lies between the units.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from recon.training.choose import SHARED
from recon.training.overlap import Overlap, overlap_of
from recon.training.scenes import TrainingScene

AGREES_WITHIN = 0.05
"""Two depths of one point agree when they differ by no more than this share."""
FACTORS = (1e-3, 0.1, 0.5, 2.0, 10.0, 1e3)
"""Tried on the depth: millimetres and metres, and enough between that any other unit fits better with one of them."""
CLEARLY_MORE = 1.05
PHOTOS_AT_MOST = 64


@dataclass(frozen=True)
class Consistency:
    """How depth and cameras of a scene agree."""

    agreement: float
    """Of the points that fall where the other photo's depth is known, the share that both have equally far away."""
    better_factor: float | None
    """What the depth would have to be multiplied by for clearly more points to agree; None where nothing helps."""


def check_consistency(scene: TrainingScene) -> Consistency | None:
    """Hold the depth of photos against each other; None where no two photos with depth share enough."""
    if scene.depth is None:
        return None
    views, others = _far_partners(scene)
    overlap = overlap_of(scene)
    counts = {factor: _count(scene, overlap, views, others, factor) for factor in (1.0, *FACTORS)}
    agreeing, landed = counts.pop(1.0)
    if not landed and not any(others_landed for _, others_landed in counts.values()):
        return None
    best = max(counts, key=lambda factor: counts[factor][0])
    better = best if counts[best][0] > CLEARLY_MORE * agreeing else None
    return Consistency(agreeing / max(landed, 1), better)


def _far_partners(scene: TrainingScene) -> tuple[Int[ndarray, "pair"], Int[ndarray, "pair"]]:
    """Photos, and for each the one farthest off that shares enough with it as far as cameras alone tell."""
    overlap = overlap_of(replace(scene, depth=None))
    count = len(overlap)
    some = np.linspace(0, count - 1, min(count, PHOTOS_AT_MOST)).astype(int)
    of, by = np.repeat(some, count), np.tile(np.arange(count), len(some))
    distance = np.linalg.norm(overlap.centres[of] - overlap.centres[by], axis=1)
    distance = np.where((overlap.shares(of, by) >= SHARED) & (of != by), distance, -1).reshape(len(some), count)
    found = distance.max(1) >= 0
    return some[found], distance.argmax(1)[found]


def _count(
    scene: TrainingScene, overlap: Overlap, views: Int[ndarray, "pair"], others: Int[ndarray, "pair"], factor: float
) -> tuple[int, int]:
    """How many points agree, and how many fall where the other photo's depth is known, all depth times `factor`."""
    assert scene.depth is not None
    agreeing = landed = 0
    for view, other in zip(views.tolist(), others.tolist(), strict=True):
        known = (overlap.inverse_depth[view] > 0) & (scene.depth[view] > 0).any()
        rays = overlap.rays[view, known] * (factor / overlap.inverse_depth[view, known, None])
        u, v, z = overlap.P_px_world[other] @ (overlap.centres[view] + rays - overlap.centres[other]).T
        u, v, z = u[z > 0] / z[z > 0], v[z > 0] / z[z > 0], z[z > 0]
        inside = (u >= 0) & (u < 1) & (v >= 0) & (v < 1)
        height, width = scene.depth[other].shape
        there = scene.depth[other][(v[inside] * height).astype(int), (u[inside] * width).astype(int)] * factor
        landed += int((there > 0).sum())
        agreeing += int((np.abs(z[inside] - there) <= AGREES_WITHIN * there)[(there > 0) & np.isfinite(there)].sum())
    return agreeing, landed
