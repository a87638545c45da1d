"""Depth and cameras that belong together agree, and any other unit or pose is noticed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from data_tools.inspection.consistency import check_consistency
from tests.recon.posed_scene import arc, moved, posed_scene, room_scene
from tests.recon.test_overlap import ANYWHERE


def test_true_depth_agrees():
    consistency = check_consistency(room_scene(6))
    assert consistency is not None
    assert consistency.agreement > 0.9
    assert consistency.better_factor is None


def test_the_world_may_be_moved_and_enlarged():
    here, there = check_consistency(room_scene(6)), check_consistency(moved(room_scene(6), ANYWHERE, 5.0))
    assert here is not None
    assert there is not None
    assert there.agreement == pytest.approx(here.agreement, abs=0.02)
    assert there.better_factor is None


@pytest.mark.parametrize("factor", [1e-3, 0.05, 0.3, 0.5, 2.0, 3.0, 20.0, 1e3])
def test_another_unit_is_noticed_and_told_by_which_way_it_is_off(factor: float):
    scene = room_scene(6)
    assert scene.depth is not None
    consistency = check_consistency(replace(scene, depth=tuple(np.float32(factor) * depth for depth in scene.depth)))
    assert consistency is not None
    assert consistency.better_factor is not None
    assert (consistency.better_factor < 1) == (factor > 1)
    if factor in (1e-3, 0.5, 2.0, 1e3):
        assert consistency.better_factor == 1 / factor


def test_other_axes_and_inverted_poses_hardly_agree():
    scene = room_scene(6)
    T = scene.cameras.T_world_camera
    opengl = torch.diag(torch.tensor([1.0, -1, -1, 1], dtype=torch.float64))
    for wrong in (T @ opengl, torch.linalg.inv(T)):
        consistency = check_consistency(replace(scene, cameras=replace(scene.cameras, T_world_camera=wrong)))
        assert consistency is not None
        assert consistency.agreement < 0.5


def test_nothing_is_said_where_nothing_can_be():
    nowhere = [np.zeros((48, 64), np.float32)] * 3
    assert check_consistency(posed_scene(arc(3), nowhere)) is None
    assert check_consistency(posed_scene(arc(3))) is None
    assert check_consistency(posed_scene(arc(1), nowhere[:1])) is None
