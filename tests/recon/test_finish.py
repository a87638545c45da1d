"""Observations aligned by what photos show, and cameras adjusted to them: on a room whose cameras are known."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from data_tools.room import Room, room
from recon.network.cameras.alignment import FinePhotos, aligned
from recon.network.cameras.bundle import BundleProblem, adjust, errors_px
from recon.network.cameras.finish import finished
from recon.network.cameras.problem import CameraProblem, SceneMap
from recon.network.cameras.tracks import Tracks
from recon.network.cameras.triangulate import triangulate

SIZE_WH = (384, 288)
FOCAL = 330.0
OFF = np.array([5.0, -3.0])
"""Where the middle of the photos lies, from the principal point."""
PRIOR = np.array([2 * FOCAL]), np.array([0.3])


@cache
def corner() -> Room:
    return room(3, SIZE_WH, FOCAL)


def shown(seed: int = 0, noise_px: float = 1.0) -> tuple[SceneMap, Tracks, FinePhotos]:
    """The true map of a room, its points seen with noise (of fine pixels). Reference pixels are half as large."""
    rng = np.random.default_rng(seed)
    true = corner()
    T = np.linalg.inv(true.cameras.T_world_camera.numpy())
    u, v = rng.integers([30, 30], [SIZE_WH[0] - 30, SIZE_WH[1] - 30], (800, 2)).T
    middle = np.stack([(u + 0.5 - SIZE_WH[0] / 2) / FOCAL, (v + 0.5 - SIZE_WH[1] / 2) / FOCAL, np.ones(len(u))], 1)
    X = np.linalg.inv(T[1]) @ np.concatenate([middle * true.depth[1][v, u][:, None], np.ones((len(u), 1))], 1).T
    p = np.einsum("vij,jk->kvi", T, X)[..., :3]
    px = FOCAL * p[..., :2] / p[..., 2:] + np.array(SIZE_WH) / 2
    inside = ((px > 15) & (px < np.array(SIZE_WH) - 15)).all(-1)
    at = px.astype(int).clip(0, np.array(SIZE_WH) - 1)
    depth = np.stack([true.depth[w][at[:, w, 1], at[:, w, 0]] for w in range(3)], 1)
    seen = (inside & (np.abs(depth / p[..., 2] - 1) < 0.02)).all(1)
    xy = 2 * (px[seen] - np.array(SIZE_WH) / 2 + rng.normal(0, noise_px, (seen.sum(), 3, 2)))
    count = int(seen.sum())
    tracks = Tracks(np.arange(count + 1) * 3, np.tile(np.arange(3), count), xy.reshape(-1, 2))
    scene = SceneMap(
        R=T[:, :3, :3].copy(), t=T[:, :3, 3].copy(), focal=np.full(3, 2 * FOCAL), registered=np.ones(3, bool),
        points=X.T[seen, :3], solved=np.ones(count, bool), outlier=np.zeros(3 * count, bool),
    )  # fmt: skip
    grey = np.stack(true.photos).astype(np.float32).mean(-1) / 255
    photos = FinePhotos(grey, np.full((3, 2), 0.5), np.tile(np.array(SIZE_WH) / 2, (3, 1)))
    return scene, tracks, photos


def errors(scene: SceneMap, tracks: Tracks) -> np.ndarray:
    """Of all observations in reference pixels, with points as they fit best."""
    bundle = BundleProblem(
        R=scene.R, t=scene.t, focal=scene.focal, centre=np.zeros((3, 2)), points=scene.points.copy(),
        start=tracks.start, view=tracks.view, xy=tracks.xy, focal_group=np.zeros(3, int), pose_free=np.zeros(3, bool),
        focal_free=np.zeros(1, bool), focal_prior=PRIOR[0], focal_prior_sigma=PRIOR[1],
    )  # fmt: skip
    adjust(bundle, 20)
    return errors_px(bundle)


def asked(known: float = np.nan, T: list[np.ndarray | None] | None = None) -> CameraProblem:
    return CameraProblem(
        points=[np.zeros((0, 2))] * 3, pairs={}, focal_group=np.zeros(3, int), focal_known=np.array([known]),
        focal_prior=np.array([np.nan]), T_camera_world=T or [None] * 3,
    )  # fmt: skip


def test_observations_come_to_fit_to_a_tenth_of_a_pixel():
    scene, tracks, photos = shown()
    after, found = aligned(scene, tracks, photos)
    assert found.mean() > 0.6
    assert np.median(errors(scene, tracks)[found]) > 0.8
    assert np.median(errors(scene, after)[found]) < 0.2
    assert np.array_equal(after.xy[~found], tracks.xy[~found])


def test_brightness_and_contrast_of_a_photo_do_not_matter():
    scene, tracks, photos = shown()
    grey = photos.grey.copy()
    grey[0] = 0.5 * grey[0] + 0.3
    one, other = (aligned(scene, tracks, p) for p in (photos, replace(photos, grey=grey)))
    both = one[1] & other[1]
    assert both.sum() > 0.98 * one[1].sum()
    assert np.abs(one[0].xy - other[0].xy)[both].max() < 0.05


def test_views_in_another_order_are_aligned_alike():
    scene, tracks, photos = shown()
    order = np.array([2, 0, 1])
    turned = replace(scene, R=scene.R[order], t=scene.t[order])
    rows = (np.arange(len(tracks))[:, None] * 3 + order).ravel()
    other = aligned(turned, replace(tracks, xy=tracks.xy[rows]), replace(photos, grey=photos.grey[order]))
    one = aligned(scene, tracks, photos)
    assert np.array_equal(one[1][rows], other[1])
    np.testing.assert_allclose(one[0].xy[rows], other[0].xy, atol=1e-3)


def test_what_shows_nothing_is_not_found():
    scene, tracks, photos = shown()
    after, found = aligned(scene, tracks, replace(photos, grey=np.zeros_like(photos.grey)))
    assert not found.any()
    assert np.array_equal(after.xy, tracks.xy)


def solved_from_noise(tracks: Tracks, scene: SceneMap) -> SceneMap:
    """What a solver makes of the noisy observations, around an expected principal point that is off."""
    use = replace(scene, points=scene.points.copy())
    bundle = BundleProblem(
        R=use.R, t=use.t, focal=use.focal, centre=np.zeros((3, 2)), points=use.points, start=tracks.start,
        view=tracks.view, xy=tracks.xy, focal_group=np.zeros(3, int), pose_free=np.array([False, True, True]),
        focal_free=np.ones(1, bool), focal_prior=PRIOR[0], focal_prior_sigma=PRIOR[1],
    )  # fmt: skip
    adjust(bundle, 50)
    found = replace(use, R=bundle.R, t=bundle.t, focal=bundle.focal, points=bundle.points)
    triangulate(found, tracks, 0.5, 6.0)
    return found


def turned_deg(scene: SceneMap, true: SceneMap) -> float:
    """The largest error of a rotation between views."""
    worst = 0.0
    for a, b in ((0, 1), (0, 2), (1, 2)):
        one, other = (s.R[b] @ s.R[a].T for s in (scene, true))
        worst = max(worst, float(np.degrees(np.arccos(np.clip((np.trace(one.T @ other) - 1) / 2, -1, 1)))))
    return worst


def test_cameras_come_closer_to_the_truth():
    true, tracks, photos = shown()
    before = solved_from_noise(tracks, true)
    after, _, centre = finished(asked(), before, tracks, photos, *PRIOR)
    assert turned_deg(after, true) < 0.5 * turned_deg(before, true)
    assert np.abs(centre).max() < 2.0


def test_the_principal_point_goes_towards_the_true_one():
    true, tracks, photos = shown()
    tracks = replace(tracks, xy=tracks.xy + OFF)
    photos = replace(photos, centre=photos.centre - OFF * photos.scale)
    before = solved_from_noise(tracks, true)
    after, moved, centre = finished(asked(), before, tracks, photos, *PRIOR)
    assert centre[0] @ OFF > 0
    assert np.linalg.norm(centre[0] - OFF) < np.linalg.norm(OFF)
    assert turned_deg(after, true) < turned_deg(before, true)
    # Observations are said around the point that was found.
    used = after.solved[moved.track] & ~after.outlier
    assert np.median(errors(after, moved)[used]) < 0.3


def test_what_is_given_stays_bit_for_bit():
    true, tracks, photos = shown()
    T: list[np.ndarray | None] = [
        np.concatenate([np.c_[R, t], [[0, 0, 0, 1.0]]]) for R, t in zip(true.R, true.t, strict=True)
    ]
    scene, same, centre = finished(asked(2 * FOCAL, T), true, tracks, photos, *PRIOR)
    assert scene is true
    assert same is tracks
    assert not centre.any()
    scene, _, centre = finished(asked(2 * FOCAL, [*T[:2], None]), true, tracks, photos, *PRIOR)
    assert np.array_equal(scene.R[:2], true.R[:2])
    assert np.array_equal(scene.focal, true.focal)
    assert not centre.any()
    assert not np.array_equal(scene.R[2], true.R[2])


@pytest.mark.parametrize("aligned_views", [0, 1])
def test_views_of_which_little_looks_alike_keep_all_their_say(aligned_views: int):
    true, tracks, photos = shown()
    grey = np.zeros_like(photos.grey)
    grey[:aligned_views] = photos.grey[:aligned_views]
    after, _, _ = finished(asked(), true, tracks, replace(photos, grey=grey), *PRIOR)
    assert not after.outlier[np.abs(errors(true, tracks)) < 1.0].any()
