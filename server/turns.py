"""Whose turn it is on the device: parts of batches that are ready, of which each needs it to itself."""

import queue
from collections.abc import Callable
from typing import Literal

Part = Literal["look", "build"]
_BEFORE: dict[Part, int] = {"look": 0, "build": 1}


class Turns:
    """A batch is looked at as soon as it is there: while nobody solves its cameras, the device will have a gap later.

    Otherwise the oldest is built. Who waits to be built is passed by no more batches than the worker has, each once.
    """

    def __init__(self) -> None:
        self._ready: queue.PriorityQueue[tuple[int, int, Callable[[], None]]] = queue.PriorityQueue()

    def put(self, part: Part, batch: int, step: Callable[[], None]) -> None:
        """A part of the batch of this number is ready, once; from any thread."""
        self._ready.put((_BEFORE[part], batch, step))

    def take(self) -> Callable[[], None]:
        """The next one; waits for it."""
        return self._ready.get()[2]
