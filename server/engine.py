"""What the batcher asks of an engine, and of whoever can tell what a batch will cost."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, runtime_checkable

from server.jobs import Job, Shape

Clock = Callable[[], float]
"""Seconds from any start, never backwards."""


@runtime_checkable
class Engine(Protocol):
    """One device and the worker on it, seen from the server's event loop."""

    slots: int
    """How many batches it takes at a time: 1, or more where it makes the next ones ready while one is on the device."""
    overlaps: bool
    """Whether all batches that it has may be on the device at once, so that its memory must do for them together."""
    replace_seconds: float
    """A worker that `replace` has not made ready by then never will be."""
    on_loss: Callable[[], None]
    """Set by who hands it batches; to be called, on the event loop, when its worker dies while it has none. It gets
    none until it is replaced, so that no job pays for it. A death under a batch is told by that batch's failure alone.
    """

    def run(self, shape: Shape, jobs: Sequence[Job]) -> AsyncGenerator[tuple[Job, object], None]:
        """Each job with its answer, as soon as it is there, in any order.

        A job of which `ending` is set while it runs need not be finished: it is given back with anything, or not at
        all, and the sooner, the sooner its place is free.

        Cancelled half-way, it ends at once: the batch took far too long, or the server stops. What its worker does then
        does not matter until `replace`.

        Raises:
            OutOfMemoryError: the batch was too large for the device; the worker goes on.
            Exception: anything else, such as a worker that died; it is replaced.
        """
        ...

    async def replace(self) -> None:
        """End the worker, if it is still there, and come back with a new one that is ready. No batch is running."""
        ...


@runtime_checkable
class Forecast(Protocol):
    """What a batch of so many jobs of one shape will cost the device; grows with the number."""

    def seconds(self, shape: Shape, jobs: int) -> float:
        """How long the device will be busy with it, and the camera solvers, which may be beside it."""
        ...

    def peak_bytes(self, shape: Shape, jobs: int) -> int:
        """Most memory of the device at a time, weights included; with no job, what is there anyway."""
        ...
