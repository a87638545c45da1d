"""Cameras of one scene: maps grown from several first pairs, of which the best wins."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.incremental import Mapper, score
from recon.network.cameras.problem import REFERENCE_LONG_SIDE, CameraProblem, SceneMap
from recon.network.cameras.tracks import Tracks, build_tracks
from recon.network.cameras.two_view import GUESS_INLIERS, START_INLIERS, TwoView, relative_poses, shared_focals

STARTS = 3
"""First pairs that are tried."""
UNKNOWN_FOCAL = 1.1 * REFERENCE_LONG_SIDE
"""Where the focal is expected when nobody says: between a phone's wide lens and a 50 mm one on full frame."""
UNKNOWN_SIGMA = 0.35
EXIF_SIGMA = 0.05
"""Standard deviation of log(true focal / prior). EXIF rounds, and lenses breathe."""


def solve_cameras(problem: CameraProblem, seed: int) -> tuple[SceneMap | None, Tracks | None]:
    """The map that explains most, or None where not even two views can be put together.

    Where no pair of views agrees on enough to be believed, the best of them starts a map all the same, marked as
    `guessed`.
    """
    prior, sigma = focal_priors(problem)
    focal = start_focals(problem, prior, seed)
    pairs = relative_poses(problem, focal, 1.5, seed)
    given = sum(T is not None for T in problem.T_camera_world) >= 2
    ranked = [k for k in _by_worth(pairs) if len(pairs[k].matches) >= START_INLIERS][:STARTS]
    guessed = not ranked and not given
    if guessed:
        pairs = relative_poses(problem, focal, 1.5, seed, GUESS_INLIERS)
        ranked = _by_worth(pairs)[:1]
    tracks = build_tracks(problem.points, {k: p.matches for k, p in pairs.items()})
    maps = []
    for start in [None] if given else ranked:
        mapper = Mapper(problem, tracks, focal, prior, sigma, seed)
        if start is None:
            mapper.start_from_given()
        else:
            mapper.start_from_pair(*start, pairs[start])
        maps.append(mapper.grow())
    if not maps:
        return None, None
    best = max(maps, key=lambda m: score(m, tracks))
    best.guessed = guessed or (not given and bool(best.solved.sum() < START_INLIERS))
    return best, tracks


def _by_worth(pairs: dict[tuple[int, int], TwoView]) -> list[tuple[int, int]]:
    return sorted(pairs, key=lambda k: -pairs[k].worth)


def focal_priors(problem: CameraProblem) -> tuple[Float[ndarray, "group"], Float[ndarray, "group"]]:
    """Where each group's focal is expected and with which deviation of its logarithm."""
    known, exif = problem.focal_known, problem.focal_prior
    prior = np.where(np.isfinite(known), known, np.where(np.isfinite(exif), exif, UNKNOWN_FOCAL))
    return prior, np.where(np.isfinite(exif), EXIF_SIGMA, UNKNOWN_SIGMA)


def start_focals(problem: CameraProblem, prior: Float[ndarray, "group"], seed: int) -> Float[ndarray, "view"]:
    """Where the focal length of every view starts: what is known, else EXIF's, else what the pairs suggest."""
    groups = problem.focal_group
    blind = ~np.isfinite(problem.focal_known) & ~np.isfinite(problem.focal_prior)
    if not blind.any():
        return prior[groups]
    focals, weights = shared_focals(problem, seed)
    sane = (focals > 0.4 * REFERENCE_LONG_SIDE) & (focals < 4 * REFERENCE_LONG_SIDE)
    centre = UNKNOWN_FOCAL
    if sane.any():
        order = np.argsort(focals[sane])
        cumulative = np.cumsum(weights[sane][order])
        centre = float(np.interp(0.5 * cumulative[-1], cumulative, focals[sane][order]))
    return np.where(blind, centre, prior)[groups]
