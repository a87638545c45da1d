"""The steps of the feedback learn: on one tiny scene photos that were left out are predicted better."""

from pathlib import Path

import numpy as np
import torch

from data_tools.room import room
from recon.training.feedback_task import FeedbackTask, FeedbackTaskConfig
from recon.training.judge_samples import JudgeSampler, to_bytes
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import TrainingScene


def test_it_learns_to_predict_one_scene(tmp_path: Path) -> None:
    true = room(5, (128, 96), 110.0)
    scene = TrainingScene("corner", tuple(true.photos), true.cameras, tuple(z.astype(np.float32) for z in true.depth))
    sample = JudgeSampler(64)(scene, 0)
    folder = SamplesFolder(tmp_path, 1)
    folder.path(0, 0).write_bytes(to_bytes(sample))
    torch.manual_seed(0)
    task = FeedbackTask(FeedbackTaskConfig(size=64, first=1, validation=1, reuse=1e9), folder, folder, 0)
    optimizer = torch.optim.AdamW(task.model.parameters(), lr=0.02)
    with torch.no_grad():
        before, plain = float(task.loss(task.model, [sample])), task.validate(task.model, torch.device("cpu"))
    for step in range(15):
        optimizer.zero_grad()
        task.loss(task.model, task.batch(step, 1, 0)).backward()
        optimizer.step()
    with torch.no_grad():
        after, learned = float(task.loss(task.model, [sample])), task.validate(task.model, torch.device("cpu"))
    assert after < before - 0.05
    assert learned["negative_psnr"] < plain["negative_psnr"] - 0.2
