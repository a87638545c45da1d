"""How much of the time the device works, by where cameras are solved: `python -m bench.gaps`.

A real worker's scheduling (server/worker.py) with an engine that sleeps for stated seconds. As many batches are with
the worker as the dispatcher gives it; a new one comes when one ends. Prints a markdown table.
"""

import argparse
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch

from recon.network.cameras.hypotheses import Solved
from render.errors import ReconstructionError
from render.files.cameras_json import CamerasFile
from server.messages import BatchEnded, BatchOrder, SceneOrder, receive, send
from server.networks import Networks
from server.solvers import AtOnce
from server.worker import Worker

PROCESSES = 4
"""That solve cameras; here they are threads, as they only sleep."""


@dataclass(frozen=True)
class Stated:
    """Seconds of a batch on the device, before its cameras and after them; of a scene on a CPU."""

    look: float
    build: float
    solve: float
    scenes: int
    """In a batch."""
    photos: float = 0.01
    """To read them, a scene."""

    def row(self) -> str:
        """What was stated, for the table."""
        return f"| {self.look:g} + {self.build:g} | {self.scenes} x {self.solve:g} "


STATED = (Stated(0.03, 0.1, 0.05, 1), Stated(0.03, 0.1, 0.1, 1), Stated(0.05, 0.2, 0.1, 4), Stated(0.1, 0.4, 0.2, 8))


class Sleeping(Networks):
    """One engine, which sleeps and counts how long."""

    def __init__(self, stated: Stated):
        self.device = torch.device("cpu")
        self.stated = stated
        self.engines: Any = {"none": self}
        self.worked: list[tuple[float, float]] = []
        """When the device began with a part, and was done."""

    def work(self, seconds: float) -> None:
        """On the device."""
        since = time.perf_counter()
        time.sleep(seconds)
        self.worked.append((since, time.perf_counter()))

    def begin(self, views: Sequence[str], _told: Callable[..., None], _found: Callable[..., None]) -> Any:
        """See `recon.engine.Engine`."""

        def look() -> Sequence[str]:
            self.work(self.stated.look)
            return views

        def build(_solved: Sequence[Solved]) -> list[ReconstructionError]:
            self.work(self.stated.build)
            return [ReconstructionError("none") for _ in views]

        return SimpleNamespace(look=look, build=build)


@contextmanager
def sleeping(stated: Stated) -> Iterator[None]:
    """What a worker does beside the device, slept."""

    def read(order: SceneOrder) -> SimpleNamespace:
        time.sleep(stated.photos)
        return SimpleNamespace(views=order.job, seconds=stated.photos)

    def solved(_question: str, _seed: int) -> Solved:
        time.sleep(stated.solve)
        return Solved((), stated.solve)

    with mock.patch.multiple("server.worker", read_scene=read, solve=solved):
        yield


def share(stated: Stated, cameras: Executor, slots: int, seconds: float) -> float:
    """Of the time between the first batch's end and the last one's, in which the device works."""
    networks, numbers = Sleeping(stated), count()
    line, far_end = Pipe()
    worker = Worker(far_end, networks, cameras, hung_up=lambda: None)
    threading.Thread(target=worker.run, daemon=True).start()

    def order() -> None:
        batch, nowhere = next(numbers), Path("/nowhere")
        scenes = [
            SceneOrder(f"{batch}-{i}", (), (), nowhere, nowhere, CamerasFile("relative", {}), 64, ())
            for i in range(stated.scenes)
        ]
        send(line, BatchOrder(batch, "none", 0, tuple(scenes)))

    for _ in range(slots):
        order()
    begun = ended = 0.0
    while not begun or ended < begun + seconds:
        if isinstance(receive(line), BatchEnded):
            ended = time.perf_counter()
            begun = begun or ended
            order()
    inside = [min(stop, ended) - max(start, begun) for start, stop in networks.worked if stop > begun and start < ended]
    LINES.append(line)
    return sum(inside) / (ended - begun)


LINES: list[Any] = []
"""Kept open: a worker says what it does to the end of the process."""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement")
    chosen = parser.parse_args()
    print("| device s a batch, before + after | solver s a batch | in the device's thread | beside it |")
    print("|---|---|---|---|")
    for stated in STATED:
        with sleeping(stated), ThreadPoolExecutor(PROCESSES) as pool:
            within = share(stated, AtOnce(), 2, chosen.seconds)
            beside = share(stated, pool, 3, chosen.seconds)
        print(f"{stated.row()}| {within:.0%} | {beside:.0%} |", flush=True)


if __name__ == "__main__":
    main()
