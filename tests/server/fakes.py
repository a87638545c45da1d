"""A clock that jumps, an event loop that lives by it, a stated cost, and an engine that fails when it is told to."""

import asyncio
import itertools
import selectors
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.batcher import Batcher
from server.errors import OutOfMemoryError
from server.jobs import Ending, Job, Shape

SMALL = Shape("small", views=4, size_wh=(256, 192), seed=0)
WIDE = Shape("small", views=4, size_wh=(384, 192), seed=0)
LARGE = Shape("small", views=16, size_wh=(256, 192), seed=0)
GB = 10**9


@dataclass
class FakeForecast:
    """A view takes 0.1 s and 1 GB; a batch 0.1 s and 1 GB more."""

    def seconds(self, shape: Shape, jobs: int) -> float:
        return 0.1 + 0.1 * shape.views * jobs

    def peak_bytes(self, shape: Shape, jobs: int) -> int:
        return GB * (1 + shape.views * jobs)


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for a time it is that time."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("Everything waits, and nothing will ever happen.")
        self.now += timeout
        return super().select(0)


def run_in_fake_time(main: Callable[[Callable[[], float]], Coroutine[Any, Any, None]]) -> None:
    """Run `main`, which gets the clock, on a loop whose hours take no time."""
    selector = _Jumping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now
    try:
        loop.run_until_complete(main(loop.time))
    finally:
        loop.close()


class Submitter:
    """Makes jobs of a batcher and remembers how they ended."""

    def __init__(self, batcher: Batcher, submit: Callable[[Job], None]):
        self.batcher = batcher
        self.endings: dict[str, Ending] = {}
        self.accepted: list[Job] = []
        self._submit = submit
        self._count = itertools.count()

    def __call__(self, shape: Shape = SMALL, *, payload: str = "fine", size_bytes: int = 1, **fields: Any) -> Job:
        name = f"job-{next(self._count)}"
        place = self.batcher.places.take(size_bytes)
        job = Job(name, shape, payload, place, lambda ending: self._note(name, ending), **fields)
        try:
            self._submit(job)
        except BaseException:
            place.release()
            raise
        self.accepted.append(job)
        return job

    def _note(self, name: str, ending: Ending) -> None:
        assert name not in self.endings
        self.endings[name] = ending


@dataclass
class FakeEngine:
    """Takes as long as the forecast says. A payload of "poison" kills its worker, one of "hang" lets it hang, one of
    "slip" is left out."""

    slots: int = 1
    memory_bytes: int = 1000 * GB
    """What it really has."""
    replace_fails: int = 0
    """How many times it can't be replaced."""
    replace_seconds: float = 600.0
    ran: list[tuple[Job, ...]] = field(default_factory=list)
    replaced: int = 0
    running: int = 0
    dead: bool = False
    device: asyncio.Lock = field(default_factory=asyncio.Lock)
    forecast: FakeForecast = field(default_factory=FakeForecast)
    on_loss: Callable[[], None] = lambda: None
    overlaps: bool = False

    async def run(self, shape: Shape, jobs: Sequence[Job]) -> AsyncGenerator[tuple[Job, object], None]:
        assert self.running < self.slots
        assert not self.dead
        self.ran.append(tuple(jobs))
        self.running += 1
        try:
            async with self.device:
                await asyncio.sleep(self.forecast.seconds(shape, len(jobs)))
                if any(job.payload == "hang" for job in jobs):
                    self.dead = True
                    await asyncio.sleep(1e9)
                if any(job.payload == "poison" for job in jobs):
                    self.dead = True
                if self.dead:
                    raise RuntimeError("worker died")
                if self.forecast.peak_bytes(shape, len(jobs)) > self.memory_bytes:
                    raise OutOfMemoryError("CUDA out of memory")
            for job in jobs:
                if job.payload != "slip" and job.ending is None:
                    yield job, f"scene of {job.id}"
        finally:
            self.running -= 1

    async def replace(self) -> None:
        assert self.running == 0
        await asyncio.sleep(5)
        if self.replace_fails:
            self.replace_fails -= 1
            raise RuntimeError("no device")
        self.dead = False
        self.replaced += 1
