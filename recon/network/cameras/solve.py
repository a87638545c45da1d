"""Cameras of one scene: maps grown from several focal lengths and first pairs, of which the best are kept."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.incremental import Mapper, score
from recon.network.cameras.loops import without_contradicted
from recon.network.cameras.problem import REFERENCE_LONG_SIDE, CameraProblem, SceneMap
from recon.network.cameras.tracks import Tracks, build_tracks
from recon.network.cameras.two_view import (
    GUESS_INLIERS,
    MAX_EPIPOLAR_PX,
    START_INLIERS,
    TwoView,
    relative_poses,
    shared_focals,
)

STARTS = 2
"""First pairs that are tried with each focal length, while no map of many views is whole."""
OTHER_FOCALS = (0.8, 1.3, 2.2)
"""Where else a focal that nobody knows may start, in long sides of a photo; what pairs suggest may be far off."""
FEW_VIEWS = 4
"""Up to so many views may fit each other well around a wrong focal length."""
UNKNOWN_FOCAL = 1.1 * REFERENCE_LONG_SIDE
"""Where the focal is expected when nobody says: between a phone's wide lens and a 50 mm one on full frame."""
UNKNOWN_SIGMA = 0.35
EXIF_SIGMA = 0.05
"""Standard deviation of log(true focal / prior). EXIF rounds, and lenses breathe."""


SAME_FOCAL = 0.02
"""Relative difference of focal lengths, and"""
SAME_ROTATION_DEG = 1.0
"""difference of relative rotations, below which two maps are one."""
TIE = 1e-3
"""Maps whose scores differ by less than this share explain the matches equally well."""


def solve_cameras(problem: CameraProblem, seed: int) -> list[tuple[SceneMap, Tracks]]:
    """The map that explains most and those that explain as much, best first; none if no two views fit together.

    Two views or three often fit each other around focal lengths that differ much. Where no pair of views agrees on
    enough to be believed, the best of them starts a map all the same, marked as `guessed`.
    """
    prior, sigma = focal_priors(problem)
    maps: list[tuple[SceneMap, Tracks]] = []
    for focal in focal_starts(problem, prior, seed):
        maps += _grown(problem, focal, prior, sigma, seed)
        if maps and _settled(problem, max(maps, key=_plausibility)[0]):
            break
    best: list[tuple[SceneMap, Tracks]] = []
    for grown in sorted(maps, key=_plausibility, reverse=True):
        if _as_plausible(_plausibility(grown), _plausibility((best or [grown])[0])):
            best += [grown] if all(_differ(grown[0], other) for other, _ in best) else []
    return best


def _grown(
    problem: CameraProblem,
    focal: Float[ndarray, "view"],
    prior: Float[ndarray, "group"],
    sigma: Float[ndarray, "group"],
    seed: int,
) -> list[tuple[SceneMap, Tracks]]:
    """Maps from the best first pairs under one start of the focal lengths."""
    posed = {v for v, T in enumerate(problem.T_camera_world) if T is not None}
    pairs = relative_poses(problem, focal, MAX_EPIPOLAR_PX, seed)
    pairs = without_contradicted(pairs, fixed=[key for key in pairs if posed.issuperset(key)])
    given = len(posed) >= 2
    ranked = [k for k in _by_worth(pairs) if len(pairs[k].matches) >= START_INLIERS][:STARTS]
    guessed = not ranked and not given
    if guessed:
        pairs = relative_poses(problem, focal, MAX_EPIPOLAR_PX, seed, GUESS_INLIERS)
        ranked = _by_worth(pairs)[:1]
    tracks = build_tracks(problem.points, {k: p.matches for k, p in pairs.items()})
    grown = []
    for start in [None] if given else ranked:
        mapper = Mapper(problem, tracks, pairs, focal, prior, sigma, seed)
        if start is None:
            mapper.start_from_given()
        else:
            mapper.start_from_pair(*start, pairs[start])
        scene = mapper.grow()
        scene.guessed = guessed or (not given and bool(scene.solved.sum() < START_INLIERS))
        grown.append((scene, tracks))
        if _settled(problem, scene):
            break
    return grown


def _settled(problem: CameraProblem, scene: SceneMap) -> bool:
    """Whether nothing else need be tried: many views hold together, and none was simply put there."""
    free = all(T is None for T in problem.T_camera_world)
    return free and problem.views > FEW_VIEWS and not scene.guessed and bool(scene.registered.all())


def _differ(one: SceneMap, other: SceneMap) -> bool:
    """Whether two maps have other views, or these look another way, or have other focal lengths."""
    if (one.registered != other.registered).any():
        return True
    here = np.flatnonzero(one.registered)
    turns = [scene.R[here] @ scene.R[here[0]].T for scene in (one, other)]
    cosine = (np.einsum("vij,vij->v", *turns) - 1) / 2
    turned = np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() > SAME_ROTATION_DEG
    return bool(turned or np.abs(np.log(one.focal / other.focal))[here].max() > SAME_FOCAL)


def _as_plausible(one: tuple[bool, float], best: tuple[bool, float]) -> bool:
    return one[0] == best[0] and one[1] >= (1 - TIE) * best[1]


def _plausibility(grown: tuple[SceneMap, Tracks]) -> tuple[bool, float]:
    """What is not a guess comes first; then whatever explains most."""
    scene, tracks = grown
    return not scene.guessed, score(scene, tracks, 2.0)


def _by_worth(pairs: dict[tuple[int, int], TwoView]) -> list[tuple[int, int]]:
    return sorted(pairs, key=lambda k: -pairs[k].worth)


def focal_priors(problem: CameraProblem) -> tuple[Float[ndarray, "group"], Float[ndarray, "group"]]:
    """Where each group's focal is expected and with which deviation of its logarithm."""
    known, exif = problem.focal_known, problem.focal_prior
    prior = np.where(np.isfinite(known), known, np.where(np.isfinite(exif), exif, UNKNOWN_FOCAL))
    return prior, np.where(np.isfinite(exif), EXIF_SIGMA, UNKNOWN_SIGMA)


def focal_starts(problem: CameraProblem, prior: Float[ndarray, "group"], seed: int) -> list[Float[ndarray, "view"]]:
    """Focal lengths of all views to start from: what is known, else EXIF's, else first what the pairs suggest."""
    groups = problem.focal_group
    blind = ~np.isfinite(problem.focal_known) & ~np.isfinite(problem.focal_prior)
    if not blind.any():
        return [prior[groups]]
    centres = [_suggested_focal(problem, seed), *(REFERENCE_LONG_SIDE * np.array(OTHER_FOCALS))]
    return [np.where(blind, centre, prior)[groups] for centre in centres]


def _suggested_focal(problem: CameraProblem, seed: int) -> float:
    """The median of what the pairs of views suggest, each weighing as much as it has inliers."""
    focals, weights = shared_focals(problem, seed)
    sane = (focals > 0.4 * REFERENCE_LONG_SIDE) & (focals < 4 * REFERENCE_LONG_SIDE)
    if not sane.any():
        return UNKNOWN_FOCAL
    order = np.argsort(focals[sane])
    cumulative = np.cumsum(weights[sane][order])
    return float(np.interp(0.5 * cumulative[-1], cumulative, focals[sane][order]))
