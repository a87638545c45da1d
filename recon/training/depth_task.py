"""Trains the depth corrector on samples of scenes whose depth is known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.network.depth.clues import ALONE_SPAN, alone
from recon.network.depth.corrector import Corrector
from recon.network.depth.stage import DepthConfig
from recon.training.depth_loss import depth_loss, depth_metrics
from recon.training.depth_samples import DepthSample, DepthSampler, from_bytes, to_bytes
from recon.training.one_core import work_on_one_core
from recon.training.samples_folder import SamplesFolder, chosen
from recon.training.scenes import SceneSource
from recon.training.stage_config import StageConfig
from render.errors import InputError

COLOUR_DROP, TOKEN_DROP = 0.15, 0.3
"""How often colours are grey or gone, and tokens gone: likeness carries over to real photos best."""
PICTURES = 4
"""To look at, at each validation."""
ALONE = 0.12
"""How often a photo is alone."""


@dataclass(frozen=True)
class DepthTaskConfig(StageConfig):
    """Options of this stage's training."""

    NEEDS_DEPTH: ClassVar[bool] = True
    name: Literal["depth"] = "depth"


class DepthTask:
    """The corrector, and its samples by step."""

    def __init__(self, config: DepthTaskConfig, train: SamplesFolder, validation: SamplesFolder, seed: int):
        self.config, self.train, self.validation, self.seed = config, train, validation, seed
        self.planes = DepthConfig().planes
        self.model: nn.Module = Corrector(self.planes)

    def batch(self, step: int, size: int, rank: int) -> DepthSample:
        """Augmented by turns, in which left and right are swapped and colours or tokens dropped."""
        c = self.config
        rows = chosen(step, size, c.views, c.reuse, c.scenes, c.first, self.seed + 1000 * rank)
        rng = np.random.default_rng([self.seed, rank, step, 1])
        return DepthSample.stack([augmented(from_bytes(self.train.read(*row)), rng) for row in rows])

    def to(self, batch: DepthSample, device: torch.device) -> DepthSample:
        clues = replace(
            batch.clues, **{name: getattr(batch.clues, name).to(device) for name in ("slices", "maps", "tokens")}
        )
        return DepthSample(clues, batch.truth.to(device), batch.known.to(device), batch.sky.to(device))

    def loss(self, model: nn.Module, batch: DepthSample) -> Tensor:
        return depth_loss(model(batch.clues), batch, self.planes - 1)

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Means over all views; `classical_...` are those of the answer that is corrected."""
        rows: list[dict[str, float]] = []
        for scene in range(self.config.validation):
            for view in range(self.config.views):
                sample = self._validation(scene, view, device)
                if not (sample.known | sample.sky).any():
                    continue
                mixture = model(sample.clues)
                row = depth_metrics(mixture.best(), sample, self.planes - 1)
                row["loss"] = float(depth_loss(mixture, sample, self.planes - 1))
                before = depth_metrics(sample.clues.completed, sample, self.planes - 1)
                rows.append(row | {f"classical_{name}": value for name, value in before.items()})
        if not rows:
            raise InputError("There is nothing to validate on: no photo of the validation scenes has known depth.")
        return {name: _mean([row[name] for row in rows]) for name in rows[0]}

    def pictures(self, model: nn.Module, device: torch.device) -> dict[str, Float[Tensor, "3 _height _width"]]:
        """Inverse depth of a photo of some scenes, the nearer the brighter: true, classical and corrected."""
        pictures = {}
        for scene in range(min(PICTURES, self.config.validation)):
            # The last one is the one held out, where any is.
            sample = self._validation(scene, self.config.views - 1, device)
            shares = [sample.truth[0], sample.clues.completed[0], model(sample.clues).best()[0]]
            pictures[f"true_classical_corrected/{scene}"] = torch.cat(shares, -1).float().clamp(0, 1).expand(3, -1, -1)
        return pictures

    def _validation(self, scene: int, view: int, device: torch.device) -> DepthSample:
        return self.to(DepthSample.stack([from_bytes(self.validation.read(scene, view))]), device)


def _mean(values: list[float]) -> float:
    """Of those that are numbers."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def augmented(sample: DepthSample, rng: np.random.Generator) -> DepthSample:
    """One sample, perhaps alone, perhaps mirrored, perhaps without colours or tokens."""
    if lonely := rng.random() < ALONE:
        sample = by_itself(sample)
    clues = sample.clues
    maps, slices, tokens = clues.maps.clone(), clues.slices, clues.tokens
    truth, known, sky = sample.truth, sample.known, sample.sky
    if rng.random() < 0.5:
        maps, slices, tokens, truth, known, sky = (x.flip(-1) for x in (maps, slices, tokens, truth, known, sky))
        maps[9] = -maps[9]  # The ray's x.
    if rng.random() < TOKEN_DROP and not lonely:
        tokens = torch.zeros_like(tokens)
    kind = rng.random()
    if kind < COLOUR_DROP / 2:
        maps[:3] = 0
    elif kind < COLOUR_DROP:
        maps[:3] = maps[:3].mean(0)
    else:
        contrast, shift = rng.uniform(0.7, 1.3), torch.from_numpy(rng.uniform(-0.1, 0.1, (3, 1, 1))).float()
        maps[:3] = maps[:3] * contrast + shift
    return DepthSample(replace(clues, maps=maps, slices=slices, tokens=tokens), truth, known, sky)


def by_itself(sample: DepthSample) -> DepthSample:
    """A view's sample as if there were no other: its range begins where it did, and is as wide as it then always is."""
    farthest = torch.exp(-sample.clues.maps[11])  # Inverse depth of the last plane as a share of that of the first.
    nearness = farthest + sample.truth * (1 - farthest)
    share = (nearness - 1 / ALONE_SPAN) / (1 - 1 / ALONE_SPAN)
    return replace(sample, clues=alone(sample.clues), truth=torch.where(sample.known, share, sample.truth))


class MakeDepthSamples:
    """A `Maker` for other processes: the network's first stages are loaded when the first scene comes."""

    def __init__(self, size: int):
        self.size = size
        self._sampler: DepthSampler | None = None

    def __call__(self, source: SceneSource, scene: int) -> Sequence[bytes]:
        if self._sampler is None:
            work_on_one_core()
            self._sampler = DepthSampler(self.size)
        return [to_bytes(sample) for sample in self._sampler(source[scene], scene)]
