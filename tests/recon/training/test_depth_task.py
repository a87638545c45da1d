"""The depth corrector learns: on one tiny scene its answer comes nearer to the truth than the classical one."""

import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.training.depth_samples import DepthSampler, to_bytes
from recon.training.depth_task import DepthTask, DepthTaskConfig
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import TrainingScene


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> SamplesFolder:
    true = room(3, (192, 128), 165.0)
    depth = tuple(z.astype(np.float32) for z in true.depth)
    folder = SamplesFolder(tmp_path_factory.mktemp("samples"), 3)
    for view, sample in enumerate(
        DepthSampler(96)(TrainingScene("corner", tuple(true.photos), true.cameras, depth), 0)
    ):
        folder.path(0, view).write_bytes(to_bytes(sample))
    return folder


def test_it_learns_one_scene(folder: SamplesFolder) -> None:
    torch.manual_seed(0)
    task = DepthTask(DepthTaskConfig(size=96, views=3, first=1, validation=1, reuse=1e9), folder, folder, 0)
    optimizer = torch.optim.AdamW(task.model.parameters(), lr=2e-3)
    with torch.no_grad():
        before = task.validate(task.model, torch.device("cpu"))
    assert before["error"] == pytest.approx(before["classical_error"], rel=1e-5)
    for step in range(50):
        optimizer.zero_grad()
        task.loss(task.model, task.batch(step, 3, 0)).backward()
        optimizer.step()
    with torch.no_grad():
        after = task.validate(task.model, torch.device("cpu"))
    assert after["loss"] < before["loss"] - 1.0
    assert after["error"] < 0.88 * before["classical_error"]


def test_a_batch_is_always_the_same(folder: SamplesFolder) -> None:
    task = DepthTask(DepthTaskConfig(size=96, views=3, first=1, validation=1, reuse=1e9), folder, folder, 0)
    one, same, other, elsewhere = (task.batch(*arguments) for arguments in ((5, 3, 0), (5, 3, 0), (6, 3, 0), (5, 3, 1)))
    assert torch.equal(one.clues.maps, same.clues.maps)
    assert not torch.equal(one.clues.maps, other.clues.maps)
    assert not torch.equal(one.clues.maps, elsewhere.clues.maps)
