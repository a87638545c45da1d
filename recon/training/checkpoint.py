"""All that training needs to go on, in one file; the moving average of the weights, and the best of it, in another."""

import contextlib
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from render.files.atomic import write_atomically

LAST, BEST = "last.pt", "best.safetensors"
"""Names of the two."""


class Checkpoint:
    """Weights, their average, the optimizer, the step, and the figures of the best validation."""

    def __init__(self, model: nn.Module, optimizer: Any, folder: Path):
        """As `folder` has it from an earlier run; otherwise as model and optimizer are."""
        self.model, self.optimizer, self.folder = model, optimizer, folder
        self.step, self.best = 0, {}
        self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}
        last = folder / LAST
        if last.exists():
            held = torch.load(last, map_location="cpu", weights_only=True)
            model.load_state_dict(held["model"])
            optimizer.load_state_dict(held["optimizer"])
            self.step, self.best = held["step"], held["best"]
            self.average = {name: value.to(self.average[name].device) for name, value in held["average"].items()}

    def advance(self, stays: float) -> None:
        """One step was made. Young averages forget faster: the first steps are far from anything."""
        self.step += 1
        stays = min(stays, self.step / (self.step + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - stays)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[nn.Module]:
        """The model with its average for weights, until the block ends."""
        current = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        try:
            with torch.no_grad():
                yield self.model
        finally:
            self.model.train()
            self.model.load_state_dict(current)

    def keep_if_best(self, figures: dict[str, float], write: bool) -> None:
        """Of the average; the first figure counts, and less is better."""
        first = next(iter(figures))
        if figures[first] < self.best.get(first, math.inf):
            self.best = dict(figures)
            if write:
                average = {name: value.cpu().contiguous() for name, value in self.average.items()}
                write_atomically(self.folder / BEST, safetensors.torch.save(average))

    def save(self) -> None:
        held = io.BytesIO()
        named = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average}
        torch.save({**named, "step": self.step, "best": self.best}, held)
        write_atomically(self.folder / LAST, held.getvalue())
