"""Cameras of one scene: several hypotheses for the focal length and the first pair, the best map wins."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.incremental import Mapper, score
from recon.network.cameras.problem import REFERENCE_LONG_SIDE, CameraProblem, SceneMap
from recon.network.cameras.tracks import Tracks, build_tracks
from recon.network.cameras.two_view import START_INLIERS, relative_poses, shared_focals

UNKNOWN_FOCAL = 1.1 * REFERENCE_LONG_SIDE
"""Where the focal is expected when nobody says: between a phone's wide lens and a 50 mm one on full frame."""
UNKNOWN_SIGMA = 0.35
EXIF_SIGMA = 0.05
"""Standard deviation of log(true focal / prior). EXIF rounds, and lenses breathe."""


def solve_cameras(problem: CameraProblem, seed: int) -> tuple[SceneMap | None, Tracks | None]:
    """The map that explains most, or None where not even two views can be put together."""
    prior, sigma = focal_priors(problem)
    given = sum(T is not None for T in problem.T_camera_world) >= 2
    best: tuple[float, SceneMap, Tracks] | None = None
    for focal in focal_hypotheses(problem, prior, seed):
        pairs = relative_poses(problem, focal, 1.5, seed)
        ranked = [k for k in sorted(pairs, key=lambda k: -pairs[k].worth) if len(pairs[k].matches) >= START_INLIERS]
        if not ranked and not given:
            continue
        tracks = build_tracks(problem.points, {k: p.matches for k, p in pairs.items()})
        for start in [None] if given else ranked[:3]:
            mapper = Mapper(problem, tracks, focal, prior, sigma, seed)
            if start is None:
                mapper.start_from_given()
            else:
                mapper.start_from_pair(*start, pairs[start])
            scene = mapper.grow()
            points = score(scene, tracks)
            if best is None or points > best[0]:
                best = points, scene, tracks
    return (best[1], best[2]) if best else (None, None)


def focal_priors(problem: CameraProblem) -> tuple[Float[ndarray, "group"], Float[ndarray, "group"]]:
    """Where each group's focal is expected and with which deviation of its logarithm."""
    known, exif = problem.focal_known, problem.focal_prior
    prior = np.where(np.isfinite(known), known, np.where(np.isfinite(exif), exif, UNKNOWN_FOCAL))
    return prior, np.where(np.isfinite(exif), EXIF_SIGMA, UNKNOWN_SIGMA)


def focal_hypotheses(problem: CameraProblem, prior: Float[ndarray, "group"], seed: int) -> list[Float[ndarray, "view"]]:
    """Focal length of every view, one array a hypothesis."""
    groups = problem.focal_group
    blind = ~np.isfinite(problem.focal_known) & ~np.isfinite(problem.focal_prior)
    if not blind.any():
        return [prior[groups]]
    focals, weights = shared_focals(problem, seed)
    sane = (focals > 0.4 * REFERENCE_LONG_SIDE) & (focals < 4 * REFERENCE_LONG_SIDE)
    centre = UNKNOWN_FOCAL
    if sane.any():
        order = np.argsort(focals[sane])
        cumulative = np.cumsum(weights[sane][order])
        centre = float(np.interp(0.5 * cumulative[-1], cumulative, focals[sane][order]))
    return [np.where(blind, centre, prior)[groups]]
