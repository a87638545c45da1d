"""Training, whatever is trained: steps, a moving average, validation, checkpoints that go on bit for bit.

One CPU, one GPU, or several under `torchrun`, by Lightning Fabric. A step's batch depends on its number alone, so a run
that was killed goes on as if nothing had happened.
"""

import io
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import safetensors.torch
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from render.errors import require
from render.files.atomic import write_atomically

Report = Callable[[str], None]
"""Called with a line for people to read."""


@dataclass(frozen=True)
class LoopConfig:
    """Options of training, whatever is trained."""

    steps: int = 20_000
    """Of the optimizer."""
    batch: int = 4
    """Samples a step on each device."""
    learning_rate: float = 4e-4
    """Of AdamW, at its highest."""
    warmup: int = 200
    """Steps over which the learning rate rises."""
    cooldown: float = 0.2
    """Share of the steps, at the end, over which it falls to nothing."""
    average: float = 0.998
    """Of the weights: how much of it stays at each step."""
    save_every: int = 250
    validate_every: int = 1000
    loaders: int = 2
    """Threads that read batches ahead."""
    minutes: float = 0.0
    """Stop after so long; the same command goes on later. 0: don't."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "warmup", "save_every", "validate_every", "loaders"):
            require(getattr(self, name) >= 1, f"loop.{name}", getattr(self, name), "at least 1")
        require(self.learning_rate > 0, "loop.learning_rate", self.learning_rate, "above 0")
        require(0 <= self.cooldown <= 1, "loop.cooldown", self.cooldown, "in [0, 1]")
        require(0 <= self.average < 1, "loop.average", self.average, "in [0, 1)")
        require(self.seed >= 0, "loop.seed", self.seed, "0 or more")
        require(self.minutes >= 0, "loop.minutes", self.minutes, "0 or more")


@runtime_checkable
class Task(Protocol):
    """What is trained, and on what."""

    model: nn.Module

    def batch(self, step: int, size: int, rank: int) -> Any:
        """Of a step; always the same for the same arguments."""
        ...

    def to(self, batch: Any, device: torch.device) -> Any:
        """A batch on another device."""
        ...

    def loss(self, model: nn.Module, batch: Any) -> Tensor:
        """To be made small."""
        ...

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Figures on what is never trained on, the one to be made small first."""
        ...


def run(task: Task, config: LoopConfig, folder: Path, report: Report = print) -> dict[str, float]:
    """Train in `folder`, from where an earlier run there was stopped; the best validation's figures.

    Leaves `best.safetensors` (averaged weights), `last.pt` (all that going on needs) and logs for TensorBoard.
    """
    fabric = Fabric(accelerator="auto", devices="auto", precision=_precision())
    fabric.launch()
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    criterion, optimizer = fabric.setup(_Criterion(task), torch.optim.AdamW(task.model.parameters()))
    state = _State(task.model, optimizer, folder)
    log = SummaryWriter(str(folder / "log")) if fabric.is_global_zero else None
    if state.step:
        report(f"Going on from step {state.step} of {config.steps}.")
    with ThreadPoolExecutor(config.loaders) as pool:
        ahead: dict[int, Future[Any]] = {}
        since, begun, told = time.monotonic(), time.monotonic(), 0.0
        while state.step < config.steps:
            for step in range(state.step, min(state.step + 2 * config.loaders, config.steps)):
                if step not in ahead:
                    ahead[step] = pool.submit(task.batch, step, config.batch, fabric.global_rank)
            batch = task.to(ahead.pop(state.step).result(), fabric.device)
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * rate(state.step, config)
            loss = criterion(partial(_same, batch))
            fabric.backward(loss)
            fabric.clip_gradients(criterion, optimizer, max_norm=1.0)
            optimizer.step()
            optimizer.zero_grad()
            state.advance(config.average)
            told = 0.98 * told + 0.02 * float(loss.detach()) if told else float(loss.detach())
            if log is not None:
                log.add_scalar("train/loss", float(loss.detach()), state.step)
            over = config.minutes > 0 and time.monotonic() - begun > 60 * config.minutes
            if state.step % config.validate_every == 0 or state.step == config.steps:
                figures = state.validated(task, fabric)
                words = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
                pace = (time.monotonic() - since) / config.validate_every
                report(f"step {state.step}: loss {told:.4f}, {words} ({pace:.2f} s a step)")
                since = time.monotonic()
                if log is not None:
                    for name, value in figures.items():
                        log.add_scalar(f"validation/{name}", value, state.step)
            if state.step % config.save_every == 0 or state.step == config.steps or over:
                if fabric.is_global_zero:
                    state.save()
                if over:
                    report(f"Stopped at step {state.step} of {config.steps} after {config.minutes:g} minutes.")
                    break
    if log is not None:
        log.close()
    return state.best


def rate(step: int, config: LoopConfig) -> float:
    """Learning rate of a step as a share of the highest."""
    end = config.steps * (1 - config.cooldown)
    falling = (config.steps - step) / (config.steps - end) if step > end else 1.0
    return min(1.0, (step + 1) / config.warmup) * falling


class _Criterion(nn.Module):
    """Batch in, loss out: what Fabric hooks into must take and give tensors, or what it doesn't look into."""

    def __init__(self, task: Task):
        super().__init__()
        self.model, self._loss = task.model, task.loss

    def forward(self, batch: Callable[[], Any]) -> Tensor:
        return self._loss(self.model, batch())


def _same(batch: Any) -> Any:
    return batch


def _precision() -> Any:
    """Half the bits where the machine multiplies them faster."""
    return "bf16-mixed" if torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported() else "32-true"


class _State:
    """All that going on needs."""

    def __init__(self, model: nn.Module, optimizer: Any, folder: Path):
        self.model, self.optimizer, self.folder = model, optimizer, folder
        self.step, self.best = 0, {}
        self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}
        last = folder / "last.pt"
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

    @torch.no_grad()
    def validated(self, task: Task, fabric: Fabric) -> dict[str, float]:
        """Figures of the averaged weights, which are kept if they are the best so far."""
        current = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        figures = task.validate(self.model, fabric.device)
        self.model.train()
        self.model.load_state_dict(current)
        first = next(iter(figures))
        if figures[first] < self.best.get(first, math.inf):
            self.best = dict(figures)
            if fabric.is_global_zero:
                average = {name: value.cpu().contiguous() for name, value in self.average.items()}
                write_atomically(self.folder / "best.safetensors", safetensors.torch.save(average))
        return figures

    def save(self) -> None:
        held = io.BytesIO()
        named = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average}
        torch.save({**named, "step": self.step, "best": self.best}, held)
        write_atomically(self.folder / "last.pt", held.getvalue())
