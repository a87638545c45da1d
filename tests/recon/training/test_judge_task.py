"""What the judge learns from, and that it learns: on one tiny scene photos that were left out are predicted better."""

from pathlib import Path

import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.network.judged import FAINTEST
from recon.training.judge_samples import JudgeSample, JudgeSampler, from_bytes, to_bytes
from recon.training.judge_task import JudgeTask, JudgeTaskConfig, drawn
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import TrainingScene


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
    assert scene.depth is not None
    few = TrainingScene("few", scene.photos[:3], scene.cameras[[0, 1, 2]], scene.depth[:3])
    with pytest.raises(ValueError, match="few has not"):
        JudgeSampler(96)(few, 0)


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
