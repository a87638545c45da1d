"""Trains the judge of Gaussians by drawing photos that were held out."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from torch import nn

from recon.network.judge_net import JudgeNet, Ruling
from recon.network.judged import FAINTEST, judged
from recon.network.witness import Witnesses
from recon.training.drawn_task import DrawnTask, DrawnTaskConfig, ready
from recon.training.judge_samples import JudgeSample
from recon.training.samples_folder import SamplesFolder
from render.gaussians import Gaussians

TRAINED_FAINTEST = 0.01
"""While it learns, what is fainter than in a finished scene has a say."""


@dataclass(frozen=True)
class JudgeTaskConfig(DrawnTaskConfig):
    """Options of this stage's training."""

    name: Literal["judge"] = "judge"


class JudgeTask(DrawnTask):
    """The judge, and its samples by step."""

    def __init__(self, config: JudgeTaskConfig, train: SamplesFolder, validation: SamplesFolder, seed: int):
        super().__init__(config, train, validation, seed)
        self.model: nn.Module = JudgeNet()

    def scene(self, model: nn.Module | None, sample: JudgeSample, finished: bool) -> Gaussians:
        """What is fainter than in a finished scene has a say while the judge learns."""
        prediction, kept, around = ready(sample)
        front, back = kept.front, kept.back
        if model is not None:
            faintest, net = FAINTEST if finished else TRAINED_FAINTEST, partial(_ruled, model)
            said = kept.evidence, prediction, kept.registered, kept.shown, front, back
            prediction, front, back = judged(net, *said, faintest)
        scene = Gaussians.concatenate([prediction.gaussians.where(front), prediction.backstop.where(back)])
        return Gaussians.concatenate([scene, around.with_coefficients(scene.sh.shape[1])])


def _ruled(model: nn.Module, heard: Witnesses) -> Ruling:
    """By a network that may be on another device."""
    device = next(model.parameters()).device
    ruling = model(Witnesses(heard.said.to(device), heard.own.to(device)))
    return Ruling(ruling.opacity.to(heard.said.device), ruling.size_factor.to(heard.said.device))
