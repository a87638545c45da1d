"""The verdict: what a scene is refused for is the thing that is wrong with it, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from data_tools.inspection.facts import describe
from data_tools.inspection.judge import Judgement, judge
from recon.training.scenes import TrainingScene
from tests.recon.posed_scene import SIZE_WH, arc, posed_scene, room_scene


def judgement_of(scene: TrainingScene) -> Judgement:
    return judge(scene, describe(scene, [SIZE_WH] * len(scene.photos)))


@pytest.mark.parametrize("scene", [posed_scene(arc(6)), room_scene(6), posed_scene(arc(3, 20.0))])
def test_a_sound_scene_is_good(scene: TrainingScene):
    assert judgement_of(scene) == Judgement((), ())


def test_too_few_photos():
    assert judgement_of(posed_scene(arc(2, 10.0))).against == (
        "2 with cameras are too few: a training sample takes at least 3 photos, 2 to see from and 1 to predict.",
    )


def test_one_place():
    (sentence,) = judgement_of(posed_scene([((1.0, 2.0, 3.0), (1.0, 2.0, 9.0))] * 4)).against
    assert sentence.startswith("All photos were taken from one place")


def test_nothing_shared():
    around = [
        ((3 * np.sin(a), 0.0, 3 * np.cos(a)), (9 * np.sin(a), 0.0, 9 * np.cos(a))) for a in np.arange(4) * np.pi / 2
    ]
    judgement = judgement_of(posed_scene(around))
    assert judgement.against[0].startswith("posed: no 2 of its 4 photos overlap")
    assert judgement.remarks == ("4 of 4 photos share too little with any other to be of use.",)


def test_depth_in_another_unit_than_the_cameras():
    scene = room_scene(6)
    assert scene.depth is not None
    in_millimetres = tuple(1000 * depth for depth in scene.depth)
    (sentence,) = judgement_of(replace(scene, depth=in_millimetres)).against
    assert "photos agree more on depth that is 0.001 times as large" in sentence


def test_poses_in_other_axes_than_the_depth():
    scene = room_scene(6)
    flipped = scene.cameras.T_world_camera @ torch.diag(torch.tensor([1.0, -1, -1, 1], dtype=torch.float64))
    (sentence,) = judgement_of(replace(scene, cameras=replace(scene.cameras, T_world_camera=flipped))).against
    assert sentence.startswith("Depth and cameras contradict each other")


def test_a_photo_of_something_else_is_a_remark():
    judgement = judgement_of(posed_scene([*arc(5, 30.0), ((0.0, 0.0, -4.0), (0.0, 0.0, -9.0))]))
    assert judgement == Judgement((), ("1 of 6 photos share too little with any other to be of use.",))
