"""What a worker knows of one batch on its way through it."""

from concurrent.futures import Future
from dataclasses import dataclass, field

from recon.engine import EngineRun
from recon.network.cameras.hypotheses import Solved
from recon.scene_input import SceneInput
from server.messages import BatchOrder, SceneOrder


class UnwantedError(Exception):
    """All jobs of a batch have ended."""


@dataclass(eq=False)
class WorkerBatch:
    """What is known of one batch on its way through."""

    order: BatchOrder
    ended: set[str] = field(default_factory=set)
    """Jobs that nobody wants any more."""
    answered: set[str] = field(default_factory=set)
    """Jobs that the server has heard of for the last time."""
    inputs: dict[str, SceneInput] = field(default_factory=dict)
    """By job; those that were refused are missing."""
    began: dict[str, float] = field(default_factory=dict)
    """When reading a job's photos began, by `time.perf_counter`."""
    scenes: list[SceneOrder] = field(default_factory=list)
    """Those that are on the device."""
    run: EngineRun | None = None
    """Between the device's parts what it holds there."""
    solving: list[Future[Solved]] = field(default_factory=list)
    """The answers to its questions."""
    unsolved: int = 0
    """How many are to come."""
    ran: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0
    """As if no other batch had been on the device."""
    rests_bytes: int = 0
    """Of the device, between its parts."""

    def open(self) -> list[SceneOrder]:
        """Scenes that go on."""
        return [s for s in self.order.scenes if s.job in self.inputs and s.job not in self.ended]

    def check_wanted(self) -> None:
        """Between stages.

        Raises:
            UnwantedError: all its jobs have ended.
        """
        if not self.open():
            raise UnwantedError
