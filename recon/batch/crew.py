"""The workers of a run: kept at their number, listened to, and given up where they die or fall silent."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait

from recon.batch.fleet import END_SECONDS, Worker
from recon.batch.messages import Message, PackEnded, PackOrder, Ready, Refused
from render.errors import BackendError, SnapsplatError

LOOK_SECONDS = 0.5
"""How long nothing may be heard before who hangs is looked for."""


@dataclass(frozen=True)
class Lost:
    """A worker is gone, and another is in its place."""

    packs: tuple[PackOrder, ...]
    """That it had not ended."""
    how: str
    """In a few words."""


class Crew:
    """One worker for each of some devices."""

    def __init__(
        self,
        devices: Sequence[str],
        start: Callable[[str], Worker],
        patience: Callable[[Sequence[PackOrder]], float],
    ):
        """`start` makes a worker for a device; `patience` is how many seconds one may be silent that has such packs."""
        self._start = start
        self._patience = patience
        self.workers = [start(device) for device in devices]

    def hear(self) -> Iterator[tuple[Worker, Message | Lost]]:
        """What has happened since; waits a little for something.

        Raises:
            BackendError: a worker cannot work here at all.
        """
        by_connection = {worker.connection: worker for worker in self.workers}
        for connection in wait(list(by_connection), LOOK_SECONDS):
            worker = by_connection[connection]  # type: ignore[index]
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                yield worker, self._replace(worker, END_SECONDS)
                continue
            worker.heard = time.monotonic()
            if isinstance(message, Ready):
                worker.ready = True
            elif isinstance(message, Refused):
                raise (
                    message.error
                    if isinstance(message.error, SnapsplatError)
                    else BackendError(f"A worker cannot work on {worker.device}: {message.error}")
                )
            elif isinstance(message, PackEnded):
                worker.packs.pop(message.pack, None)
                worker.alone &= bool(worker.packs)
            yield worker, message
        for worker in list(self.workers):
            busy = worker.packs or not worker.ready
            if busy and time.monotonic() - worker.heard > self._patience(list(worker.packs.values())):
                yield worker, self._replace(worker)

    def _replace(self, worker: Worker, within_seconds: float = 0) -> Lost:
        how = worker.kill(within_seconds)
        if not worker.ready:
            raise BackendError(f"A worker on {worker.device} ended before it could begin ({how}).")
        self.workers[self.workers.index(worker)] = self._start(worker.device)
        return Lost(tuple(worker.packs.values()), how)

    def end(self) -> None:
        """All have done what they had."""
        for worker in self.workers:
            worker.end()

    def kill(self) -> None:
        """All at once."""
        for worker in self.workers:
            worker.kill()
