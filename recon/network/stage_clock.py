"""How long each stage of a pass takes, also where the pass rests in the midst of one and goes on later."""

import time
from collections.abc import Callable
from typing import TypeVar

import torch

Result = TypeVar("Result")
Progress = Callable[[str, float, object], None]
"""Called after each stage with its name, its seconds and what it found."""


class StageClock:
    """Hands a stage's result on and tells how long it took; of a pass that rests, its parts have one each."""

    def __init__(self, progress: Progress | None, before: float = 0.0):
        """`before`: seconds that the first stage has taken already."""
        self._progress = progress
        self._before = before
        self._since = time.perf_counter()

    def __call__(self, stage: str, result: Result) -> Result:
        seconds = self.seconds()
        self._before, self._since = 0.0, time.perf_counter()
        if self._progress is not None:
            self._progress(stage, seconds, result)
        return result

    def seconds(self) -> float:
        """Of the stage that is next to be told of, until now."""
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
        return self._before + time.perf_counter() - self._since
