"""Trains the judge of Gaussians by drawing photos that were held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.evaluation.scores import psnr
from recon.network.fuse import FuseConfig, beyond, kept_by_rule
from recon.network.judge_net import JudgeNet, Ruling
from recon.network.judged import FAINTEST, judged
from recon.network.witness import Witnesses
from recon.training.judge_samples import JudgeSample, JudgeSampler, from_bytes, to_bytes
from recon.training.one_core import work_on_one_core
from recon.training.samples_folder import SamplesFolder, chosen
from recon.training.scenes import SceneSource
from recon.training.stage_config import StageConfig
from render.gaussians import Gaussians
from render.rasterize import rasterize

TRAINED_FAINTEST = 0.01
"""While it learns, what is fainter than in a finished scene has a say."""
PICTURES = 4
"""To look at, at each validation."""
NOISE = 1e-3
"""Mean square error, added before the logarithm: pictures that are good already don't count ever more."""


@dataclass(frozen=True)
class JudgeTaskConfig(StageConfig):
    """Options of this stage's training."""

    FEWEST_VIEWS: ClassVar[int] = 4
    name: Literal["judge"] = "judge"
    views: int = 10
    """Photos a scene: those that make it, and two to predict."""


class JudgeTask:
    """The judge, and its samples by step."""

    def __init__(self, config: JudgeTaskConfig, train: SamplesFolder, validation: SamplesFolder, seed: int):
        self.config, self.train, self.validation, self.seed = config, train, validation, seed
        self.model: nn.Module = JudgeNet()

    def batch(self, step: int, size: int, rank: int) -> list[tuple[JudgeSample, int]]:
        """Scenes, and which of its targets is to be predicted."""
        c = self.config
        rows = chosen(step, size, 1, c.reuse, c.scenes, c.first, self.seed + 1000 * rank)
        rng = np.random.default_rng([self.seed, rank, step, 1])
        samples = [from_bytes(self.train.read(*row)) for row in rows]
        return [(sample, int(rng.integers(len(sample.targets)))) for sample in samples]

    def to(self, batch: list[tuple[JudgeSample, int]], device: torch.device) -> list[tuple[JudgeSample, int]]:
        """As they are: scenes are put together and drawn on the CPU, the network alone may be elsewhere."""
        del device
        return batch

    def loss(self, model: nn.Module, batch: list[tuple[JudgeSample, int]]) -> Tensor:
        """Mean logarithm of the mean square error: what PSNR is made of."""
        logs = []
        # Places need all their bits.
        with torch.autocast("cuda" if torch.cuda.is_available() else "cpu", enabled=False):
            for sample, target in batch:
                error = (drawn(model, sample, target, TRAINED_FAINTEST) - sample.targets[target]).square().mean()
                logs.append((error + NOISE).log())
        return torch.stack(logs).mean()

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Mean PSNR in dB, negated, since less is better; and that of the classical rules."""
        del device
        rows = []
        for scene in range(self.config.validation):
            sample = from_bytes(self.validation.read(scene, 0))
            for target in range(len(sample.targets)):
                wanted = sample.targets[target].permute(1, 2, 0)
                pictures = [drawn(net, sample, target, FAINTEST) for net in (model, None)]
                rows.append([psnr(picture.clamp(0, 1).permute(1, 2, 0), wanted) for picture in pictures])
        ruled, classical = np.mean(rows, 0)
        return {"negative_psnr": -float(ruled), "classical_psnr": float(classical)}

    def pictures(self, model: nn.Module, device: torch.device) -> dict[str, Float[Tensor, "3 _height _width"]]:
        """The first target of some scenes: what was photographed, and beside it what is drawn."""
        del device
        pictures = {}
        for scene in range(min(PICTURES, self.config.validation)):
            sample = from_bytes(self.validation.read(scene, 0))
            pair = [sample.targets[0], drawn(model, sample, 0, FAINTEST).clamp(0, 1)]
            pictures[f"photographed_drawn/{scene}"] = torch.cat(pair, -1)
        return pictures


def drawn(
    model: nn.Module | None, sample: JudgeSample, target: int, faintest: float
) -> Float[Tensor, "3 height width"]:
    """One of the sample's targets as its scene shows it; without a model, by the classical rules."""
    with torch.no_grad():
        prediction = sample.prediction()
        kept = kept_by_rule(sample.views, prediction, list(range(len(sample.views))))
        around = beyond(sample.views, prediction, kept.registered, FuseConfig())
    front, back = kept.front, kept.back
    if model is not None:
        prediction, front, back = judged(
            partial(_ruled, model), kept.evidence, prediction, kept.registered, kept.shown, front, back, faintest
        )
    scene = Gaussians.concatenate([prediction.gaussians.where(front), prediction.backstop.where(back)])
    whole = Gaussians.concatenate([scene, around.with_coefficients(scene.sh.shape[1])])
    return rasterize(whole, sample.target_cameras[[target]]).rgb[0].permute(2, 0, 1)


def _ruled(model: nn.Module, heard: Witnesses) -> Ruling:
    """By a network that may be on another device."""
    device = next(model.parameters()).device
    ruling = model(Witnesses(heard.said.to(device), heard.own.to(device)))
    return Ruling(ruling.opacity.to(heard.said.device), ruling.size_factor.to(heard.said.device))


class MakeJudgeSamples:
    """A `Maker` for other processes: the network's first stages are loaded when the first scene comes."""

    def __init__(self, size: int):
        self.size = size
        self._sampler: JudgeSampler | None = None

    def __call__(self, source: SceneSource, scene: int) -> Sequence[bytes]:
        if self._sampler is None:
            work_on_one_core()
            self._sampler = JudgeSampler(self.size)
        return [to_bytes(self._sampler(source[scene], scene))]
