"""The guess of near and far: in the cameras' unit wherever the world is, and about right where depth is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from recon.training.depth_range import guess_depth_range
from tests.recon.posed_scene import arc, moved, permuted, posed_scene, room_scene
from tests.recon.test_overlap import ANYWHERE

AHEAD = [((0.5 * x, 0.0, 0.0), (0.5 * x, 0.0, 1.0)) for x in range(5)]


def test_cameras_around_a_thing_have_it_between_near_and_far():
    near, far = guess_depth_range(posed_scene(arc(6, radius=4.0)).cameras)
    assert (near, far) == pytest.approx((2.0, 8.0))


def test_a_room_lies_within():
    scene = room_scene(6)
    assert scene.depth is not None
    near, far = guess_depth_range(scene.cameras)
    every = np.concatenate([depth.ravel() for depth in scene.depth])
    assert np.mean((every > near) & (every < far)) > 0.9


def test_cameras_side_by_side_are_judged_by_their_steps():
    near, far = guess_depth_range(posed_scene(AHEAD).cameras)
    assert (near, far) == pytest.approx((4 * 0.5, 40 * 0.5))


@pytest.mark.parametrize("looks", [arc(6), AHEAD])
def test_the_guess_moves_with_the_world(looks):
    scene = posed_scene(looks)
    enlarged = np.multiply(guess_depth_range(scene.cameras), 3)
    assert guess_depth_range(moved(scene, ANYWHERE, 3.0).cameras) == pytest.approx(tuple(enlarged))
    assert guess_depth_range(permuted(scene, [4, 1, 0, 3, 2, *range(5, len(looks))]).cameras) == pytest.approx(
        guess_depth_range(scene.cameras)
    )


@pytest.mark.parametrize("count", [1, 3])
def test_one_place_has_a_range_too(count: int):
    near, far = guess_depth_range(posed_scene([((1.0, 2, 3), (0.0, 0, 9))] * count).cameras)
    assert 0 < near < far < np.inf


def test_many_cameras_are_no_more_work_than_some():
    scene = posed_scene(arc(5))
    many = replace(
        scene.cameras,
        K_px=scene.cameras.K_px.repeat(4000, 1, 1),
        T_world_camera=scene.cameras.T_world_camera.repeat(4000, 1, 1),
        size_wh=scene.cameras.size_wh.repeat(4000, 1),
    )
    many.T_world_camera[:, :3, 3] += 1e-3 * torch.rand(20_000, 3, generator=torch.Generator().manual_seed(0))
    assert guess_depth_range(many) == pytest.approx(guess_depth_range(scene.cameras), rel=0.05)
