"""Processes that make samples: one that fails is told of at once, and none outlives training."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from recon.training.filling import Filling, StoppedError
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import SceneSource, TrainingScene
from render.errors import BackendError, InputError, PhotoError


class Nothing:
    """Scenes that nobody looks at."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> TrainingScene:
        raise IndexError(index)


class Maker:
    """Scene 0 is made; what becomes of the next one, `then` says."""

    def __init__(self, then: str):
        self.then = then

    def __call__(self, source: SceneSource, scene: int) -> Sequence[bytes]:
        del source
        if scene == 1 and self.then == "refuse":
            raise PhotoError("a.jpg", "is damaged.")
        if scene == 1 and self.then == "fail":
            raise ZeroDivisionError("a bug")
        if scene == 1 and self.then == "be killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if scene == 1 and self.then == "take long":
            time.sleep(600)
        return [b"made"]


@pytest.mark.parametrize(
    ("then", "kind", "sentence"),
    [
        ("refuse", InputError, r"^a\.jpg is damaged\.$"),
        ("fail", RuntimeError, "failed, as is told above: ZeroDivisionError: a bug"),
        ("be killed", BackendError, "was ended by signal 9; was there too little memory"),
    ],
)
def test_who_waits_for_a_process_that_failed_is_told_why(
    tmp_path: Path, then: str, kind: type[Exception], sentence: str
) -> None:
    filling = Filling(SamplesFolder(tmp_path, 1), Nothing(), Maker(then), 3, 1)
    samples = SamplesFolder(tmp_path, 1, filling.check)
    with filling:
        assert samples.read(0, 0) == b"made"
        with pytest.raises(kind, match=sentence):
            samples.read(1, 0)


def test_the_end_comes_soon_whatever_is_being_made(tmp_path: Path) -> None:
    filling = Filling(SamplesFolder(tmp_path, 1), Nothing(), Maker("take long"), 3, 1)
    samples = SamplesFolder(tmp_path, 1, filling.check)
    with filling:
        assert samples.read(0, 0) == b"made"
        since = time.monotonic()
    assert time.monotonic() - since < 3
    with pytest.raises(StoppedError):
        samples.read(1, 0)
