"""Training goes on after a kill as if nothing had happened, and keeps the best."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

from recon.training.loop import LoopConfig, rate, run
from render.errors import ConfigError

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


def test_it_learns_and_keeps_the_averaged_weights(tmp_path: Path) -> None:
    task = Line()
    before = task.validate(task.model, torch.device("cpu"))["error"]
    best = run(task, CONFIG, tmp_path, silent)
    assert best["error"] < 0.2 * before
    kept = Line()
    kept.model.load_state_dict(safetensors.torch.load_file(tmp_path / "best.safetensors"))
    assert kept.validate(kept.model, torch.device("cpu"))["error"] == pytest.approx(best["error"], rel=1e-4)


def test_killed_and_resumed_gives_the_same_weights_bit_for_bit(tmp_path: Path) -> None:
    run(Line(), CONFIG, tmp_path / "whole", silent)
    with pytest.raises(KeyboardInterrupt):
        run(Line(stop_at=17), CONFIG, tmp_path / "killed", silent)
    run(Line(), CONFIG, tmp_path / "killed", silent)
    whole, killed = (torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("whole", "killed"))
    for part in ("model", "average"):
        assert all(torch.equal(whole[part][name], killed[part][name]) for name in whole[part])
    assert whole["best"] == killed["best"]


def test_it_stops_in_time_and_goes_on_later(tmp_path: Path) -> None:
    said: list[str] = []
    run(Line(), replace(CONFIG, minutes=1e-9), tmp_path, said.append)
    assert "Stopped at step 1 of 30" in said[-1]
    run(Line(), CONFIG, tmp_path, said.append)
    assert "Going on from step 1 of 30." in said


def test_the_pace_after_going_on_is_that_of_the_steps_made_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Line(stop_at=17), CONFIG, tmp_path, silent)
    clock = iter(range(10**6))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    said: list[str] = []
    run(Line(), CONFIG, tmp_path, said.append)
    # From step 15 on: the clock ticks once when the loop begins and once when step 20 is done.
    paces = [float(line.split("(")[1].split(" s a step")[0]) for line in said if "s a step" in line]
    assert paces == [0.2, 0.1]


def test_every_validation_leaves_pictures(tmp_path: Path) -> None:
    run(Line(), CONFIG, tmp_path, silent)
    held = EventAccumulator(str(tmp_path / "log")).Reload()
    assert held.Tags()["images"] == ["validation/line"]
    assert [picture.step for picture in held.Images("validation/line")] == [0, 10, 20, 30]


def test_ctrl_c_is_not_held_up_by_who_waits_for_samples(tmp_path: Path) -> None:
    waiting = threading.Event()

    class Stuck(Line):
        def batch(self, step: int, size: int, rank: int) -> Tensor:
            if step == 5:
                raise KeyboardInterrupt
            if step > 5:
                waiting.wait(30)
            return super().batch(step, size, rank)

    since = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(Stuck(), CONFIG, tmp_path, silent)
    taken = time.monotonic() - since
    waiting.set()
    assert taken < 10


def test_the_learning_rate_rises_stays_and_falls() -> None:
    config = LoopConfig(steps=100, warmup=10, cooldown=0.2)
    rates = [rate(step, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:80] == [1.0] * 70
    assert rates[80:] == sorted(rates[80:], reverse=True)
    assert 0 < rates[-1] < 0.1


def test_options_out_of_range_are_named() -> None:
    with pytest.raises(ConfigError, match=r"loop\.batch is 0"):
        LoopConfig(batch=0)
