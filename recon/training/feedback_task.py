"""Trains the steps of the feedback by drawing photos that were held out after all rounds of it."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from recon.network.feedback import fed_back
from recon.network.feedback_net import ROUNDS, Clues, FeedbackNet
from recon.training.drawn_task import DrawnTask, DrawnTaskConfig, ready
from recon.training.judge_samples import JudgeSample
from recon.training.samples_folder import SamplesFolder
from render.gaussians import Gaussians


@dataclass(frozen=True)
class FeedbackTaskConfig(DrawnTaskConfig):
    """Options of this stage's training."""

    name: Literal["feedback"] = "feedback"


class FeedbackTask(DrawnTask):
    """Its network, and its samples by step."""

    def __init__(self, config: FeedbackTaskConfig, train: SamplesFolder, validation: SamplesFolder, seed: int):
        super().__init__(config, train, validation, seed)
        self.model: nn.Module = FeedbackNet()

    def scene(self, model: nn.Module | None, sample: JudgeSample, finished: bool) -> Gaussians:
        """The same in training and in a run."""
        del finished
        prediction, kept, around = ready(sample)
        if model is not None:
            what = sample.views, prediction, kept.registered, kept.front, kept.back, around
            prediction = fed_back(partial(_stepped, model), ROUNDS, *what)
        scene = Gaussians.concatenate([prediction.gaussians.where(kept.front), prediction.backstop.where(kept.back)])
        return Gaussians.concatenate([scene, around.with_coefficients(scene.sh.shape[1])])


def _stepped(model: nn.Module, clues: Clues, turn: int) -> Float[Tensor, "image 3 height width"]:
    """By a network that may be on another device."""
    device, here = next(model.parameters()).device, clues.slopes.device
    return model(Clues(clues.slopes.to(device), clues.others.to(device)), turn).to(here)
