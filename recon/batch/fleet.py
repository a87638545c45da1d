"""A worker as its runner sees it, whatever carries it, and where a run's workers come from."""

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol, runtime_checkable

from recon.batch.machine import Machine
from recon.batch.messages import Order, PackOrder

END_SECONDS = 5.0
"""A worker that is ending, or has been told to go, has so long."""


class Worker:
    """One worker, started at once; when it is dead, it stays so."""

    def __init__(self, device: str, connection: Connection):
        """It says `Ready` on `connection` when it is; the connection ends when it does."""
        self.device = device
        self.connection = connection
        self.ready = False
        self.packs: dict[int, PackOrder] = {}
        """What it has, by number."""
        self.alone = False
        """Whether it has a scene that is to have it for itself."""
        self.heard = time.monotonic()
        """When it said something, or got something while it had nothing."""

    def give(self, order: PackOrder) -> None:
        """One more pack; that it is dead will be noticed when it is listened to."""
        if not self.packs:
            self.heard = time.monotonic()
        self.packs[order.number] = order
        self.say(order)

    def say(self, order: Order) -> None:
        """Send it an order; to one that is dead, nothing."""
        raise NotImplementedError

    def end(self) -> None:
        """Let it go when it has done what it has."""
        raise NotImplementedError

    def kill(self, within_seconds: float = 0) -> str:
        """End it, and say how it had ended of itself, if it had by then."""
        raise NotImplementedError


@runtime_checkable
class Fleet(Protocol):
    """Of one run."""

    machine: Machine
    """What its workers have."""

    def start(self, device: str, staging: Path, /) -> Worker:
        """One more, which is to write into folders of `staging`."""
        ...
