"""A folder that processes fill with samples while training reads from it. What is there already stays, for next time.

Making a sample costs many times what a step costs, so each is used more than once; which ones a step may use is fixed
beforehand, so that training is repeatable: it waits for those that aren't there yet.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from recon.training.scenes import SceneSource
from render.files.atomic import write_atomically

Maker = Callable[[SceneSource, int], Sequence[bytes]]
"""Scene by number -> one sample's bytes for each of its views. Goes to other processes: no lambda, no open file."""
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 600.0


class SamplesFolder:
    """Samples of scenes 0, 1, ... by scene and view, as files."""

    def __init__(self, folder: Path, views: int, check: Callable[[], None] | None = None):
        """`views` of each scene; `check` raises when there is no use in waiting for one that isn't there."""
        self.folder, self.views, self._check = folder, views, check

    def path(self, scene: int, view: int) -> Path:
        """Of one sample."""
        return self.folder / f"{scene:06d}_{view}.npz"

    def read(self, scene: int, view: int) -> bytes:
        """One sample's bytes; waits until it is there.

        Raises:
            TimeoutError: nobody makes it.
            Exception: what `check` raises.
        """
        since = time.monotonic()
        while True:
            try:
                return self.path(scene, view).read_bytes()
            except FileNotFoundError:
                if self._check is not None:
                    self._check()
                if time.monotonic() - since > PATIENCE_SECONDS:
                    raise TimeoutError(
                        f"{self.path(scene, view)} did not come within {PATIENCE_SECONDS:g} s; "
                        "does anything make samples? With workers=0 nothing does."
                    ) from None
                time.sleep(POLL_SECONDS)

    def fill(self, source: SceneSource, maker: Maker, scenes: range) -> None:
        """Make what is missing of these scenes, one after the other."""
        self.folder.mkdir(parents=True, exist_ok=True)
        parent = multiprocessing.parent_process()
        for scene in scenes:
            if parent is not None and not parent.is_alive():
                return  # Killed, it could not end this process.
            if all(self.path(scene, view).exists() for view in range(self.views)):
                continue
            for view, content in enumerate(maker(source, scene)):
                write_atomically(self.path(scene, view), content)


def available(step: int, batch: int, views: int, reuse: float, scenes: int, start: int) -> int:
    """How many scenes a step may choose from: `start`, then so many more that each view is used `reuse` times."""
    return min(scenes, start + int(step * batch / (views * reuse)))


def chosen(
    step: int, batch: int, views: int, reuse: float, scenes: int, start: int, seed: int
) -> list[tuple[int, int]]:
    """Scene and view of each sample of a step's batch: the same for the same step and seed."""
    rng = np.random.default_rng([seed, step])
    count = available(step, batch, views, reuse, scenes, start)
    return [(int(rng.integers(count)), int(rng.integers(views))) for _ in range(batch)]
