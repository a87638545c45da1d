"""Requests by their ids: those that run, those that failed lately, and those whose results are kept."""

import asyncio
import itertools
import logging
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from render.errors import SnapsplatError
from server.batcher import Batcher
from server.caller import chosen, claim
from server.dispatcher import Dispatcher
from server.engine import Clock
from server.errors import EngineError, IdTakenError, JobError, UnknownRequestError
from server.events import Accepted, JobEnded, Watch, unwatched
from server.jobs import Answer, Ending, Job, Shape
from server.pb import result_pb2
from server.places import Place
from server.request import Request
from server.results import Results
from server.run import Run
from server.status import STATUS, row_of
from server.stored import FILES, Result, StoredFile, stored_files, write_manifest
from server.upload import ReceivedImage
from server.work import Outcome, Work, Workshop

FAILURES_KEPT = 1000
"""So many errors can still be asked for."""
WANTED_KEPT = 1000
"""Of so many results it is known that nobody has fetched them yet."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """What a request would cost."""

    seconds: float
    """Of work."""
    peak_bytes: int
    """Most memory of the device."""
    wait_seconds: float
    """Before it."""
    refusal: str
    """Why it would not be taken, or empty."""


class Desk:
    """All calls come from the event loop's thread."""

    def __init__(
        self,
        batcher: Batcher,
        dispatcher: Dispatcher,
        workshop: Workshop,
        results: Results,
        clock: Clock,
        watch: Watch = unwatched,
    ):
        """`clock` is the batcher's."""
        self.places = batcher.places
        self.results = results
        self.workshop = workshop
        self._batcher = batcher
        self._dispatcher = dispatcher
        self._clock = clock
        self._watch = watch
        self._runs: dict[str, Run] = {}
        self._jobs: dict[str, Job] = {}
        self._count = itertools.count()
        self._failed: OrderedDict[str, Run] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unfetched: OrderedDict[str, float] = OrderedDict()
        """Ids of results, and until when somebody wants them."""

    def __len__(self) -> int:
        """How many requests are on their way."""
        return len(self._runs)

    async def empty(self) -> None:
        """Wait until none is."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def wanted(self) -> bool:
        """Whether somebody may still come for a result: one on its way, or one that is there, that nobody has got whole
        and that is waited for by its deadline."""
        now, unfetched = self._clock(), self._unfetched.items()
        return bool(self._runs) or any(until > now and self.results.find(name) for name, until in unfetched)

    def fetched(self, found: Run | Result) -> None:
        """Somebody has got all of it."""
        self._unfetched.pop(key_of(found), None)

    def joined(self, request: Request) -> Run | Result | None:
        """What there is of this request already; of one that failed, nothing: it may be tried again.

        Raises:
            IdTakenError: its id is another request's.
        """
        run, result = self._runs.get(request.id), self.results.find(request.id)
        known = run.request.fingerprint if run is not None else result.fingerprint if result is not None else None
        if known not in (None, request.fingerprint):
            raise IdTakenError(
                f"The id {chosen(request.id)!r} is that of a request with another header; choose a new one."
            )
        return run if run is not None else result

    def find(self, request_id: str) -> Run | Result:
        """What there is of a request of this caller, by the id that the caller chose; failed ones included.

        Raises:
            UnknownRequestError: nothing, or no more.
        """
        return self._found(claim(request_id))

    def _found(self, request_id: str) -> Run | Result:
        found = self._runs.get(request_id) or self.results.find(request_id) or self._failed.get(request_id)
        if found is None:
            raise UnknownRequestError(chosen(request_id))
        return found

    def deadline(self, seconds: float | None) -> float:
        """By the batcher's clock, what a client waits for `seconds` from now; None: it has all the time."""
        return self._clock() + (math.inf if seconds is None else seconds)

    def put_off(self, request_id: str, deadline: float) -> None:
        """Somebody who listens wants the request until then, if it is on its way: the latest deadline counts."""
        if request_id in self._jobs:
            self._batcher.put_off(self._jobs[request_id], deadline)

    async def start(
        self, request: Request, images: tuple[ReceivedImage, ...], place: Place, deadline: float
    ) -> Run | Result:
        """Let it run, to be done by `deadline`, or join what was faster.

        Where this fails or joins, the place is still the caller's.

        Raises:
            PhotoError: a photo cannot be used.
            JobError: see `Batcher.submit`, and `joined`.
            OutputError: there is no room for a result.
        """
        shape = await self.workshop.shape(request, images)
        other = self.joined(request)
        if other is not None:
            return other
        staging = self.results.stage()
        ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        left = asyncio.Event()
        run = Run(request, place, lambda: self._batcher.outlook(job))
        work = Work(request, images, staging / FILES, run.tell)
        # An engine may still hold a job of this request that was cancelled.
        name = f"{request.id}#{next(self._count)}"
        job = Job(name, shape, work, place, ended.set_result, request.priority, deadline, left.set)
        try:
            self._dispatcher.submit(job)
        except BaseException:
            self.results.discard(staging)
            raise
        self._runs[request.id], self._jobs[request.id] = run, job
        self._failed.pop(request.id, None)
        self._watch(Accepted(len(request.names), request.size_bytes))
        task = asyncio.create_task(self._see_through(run, job, ended, left, staging))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def plan(self, shape: Shape) -> Plan:
        """What a request would cost that came now and ran alone."""
        refusal = ""
        try:
            self._batcher.check(shape)
        except JobError as error:
            refusal = str(error)
        forecast = self._batcher.forecast
        wait_seconds = self._batcher.outlook_for_another().wait_seconds
        return Plan(forecast.seconds(shape, 1), forecast.peak_bytes(shape, 1), wait_seconds, refusal)

    def cancel(self, request_id: str) -> bool:
        """End a request of this caller, wherever it is; False where it had ended.

        Raises:
            UnknownRequestError: there is none.
        """
        key = claim(request_id)
        self._found(key)
        return key in self._jobs and self._dispatcher.cancel(self._jobs[key].id)

    async def _see_through(
        self, run: Run, job: Job, ended: "asyncio.Future[Ending]", left: asyncio.Event, staging: Path
    ) -> None:
        error, stages = None, {}
        try:
            outcome = _outcome(await ended)
            await self._keep(run.request, job, outcome, staging)
            stages = {stage.stage: stage.seconds for stage in outcome.summary.stages}
            self._unfetched[run.request.id] = job.deadline
            while len(self._unfetched) > WANTED_KEPT:
                self._unfetched.popitem(last=False)
        except Exception as failure:
            if row_of(type(failure)) is STATUS[Exception]:
                log.error("A request failed unexpectedly.", exc_info=failure)
            error = failure
            self._failed[run.request.id] = run
            while len(self._failed) > FAILURES_KEPT:
                self._failed.popitem(last=False)
        del self._runs[run.request.id], self._jobs[run.request.id]
        self._watch(JobEnded(_reason(error), self._clock() - job.arrived, stages))
        run.end(error)
        if error is not None:
            # An engine may hold a job that has ended, and write.
            await left.wait()
            self.results.discard(staging)

    async def _keep(self, request: Request, job: Job, outcome: Outcome, staging: Path) -> None:
        def made() -> Result:
            files = stored_files(staging / FILES, request.file_kinds)
            outcome.summary.seconds = self._clock() - job.arrived
            outcome.summary.queued_seconds = job.queued_seconds
            result = _result(request, outcome, files)
            write_manifest(staging, result)
            return result

        self.results.keep(staging, await asyncio.to_thread(made))


def key_of(found: Run | Result) -> str:
    """By which its result is kept."""
    return found.request.id if isinstance(found, Run) else found.request_id


def _outcome(ending: Ending) -> Outcome:
    value = ending.value if isinstance(ending, Answer) else ending
    if isinstance(value, Outcome):
        return value
    raise value if isinstance(value, SnapsplatError) else EngineError(f"The engine said {value!r}.")


def _result(request: Request, outcome: Outcome, files: tuple[StoredFile, ...]) -> Result:
    cameras = result_pb2.ResultEvent(cameras=outcome.cameras).SerializeToString().hex()
    summary = result_pb2.ResultEvent(summary=outcome.summary).SerializeToString().hex()
    return Result(request.id, request.fingerprint, time.time(), cameras, summary, files)


def _reason(error: Exception | None) -> str:
    return "OK" if error is None else row_of(type(error)).reason
