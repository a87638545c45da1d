"""A task for the training loop that takes no time; run by `torchrun` with a folder, one of several processes."""

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recon.training.loop import LoopConfig, run

CONFIG = LoopConfig(steps=30, batch=4, learning_rate=0.05, warmup=3, save_every=5, validate_every=10)


class Line:
    """A straight line through points that lie on one."""

    def __init__(self, stop_at: int | None = None) -> None:
        torch.manual_seed(3)
        self.model: nn.Module = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        self.stop_at = stop_at

    def batch(self, step: int, size: int, rank: int) -> Tensor:
        if step == self.stop_at:
            raise KeyboardInterrupt
        return torch.rand(size, 1, generator=torch.Generator().manual_seed(1000 * rank + step))

    def to(self, batch: Tensor, device: torch.device) -> Tensor:
        return batch.to(device)

    def loss(self, model: nn.Module, batch: Any) -> Tensor:
        return (model(batch) - 2 * batch + 1).square().mean()

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        with torch.no_grad():
            return {"error": float(self.loss(model, torch.linspace(0, 1, 20, device=device)[:, None]))}

    def pictures(self, model: nn.Module, device: torch.device) -> dict[str, Tensor]:
        with torch.no_grad():
            return {"line": model(torch.linspace(0, 1, 20, device=device)[:, None]).clamp(0, 1).expand(3, 20, 1)}


def silent(_: str) -> None:
    pass


if __name__ == "__main__":
    run(Line(), CONFIG, Path(sys.argv[1]), silent)
