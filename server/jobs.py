"""One job, from its place in the queue to its one ending. Knows neither the wire nor torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from server.errors import JobError
from server.places import Place


@dataclass(frozen=True)
class Shape:
    """What jobs share that may run as one batch."""

    model: str
    """Name of the network."""
    views: int
    """Photos of one scene."""
    size_wh: tuple[int, int]
    """Width and height of the working grid in pixels."""
    seed: int
    """Of the solvers: an engine takes one for a whole batch."""


@dataclass(frozen=True)
class Answer:
    """What the engine said of a job."""

    value: object
    """A result, or what is wrong with this job alone; the batcher does not look."""


Ending = Answer | JobError


def _nothing() -> None:
    pass


@dataclass(eq=False)
class Job:
    """One request as the batcher sees it. The fields below `on_unwanted` are the batcher's."""

    id: str
    """Unique among the jobs that are held."""
    shape: Shape
    payload: object
    """For the engine."""
    place: Place
    """Released when the job has ended and no engine holds it any more."""
    on_end: Callable[[Ending], None]
    """Called once, with how it ended; must neither raise nor call the batcher. After a cancellation or a deadline, an
    engine may still hold the job then."""
    priority: int = 0
    """Higher goes earlier; a step is worth so many seconds of waiting as the batcher's configuration says."""
    deadline: float = math.inf
    """By the batcher's clock, in seconds: nobody wants an answer from then on. It may be put off later."""
    on_leave: Callable[[], None] = _nothing
    """Called once, after `on_end`, when no engine holds the job any more; must neither raise nor call the batcher."""
    on_unwanted: Callable[[], None] = _nothing
    """Called when it ends without an answer, by a cancellation or its deadline; set by an engine that runs it, which is
    free to stop. Must neither raise nor call the batcher."""

    ending: Ending | None = field(default=None, init=False)
    """How it ended. Engines look at it between stages: what has ended need not go on."""
    arrived: float = field(default=math.nan, init=False)
    """When it was submitted, by the batcher's clock."""
    rank: tuple[float, int] = field(default=(math.nan, 0), init=False)
    """Lower goes first; it never changes, and of equal priority who came earlier has the lower one."""
    at_most: float = field(default=math.inf, init=False)
    """How many jobs its batch may have: half of what ran out of memory."""
    failures: int = field(default=0, init=False)
    """How often an engine failed that held it."""
    ran_out: int = field(default=0, init=False)
    """How many engines' memory did not do for it alone."""
    crowded: bool = field(default=False, init=False)
    """Memory did not do for it beside other batches; whether it does for it alone is to be seen."""
    queued_at: float = field(default=math.nan, init=False)
    """Since when it waits, or did when it last waited, by the batcher's clock."""
    queued_seconds: float = field(default=0.0, init=False)
    """That it has waited, until an engine last got it."""

    @property
    def suspect(self) -> bool:
        """Whether an engine has failed that held it, or ran out: such a job runs alone, so that it takes no other down
        with it, nor another it."""
        return self.failures > 0 or self.crowded

    def end(self, ending: Ending) -> None:
        """Say how it ended.

        Raises:
            RuntimeError: it had ended before.
        """
        if self.ending is not None:
            raise RuntimeError(f"Job {self.id} ended twice: {self.ending!r}, then {ending!r}; once is right.")
        self.ending = ending
        self.on_end(ending)
        if not isinstance(ending, Answer):
            self.on_unwanted()
