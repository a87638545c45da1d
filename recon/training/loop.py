"""Training, whatever is trained: steps, a moving average, validation, checkpoints that go on bit for bit.

One CPU, one GPU, or several under `torchrun`, by Lightning Fabric. A step's batch depends on its number alone, so a run
that was killed goes on as if nothing had happened.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from recon.training.checkpoint import Checkpoint
from render.errors import require

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

    def pictures(self, model: nn.Module, device: torch.device) -> dict[str, Float[Tensor, "3 _height _width"]]:
        """A few small ones of the same, by name, to look at; in [0, 1]."""
        ...


def run(task: Task, config: LoopConfig, folder: Path, report: Report = print) -> dict[str, float]:
    """Train in `folder`, from where an earlier run there was stopped; the best validation's figures.

    Leaves `best.safetensors` (averaged weights), `last.pt` (all that going on needs) and logs for TensorBoard.
    """
    fabric = Fabric(accelerator="auto", precision=_precision(), **_processes())
    fabric.launch()
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    criterion, optimizer = fabric.setup(_Criterion(task), torch.optim.AdamW(task.model.parameters()))
    state = Checkpoint(task.model, optimizer, folder)
    log = SummaryWriter(str(folder / "log")) if fabric.is_global_zero else None
    if state.step:
        report(f"Going on from step {state.step} of {config.steps}.")
    else:
        report(f"step 0: {_validated(task, state, fabric, log)}")
    pool = ThreadPoolExecutor(config.loaders)
    ahead: dict[int, Future[Any]] = {}
    begun, told, since, since_step = time.monotonic(), 0.0, time.monotonic(), state.step
    try:
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
            # Clocks differ: who went on alone would wait for the others for ever.
            over = config.minutes > 0 and fabric.broadcast(time.monotonic() - begun > 60 * config.minutes)
            if state.step % config.validate_every == 0 or state.step == config.steps:
                pace = (time.monotonic() - since) / (state.step - since_step)
                words = _validated(task, state, fabric, log)
                report(f"step {state.step}: loss {told:.4f}, {words} ({pace:.2f} s a step)")
                since, since_step = time.monotonic(), state.step
            if state.step % config.save_every == 0 or state.step == config.steps or over:
                if fabric.is_global_zero:
                    state.save()
                if over:
                    report(f"Stopped at step {state.step} of {config.steps} after {config.minutes:g} minutes.")
                    break
    finally:
        # Not waited for: who stops training, or whose samples no longer come, wants an answer now.
        pool.shutdown(wait=False, cancel_futures=True)
        if log is not None:
            log.close()
    return state.best


def _validated(task: Task, state: Checkpoint, fabric: Fabric, log: SummaryWriter | None) -> str:
    """Figures of the averaged weights in words; the weights are kept if they are the best so far."""
    with state.averaged() as model:
        figures = task.validate(model, fabric.device)
        pictures = task.pictures(model, fabric.device) if log is not None else {}
    state.keep_if_best(figures, write=fabric.is_global_zero)
    if log is not None:
        for name, value in figures.items():
            log.add_scalar(f"validation/{name}", value, state.step)
        for name, picture in pictures.items():
            log.add_image(f"validation/{name}", picture, state.step)
    return ", ".join(f"{name} {value:.4f}" for name, value in figures.items())


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


def _processes() -> dict[str, Any]:
    """As many as `torchrun` says, on a CPU too; without it one, or one a GPU."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "0"))
    return {"devices": here, "num_nodes": int(os.environ["WORLD_SIZE"]) // here} if here else {"devices": "auto"}


def _precision() -> Any:
    """Half the bits where the machine multiplies them faster."""
    return "bf16-mixed" if torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported() else "32-true"
