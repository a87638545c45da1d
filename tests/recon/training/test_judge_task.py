"""What the judge learns from, and that it learns: on one tiny scene photos that were left out are predicted better."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.network.judged import FAINTEST
from recon.training import judge_samples
from recon.training.judge_samples import JudgeSample, JudgeSampler, from_bytes, to_bytes
from recon.training.judge_task import JudgeTask, JudgeTaskConfig, drawn
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import TrainingScene
from render.errors import CamerasError, InputError


@pytest.fixture(scope="module")
def scene() -> TrainingScene:
    true = room(5, (192, 128), 165.0)
    depth = tuple(z.astype(np.float32) for z in true.depth)
    return TrainingScene("corner", tuple(true.photos), true.cameras, depth)


@pytest.fixture(scope="module")
def sample(scene: TrainingScene) -> JudgeSample:
    return JudgeSampler(96)(scene, 0)


def test_no_photo_is_both_seen_and_predicted(sample: JudgeSample) -> None:
    assert len(sample.targets) == 2
    assert 2 <= len(sample.views) <= 3
    centres = [*sample.cameras.cameras.centres, *sample.target_cameras.centres]
    apart = torch.cdist(torch.stack(centres), torch.stack(centres)) + torch.eye(len(centres))
    assert apart.min() > 0.05


def test_through_a_file_the_same_picture_is_drawn(sample: JudgeSample) -> None:
    back = from_bytes(to_bytes(sample))
    assert torch.equal(back.depth.depth, sample.depth.depth)
    assert (back.targets - sample.targets).abs().max() < 0.003
    one, other = (drawn(None, s, 0, FAINTEST) for s in (sample, back))
    assert (one - other).abs().mean() < 2e-3


def test_a_scene_of_three_photos_is_refused(scene: TrainingScene) -> None:
    few = TrainingScene("few", scene.photos[:3], scene.cameras[[0, 1, 2]], None)
    with pytest.raises(InputError, match="few has 3 photos"):
        JudgeSampler(96)(few, 0)


def test_without_depth_matches_say_how_deep_to_look(scene: TrainingScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_samples, "ERRORS", 0.0)
    known, blind = (JudgeSampler(96)(s, 0) for s in (scene, replace(scene, depth=None)))
    assert torch.equal(blind.target_cameras.T_world_camera, known.target_cameras.T_world_camera)
    # Known depth is spread by up to exp(0.3) at random, to look like what matches say.
    assert ((blind.cameras.depth_range / known.cameras.depth_range).log().abs() < 0.7).all()
    agree = (blind.depth.depth / known.depth.depth).log().abs() < 0.05
    assert agree[(blind.depth.confidence > 0) & (known.depth.confidence > 0)].float().mean() > 0.9


def test_a_photo_without_depth_among_others_has_a_range_of_its_own(scene: TrainingScene, sample: JudgeSample) -> None:
    assert scene.depth is not None
    apart = (scene.cameras.centres - sample.cameras.cameras.centres[0]).norm(dim=-1)
    known = int(apart.argmin())
    some = replace(scene, depth=tuple(z * (v == known) for v, z in enumerate(scene.depth)))
    blind, mixed = (JudgeSampler(96)(s, 0).cameras.depth_range for s in (replace(scene, depth=None), some))
    assert torch.equal(blind[1:], mixed[1:])
    assert not torch.equal(blind[0], mixed[0])


def test_cameras_that_the_photos_contradict_are_refused(scene: TrainingScene) -> None:
    inverted = replace(scene.cameras, T_world_camera=torch.linalg.inv(scene.cameras.T_world_camera))
    with pytest.raises(CamerasError, match="corner: The given camera_to_world are not what the photos show"):
        JudgeSampler(96)(replace(scene, cameras=inverted, depth=None), 0)


def test_photos_held_out_are_what_is_predicted(scene: TrainingScene) -> None:
    sample = JudgeSampler(96)(replace(scene, held_out=(3,)), 1)
    assert torch.equal(sample.target_cameras.T_world_camera, scene.cameras[[3]].T_world_camera)
    assert not (sample.cameras.cameras.centres == scene.cameras.centres[3]).all(-1).any()


def test_it_learns_to_predict_one_scene(sample: JudgeSample, tmp_path: Path) -> None:
    folder = SamplesFolder(tmp_path, 1)
    folder.path(0, 0).write_bytes(to_bytes(sample))
    task = JudgeTask(JudgeTaskConfig(size=96, first=1, validation=1, reuse=1e9), folder, folder, 0)
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(task.model.parameters(), lr=0.03)
    every = [(sample, target) for target in range(2)]
    before = float(task.loss(task.model, every).detach())
    for step in range(30):
        optimizer.zero_grad()
        task.loss(task.model, task.batch(step, 2, 0)).backward()
        optimizer.step()
    with torch.no_grad():
        after = float(task.loss(task.model, every))
        figures = task.validate(task.model, torch.device("cpu"))
    assert after < before - 0.05
    assert -figures["negative_psnr"] > figures["classical_psnr"] + 0.3
