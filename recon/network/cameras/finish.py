"""A map's last step: observations aligned to a tenth of a pixel, and cameras adjusted to what they say."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from recon.network.cameras.alignment import FinePhotos, aligned
from recon.network.cameras.bundle import BundleProblem, adjust, errors_px
from recon.network.cameras.problem import CameraProblem, SceneMap
from recon.network.cameras.tracks import Tracks
from recon.network.cameras.triangulate import in_use

MIN_ALIGNED = 30
"""Observations of a view; with fewer of them, all that it has keep their say."""
HUBER_PX = 0.5
MAX_ERROR_PX = 3.0
CENTRE_SIGMA_PX = 2.0
"""How far off the middle a principal point is put, unless much speaks for it: a lens distorts a little as well, and
what that does to a map must not all be taken for the principal point."""
PAIR_FOCAL_SIGMA = 0.05
"""Standard deviation of the logarithm of a focal length around what two views suggested: they hardly say more."""


def finished(
    problem: CameraProblem,
    scene: SceneMap,
    tracks: Tracks,
    photos: FinePhotos,
    prior: Float[ndarray, "group"],
    sigma: Float[ndarray, "group"],
) -> tuple[SceneMap, Tracks, Float[ndarray, "view 2"]]:
    """The map adjusted, its tracks around principal points found with it, and these, in reference pixels.

    Where all was given, or too little looks alike, all is as it was. What was given stays.
    """
    centre = np.zeros((problem.views, 2))
    posed = np.array([T is not None for T in problem.T_camera_world])
    pose_free, lens_free = scene.registered & ~posed, np.isnan(problem.focal_known)
    if not pose_free.any() and not lens_free[problem.focal_group[scene.registered]].any():
        return scene, tracks, centre
    if not posed.any():
        pose_free[np.flatnonzero(scene.registered)[0]] = False
    moved, found = aligned(scene, tracks, photos)
    scene = replace(scene, outlier=scene.outlier | ~_kept(scene, tracks, found))
    use = _in_common(tracks, in_use(scene, tracks))
    if scene.registered.sum() == 2:
        first = [int(np.flatnonzero(problem.focal_group == g)[0]) for g in range(len(prior))]
        prior, sigma = scene.focal[first], np.minimum(sigma, PAIR_FOCAL_SIGMA)
    for _ in range(2):
        kept, index = np.unique(tracks.track[use], return_inverse=True)
        bundle = BundleProblem(
            R=scene.R, t=scene.t, focal=scene.focal, centre=centre, points=scene.points[kept],
            start=np.concatenate([[0], np.cumsum(np.bincount(index))]), view=tracks.view[use], xy=moved.xy[use],
            focal_group=problem.focal_group, pose_free=pose_free, focal_free=lens_free, focal_prior=prior,
            focal_prior_sigma=sigma, centre_sigma=CENTRE_SIGMA_PX,
        )  # fmt: skip
        adjust(bundle, 40, HUBER_PX)
        points, outlier = scene.points.copy(), scene.outlier.copy()
        points[kept], outlier[np.flatnonzero(use)] = bundle.points, errors_px(bundle) > MAX_ERROR_PX
        scene = replace(scene, R=bundle.R, t=bundle.t, focal=bundle.focal, points=points, outlier=outlier)
        centre = bundle.centre
        use = _in_common(tracks, use & ~outlier)
    return scene, replace(moved, xy=moved.xy - centre[tracks.view]), centre


def _kept(scene: SceneMap, tracks: Tracks, found: Bool[ndarray, "observation"]) -> Bool[ndarray, "observation"]:
    """What looks alike, and tracks of views in which little does."""
    few = scene.registered & (np.bincount(tracks.view[found], minlength=len(scene.R)) < MIN_ALIGNED)
    needed = np.bincount(tracks.track, few[tracks.view], minlength=len(tracks)) > 0
    return found | needed[tracks.track]


def _in_common(tracks: Tracks, use: Bool[ndarray, "observation"]) -> Bool[ndarray, "observation"]:
    """Those in use whose track has another one."""
    return use & (np.bincount(tracks.track[use], minlength=len(tracks)) > 1)[tracks.track]
