"""Does what the batcher says: hands batches to engines, their answers back, and gives a failed engine a new worker."""

import asyncio
import contextlib
import functools
import logging
import math

from server.batcher import Batcher
from server.engine import Clock
from server.errors import EngineError
from server.events import BatchBegan, BatchEnded, QueueChanged, Watch, WorkerReplaced, unwatched
from server.jobs import Job
from server.lanes import Batch, Lane

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
"""Between tries to replace a worker, doubled each time."""

log = logging.getLogger(__name__)


class Dispatcher:
    """Lives on one event loop, whose time runs as the batcher's clock does."""

    def __init__(self, batcher: Batcher, clock: Clock, watch: Watch = unwatched):
        """`clock` is the batcher's."""
        self._batcher = batcher
        self._clock = clock
        self._watch = watch
        self._wake = asyncio.Event()
        self._limits: dict[Batch, asyncio.Timeout] = {}
        """Of the batches that run, by which they are given up."""
        self._in_repair: set[Lane] = set()
        for lane in batcher.lanes:
            lane.engine.on_loss = functools.partial(self._lost, lane)

    def submit(self, job: Job) -> None:
        """As `Batcher.submit`; it will be run."""
        self._batcher.submit(job)
        self._wake.set()

    def cancel(self, job_id: str) -> bool:
        """As `Batcher.cancel`."""
        self._wake.set()
        return self._batcher.cancel(job_id)

    async def serve(self) -> None:
        """Runs until it is cancelled; then jobs that are held end with a DrainingError."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    self._wake.clear()
                    while (batch := self._batcher.take()) is not None:
                        tasks.create_task(self._run(batch))
                    for lane in self._batcher.lanes:
                        if lane.broken and not lane.batches and lane not in self._in_repair:
                            self._in_repair.add(lane)
                            tasks.create_task(self._replace(lane))
                    self._watch(QueueChanged(self._batcher.waiting))
                    # Every batch has its limit once its task has begun.
                    await asyncio.sleep(0)
                    for batch in self._batcher.hung():
                        self._give_up(batch)
                    await self._sleep(self._batcher.next_change())
        finally:
            self._batcher.close()

    def _lost(self, lane: Lane) -> None:
        """The worker died, and no batch with it."""
        lane.broken = True
        self._wake.set()

    def _give_up(self, batch: Batch) -> None:
        limit = self._limits.pop(batch, None)
        if limit is not None:
            limit.reschedule(asyncio.get_running_loop().time())

    async def _sleep(self, until: float) -> None:
        """Until something happens, or the clock says `until`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if until == math.inf else until - self._clock()):
                await self._wake.wait()

    async def _run(self, batch: Batch) -> None:
        failure, since, ids = None, self._clock(), tuple(job.id for job in batch.jobs)
        waited = tuple(since - job.arrived for job in batch.jobs)
        self._watch(BatchBegan(ids, self._batcher.seconds(batch), waited))
        try:
            await self._work(batch)
        except asyncio.CancelledError:
            if _being_cancelled():
                raise
            failure = EngineError("The engine cancelled its own work.")
        except Exception as error:  # noqa: BLE001 - whatever an engine raises, the queue and other engines go on
            failure = error
        if failure is not None:
            log.warning("A batch failed: %s", ", ".join(ids), exc_info=failure)
        self._limits.pop(batch, None)
        self._watch(BatchEnded(ids, self._clock() - since, "" if failure is None else type(failure).__name__))
        self._batcher.finish(batch, failure)
        self._wake.set()

    async def _work(self, batch: Batch) -> None:
        """Let the engine do it, until it is given up."""
        limit = self._limits[batch] = asyncio.timeout(None)
        try:
            async with limit, contextlib.aclosing(batch.lane.engine.run(batch.shape, batch.jobs)) as answers:
                async for job, value in answers:
                    self._batcher.give_back(batch, job, value)
        except TimeoutError as error:
            if not limit.expired():
                raise
            waited = self._clock() - batch.started
            raise EngineError(f"The engine hangs: it was given up after {waited:.0f} s.") from error

    async def _replace(self, lane: Lane) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        while lane.broken:
            try:
                async with asyncio.timeout(lane.engine.replace_seconds):
                    await lane.engine.replace()
                lane.broken = False
                self._watch(WorkerReplaced())
            except Exception:
                # A device may come back, and other engines go on meanwhile.
                log.exception("No new worker; the next try is in %.0f s.", pause_seconds)
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
        self._in_repair.remove(lane)
        self._wake.set()


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
