"""The workers of a run: kept at their number, listened to, and given up where they die or fall silent."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait

from recon.batch.fleet import END_SECONDS, Worker
from recon.batch.messages import Message, PackEnded, PackOrder, Ready, Refused
from render.errors import BackendError, SnapsplatError

STARTS = 3
"""So often in a row a worker is started where none can begin."""
LOOK_SECONDS = 0.5
"""How long nothing may be heard before who hangs is looked for."""


log = logging.getLogger("recon.batch")


@dataclass(frozen=True)
class Lost:
    """A worker is gone; another is in its place, unless too many could not begin there."""

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
        self._failed_starts = dict.fromkeys(self.workers, 0)
        """Of those before it, in a row."""
        self._begun = False

    def hear(self) -> Iterator[Message | Lost]:
        """What has happened since; waits a little for something.

        Raises:
            SnapsplatError: what a worker refuses before any is at work.
            BackendError: no worker is left.
        """
        by_connection = {worker.connection: worker for worker in self.workers}
        for connection in wait(list(by_connection), LOOK_SECONDS):
            worker = by_connection[connection]  # type: ignore[index]
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                yield self._replace(worker, END_SECONDS)
                continue
            worker.heard = time.monotonic()
            if isinstance(message, Ready):
                worker.ready = self._begun = True
                self._failed_starts[worker] = 0
            elif isinstance(message, Refused):
                if not self._begun and isinstance(message.error, SnapsplatError):
                    raise message.error
                yield self._replace(worker, why=str(message.error))
                continue
            elif isinstance(message, PackEnded):
                worker.packs.pop(message.pack, None)
                worker.alone &= bool(worker.packs)
            yield message
        for worker in list(self.workers):
            busy = worker.packs or not worker.ready
            if busy and time.monotonic() - worker.heard > self._patience(list(worker.packs.values())):
                yield self._replace(worker)

    def _replace(self, worker: Worker, within_seconds: float = 0, why: str = "") -> Lost:
        how = worker.kill(within_seconds)
        how = why or how
        failed = self._failed_starts.pop(worker) + (not worker.ready)
        place = self.workers.index(worker)
        if failed < STARTS:
            log.warning("A worker on %s ended (%s); another takes its place.", worker.device, how)
            self.workers[place] = self._start(worker.device)
            self._failed_starts[self.workers[place]] = failed
        else:
            del self.workers[place]
            log.error("No worker can begin on %s (%s); %d others go on.", worker.device, how, len(self.workers))
        if not self.workers:
            raise BackendError(f"No worker is left: {failed} in a row could not begin on {worker.device} ({how}).")
        return Lost(tuple(worker.packs.values()), how)

    def end(self) -> None:
        """All have done what they had."""
        for worker in self.workers:
            worker.end()

    def kill(self) -> None:
        """All at once."""
        for worker in self.workers:
            worker.kill()
