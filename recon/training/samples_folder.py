"""A folder that processes fill with samples while training reads from it. What is there already stays, for next time.

Making a sample costs many times what a step costs, so each is used more than once; which ones a step may use is fixed
beforehand, so that training is repeatable: it waits for those that aren't there yet.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
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

    def __init__(self, folder: Path, views: int):
        """`views` of each scene."""
        self.folder, self.views = folder, views

    def path(self, scene: int, view: int) -> Path:
        """Of one sample."""
        return self.folder / f"{scene:06d}_{view}.npz"

    def read(self, scene: int, view: int) -> bytes:
        """One sample's bytes; waits until it is there.

        Raises:
            TimeoutError: nobody makes it.
        """
        since = time.monotonic()
        while True:
            try:
                return self.path(scene, view).read_bytes()
            except FileNotFoundError:
                if time.monotonic() - since > PATIENCE_SECONDS:
                    raise TimeoutError(
                        f"{self.path(scene, view)} did not come within {PATIENCE_SECONDS:g} s; "
                        "were the processes that make samples stopped, or did one fail above?"
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

    def start_filling(self, source: SceneSource, maker: Maker, scenes: int, workers: int) -> list[BaseProcess]:
        """The same in processes of their own, which end with this one."""
        spawn = multiprocessing.get_context("spawn")
        processes: list[BaseProcess] = []
        for worker in range(workers):
            mine = range(worker, scenes, workers)
            process = spawn.Process(target=_fill, args=(self, source, maker, mine), daemon=True)
            process.start()
            processes.append(process)
        return processes


def _fill(folder: SamplesFolder, source: SceneSource, maker: Maker, scenes: range) -> None:
    os.nice(5)  # Training goes first.
    folder.fill(source, maker, scenes)


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
