"""What runs where: an engine with the batches that it holds."""

from dataclasses import dataclass, field

from server.engine import Engine
from server.jobs import Job, Shape
from server.memory import Ceiling


@dataclass(eq=False)
class Lane:
    """One engine."""

    engine: Engine
    ceiling: Ceiling
    """Of its device's memory."""
    batches: list["Batch"] = field(default_factory=list)
    """Those that it holds, the oldest first."""
    broken: bool = False
    """It failed, or died idle: it gets nothing until it is replaced, which has to wait for batches that it holds."""

    @property
    def takes(self) -> bool:
        """Whether it may get another batch. Beside a suspect one runs nothing."""
        alone = any(batch.suspect for batch in self.batches)
        return not self.broken and not alone and len(self.batches) < self.engine.slots


@dataclass(eq=False)
class Batch:
    """Jobs of one shape that run together."""

    lane: Lane
    shape: Shape
    jobs: tuple[Job, ...]
    """As they were sent."""
    started: float
    """Since when, by the batcher's clock, no batch is before it on its engine, or it waits there."""
    open: list[Job] = field(init=False)
    """Those that the engine has not given back."""

    def __post_init__(self) -> None:
        self.open = list(self.jobs)

    @property
    def suspect(self) -> bool:
        """Whether it is one job's second try."""
        return self.jobs[0].suspect
