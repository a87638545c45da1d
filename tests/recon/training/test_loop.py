"""Training goes on after a kill as if nothing had happened, and keeps the best."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from recon.training.loop import LoopConfig, rate, run
from render.errors import ConfigError
from tests.recon.training import line
from tests.recon.training.line import CONFIG, Line, silent


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


class BothRanks(Line):
    """What two processes have in a step, in one."""

    def batch(self, step: int, size: int, rank: int) -> Tensor:
        return torch.cat([super(BothRanks, self).batch(step, size, r) for r in (rank, rank + 1)])


def test_two_processes_train_as_one_with_both_batches(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    task = [str(Path(line.__file__)), str(tmp_path / "two")]
    done = subprocess.run([*command, *task], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    run(BothRanks(), CONFIG, tmp_path / "both", silent)
    run(Line(), CONFIG, tmp_path / "first", silent)
    two, both, first = (
        torch.nn.utils.parameters_to_vector(
            torch.load(tmp_path / name / "last.pt", weights_only=True)["average"].values()
        )
        for name in ("two", "both", "first")
    )
    # Half the bits are used where the processor multiplies them, and rounded elsewhere.
    assert (two - both).norm() < 0.1 * (two - first).norm()
