"""What stages have in common that learn by drawing photos that were held out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.evaluation.scores import psnr
from recon.network.fuse import FuseConfig, Kept, beyond, kept_by_rule
from recon.prediction import Prediction
from recon.training.judge_samples import JudgeSample, JudgeSampler, from_bytes, to_bytes
from recon.training.one_core import work_on_one_core
from recon.training.samples_folder import SamplesFolder, chosen
from recon.training.scenes import SceneSource
from recon.training.stage_config import StageConfig
from render.gaussians import Gaussians
from render.rasterize import rasterize

PICTURES = 4
"""To look at, at each validation."""
NOISE = 1e-3
"""Mean square error, added before the logarithm: pictures that are good already don't count ever more."""


@dataclass(frozen=True)
class DrawnTaskConfig(StageConfig):
    """Options of the training of such a stage."""

    FEWEST_VIEWS: ClassVar[int] = 4
    views: int = 10
    """Photos a scene: those that make it, and two to predict."""


class DrawnTask(ABC):
    """A stage's network, its samples by step, and the scene that it makes of one."""

    model: nn.Module

    def __init__(self, config: DrawnTaskConfig, train: SamplesFolder, validation: SamplesFolder, seed: int):
        self.config, self.train, self.validation, self.seed = config, train, validation, seed

    @abstractmethod
    def scene(self, model: nn.Module | None, sample: JudgeSample, finished: bool) -> Gaussians:
        """The whole of it; without a model, by the classical rules; `finished` as in a run, and not as in training."""

    def batch(self, step: int, size: int, rank: int) -> list[JudgeSample]:
        """Scenes, and photos to predict."""
        c = self.config
        rows = chosen(step, size, 1, c.reuse, c.scenes, c.first, self.seed + 1000 * rank)
        return [from_bytes(self.train.read(*row)) for row in rows]

    def to(self, batch: list[JudgeSample], device: torch.device) -> list[JudgeSample]:
        """As they are: scenes are put together and drawn on the CPU, the network alone may be elsewhere."""
        del device
        return batch

    def loss(self, model: nn.Module, batch: list[JudgeSample]) -> Tensor:
        """Mean logarithm of the mean square error: what PSNR is made of."""
        logs = []
        # Places need all their bits.
        with torch.autocast("cuda" if torch.cuda.is_available() else "cpu", enabled=False):
            for sample in batch:
                pictures = self.drawn(model, sample, False)
                logs.append(((pictures - sample.targets).square().mean((1, 2, 3)) + NOISE).log())
        return torch.cat(logs).mean()

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Mean PSNR in dB, negated, since less is better; and that of the classical rules."""
        del device
        rows = []
        for number in range(self.config.validation):
            sample = from_bytes(self.validation.read(number, 0))
            pictures = [self.drawn(net, sample, True).clamp(0, 1) for net in (model, None)]
            for target, wanted in enumerate(sample.targets):
                rows.append([psnr(drawn[target].permute(1, 2, 0), wanted.permute(1, 2, 0)) for drawn in pictures])
        ruled, classical = np.mean(rows, 0)
        return {"negative_psnr": -float(ruled), "classical_psnr": float(classical)}

    def pictures(self, model: nn.Module, device: torch.device) -> dict[str, Float[Tensor, "3 _height _width"]]:
        """The first target of some scenes: what was photographed, and beside it what is drawn."""
        del device
        pictures = {}
        for number in range(min(PICTURES, self.config.validation)):
            sample = from_bytes(self.validation.read(number, 0))
            pair = [sample.targets[0], self.drawn(model, sample, True)[0].clamp(0, 1)]
            pictures[f"photographed_drawn/{number}"] = torch.cat(pair, -1)
        return pictures

    def drawn(
        self, model: nn.Module | None, sample: JudgeSample, finished: bool
    ) -> Float[Tensor, "target 3 height width"]:
        """The sample's targets as its scene shows them."""
        return rasterize(self.scene(model, sample, finished), sample.target_cameras).rgb.permute(0, 3, 1, 2)


@torch.no_grad()
def ready(sample: JudgeSample) -> tuple[Prediction, Kept, Gaussians]:
    """A sample's Gaussians, which of them the classical rules keep, and what lies around them."""
    prediction = sample.prediction()
    kept = kept_by_rule(sample.views, prediction, list(range(len(sample.views))))
    return prediction, kept, beyond(sample.views, prediction, kept.registered, FuseConfig())


class MakeDrawnSamples:
    """A `Maker` for other processes: the network's first stages are loaded when the first scene comes."""

    def __init__(self, size: int):
        self.size = size
        self._sampler: JudgeSampler | None = None

    def __call__(self, source: SceneSource, scene: int) -> Sequence[bytes]:
        if self._sampler is None:
            work_on_one_core()
            self._sampler = JudgeSampler(self.size)
        return [to_bytes(self._sampler(source[scene], scene))]
