"""Cameras that people could have held: upright, in the box, sharing what they see."""

import numpy as np
import pytest

from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.overlap import share_seen
from data_tools.rooms.paths import intrinsics
from data_tools.rooms.placing import at
from data_tools.rooms.scene import Placed
from data_tools.rooms.shapes import Look, box
from data_tools.rooms.trajectories import choose_cameras
from tests.data_tools.rooms.gl_scenes import floor, renderer, scene


def stage() -> Stage:
    rng = np.random.default_rng(0)
    things = [
        Placed(Mesh("box", (box(Look(), rng.uniform(0.3, 1.2, 3)),)), at((x, 0, z)))
        for x, z in rng.uniform(-3, 3, (12, 2))
    ]
    walls = [
        Placed(Mesh("wall", (box(Look(), (10, 3, 0.1)),)), at((5 * np.sin(a), 0, 5 * np.cos(a)), a))
        for a in np.arange(4) * np.pi / 2
    ]
    return Stage(
        scene=scene(floor(half=5), *things, *walls),
        subjects=((0.0, 0.5, 0.0), (1.0, 0.8, -1.0)),
        eyes=((-4.0, 1.0, -4.0), (4.0, 1.9, 4.0)),
        distance_m=(1.5, 6.0),
        moves=("arc", "orbit", "walk", "sideways", "wander"),
    )


def test_cameras_share_what_they_see_and_stay_where_people_may_stand():
    place, overlaps = stage(), []
    with renderer().load(place.scene) as loaded:
        for seed in range(12):
            cameras = choose_cameras(place, loaded, np.random.default_rng(seed), 3, (96, 64))
            depths = [loaded.depth(camera) for camera in cameras]
            for a in range(2):
                overlaps.append(share_seen(cameras[a], depths[a], cameras[a + 1], depths[a + 1]))
            for camera in cameras:
                T = camera.T_world_camera
                np.testing.assert_allclose(T[:3, :3].T @ T[:3, :3], np.eye(3), atol=1e-9)
                assert np.linalg.det(T[:3, :3]) > 0
                assert (T[:3, 3] >= (-4, 1.0, -4)).all()
                assert (T[:3, 3] <= (4, 1.9, 4)).all()
                assert T[1, 1] < -0.5  # the picture's down is the world's
    assert np.quantile(overlaps, 0.1) > 0.35
    assert np.quantile(overlaps, 0.9) < 0.97
    assert np.ptp(overlaps) > 0.15


def test_focal_lengths_are_those_of_phones():
    rng = np.random.default_rng(0)
    for size in ((384, 288), (288, 384)):
        K = np.stack([intrinsics(rng, size) for _ in range(300)])
        degrees = np.degrees(2 * np.arctan(192 / K[:, 0, 0]))
        assert degrees.min() > 24.9
        assert degrees.max() < 85.1
        assert np.median(degrees) == pytest.approx(60, abs=6)
        assert (np.abs(K[:, :2, 2] - np.array(size) / 2) < 0.05 * 384).all()
