"""Who runs when: jobs in, batches out, one ending for each job. Nothing here waits or does anything by itself.

Knows neither the wire nor torch; time is what its clock says. All calls come from one thread; the dispatcher
(`server/dispatcher.py`) makes those that follow from time and from engines.
"""

import itertools
import math
from collections.abc import Sequence

from server.config import BatcherConfig
from server.engine import Clock, Engine, Forecast
from server.errors import DeadlineError, DrainingError, EngineError, JobCancelledError, JobError, OutOfMemoryError
from server.jobs import Answer, Ending, Job, Shape
from server.lanes import Batch, Lane
from server.memory import Ceiling
from server.outlook import Outlook, outlook
from server.places import Places
from server.policy import Policy
from server.waiting import Waiting

TRIES = 2
"""An engine may fail this often while it holds a job; then the job ends."""


class Batcher:
    """The queue and what is known of the engines."""

    def __init__(self, config: BatcherConfig, forecast: Forecast, engines: Sequence[Engine], clock: Clock):
        """`engines` must be alike: any job may go to any of them."""
        self.places = Places(config.max_jobs, config.max_bytes)
        self.forecast = forecast
        ceilings = [Ceiling(config.device_bytes, config.forget_seconds, clock) for _ in engines]
        self.lanes = [Lane(engine, ceiling) for engine, ceiling in zip(engines, ceilings, strict=True)]
        self._config = config
        self._clock = clock
        self._policy = Policy(config, forecast, self.lanes)
        self._closed = False
        self._looked = clock()
        """When `take` last said what may start."""
        self._held: dict[str, Job] = {}
        self._waiting = Waiting()
        self._count = itertools.count()

    def check(self, shape: Shape) -> None:
        """Refuse what would not fit the device even alone; worth asking before a body is read.

        Raises:
            TooLargeError: it never will.
            OutOfMemoryError: as much was not there when it was last needed.
        """
        self._policy.check(shape)

    def submit(self, job: Job) -> None:
        """Take the job in: from now on it ends exactly once. Where it is refused, its place is still the caller's.

        Raises:
            DrainingError: `close` has been called.
            DeadlineError: its deadline has passed.
            TooLargeError, OutOfMemoryError: see `check`.
            ValueError: a job of this id is held.
        """
        now = self._clock()
        if job.id in self._held:
            raise ValueError(f"A job {job.id!r} is held; an id of its own is expected.")
        if self._closed:
            raise DrainingError("The server has stopped; try again later.")
        if job.deadline <= now:
            raise DeadlineError("The deadline had passed when the request was complete.")
        self.check(job.shape)
        job.arrived = now
        job.rank = (now - job.priority * self._config.ageing_seconds, next(self._count))
        self._held[job.id] = job
        self._queue(job)

    def put_off(self, job: Job, deadline: float) -> None:
        """Somebody wants the job's answer until `deadline`; others may want it for longer."""
        job.deadline = max(job.deadline, deadline)

    def cancel(self, job_id: str) -> bool:
        """End a job now, wherever it is; an engine that runs it is free to stop. False where none is to be ended."""
        job = self._held.get(job_id)
        if job is None or job.ending is not None:
            return False
        self._end(job, JobCancelledError("The request was cancelled."))
        return True

    def take(self) -> Batch | None:
        """The next batch that is to be run, if any may start now; jobs whose deadline has passed have left before.

        It goes to the engine that holds the fewest of those whose memory does: at once if that one is idle, otherwise
        only if it is full or has waited long enough. Among those that may go, the lowest rank does.
        """
        now = self._looked = self._clock()
        for job in [job for job in self._held.values() if job.ending is None and job.deadline <= now]:
            self._end(job, DeadlineError("The deadline passed before the request was done."))
        for lane in sorted((lane for lane in self.lanes if lane.takes), key=lambda lane: len(lane.batches)):
            buckets = self._suited(lane)
            ready = [b for b in buckets if not lane.batches or self._policy.ripe_at(b, lane) <= now]
            bucket = min(ready, key=lambda b: b[0].rank, default=None)
            if bucket is None:
                continue
            if self._policy.goes_beside(lane, bucket[0]):
                return self._begin(lane, bucket, now)
            # A second try has an engine to itself; while it is the next, no other batch may keep the engines busy.
            if bucket[0].suspect:
                return None
        return None

    def _suited(self, lane: Lane) -> list[list[Job]]:
        return [bucket for bucket in self._waiting.buckets if self._policy.suits(lane, bucket[0].shape)]

    def _begin(self, lane: Lane, bucket: Sequence[Job], now: float) -> Batch:
        jobs = tuple(self._policy.batch_of(bucket, lane))
        for job in jobs:
            self._waiting.remove(job)
            job.queued_seconds += now - job.queued_at
        batch = Batch(lane, jobs[0].shape, jobs, now)
        lane.batches.append(batch)
        return batch

    def hung(self) -> list[Batch]:
        """All batches of engines that have taken far too long: whoever runs them is to give up, and `finish` them."""
        now = self._clock()
        lanes = [lane for lane in self.lanes if lane.batches and self._policy.hung_at(lane) <= now]
        return [batch for lane in lanes for batch in lane.batches]

    def next_change(self) -> float:
        """When, by the clock, `take` or `hung` might say something though nothing else has happened; inf: never.

        It may be over: time goes on between `take` and this.
        """
        deadlines = [job.deadline for job in self._held.values() if job.ending is None]
        ripe = [self._policy.ripe_at(b, lane) for lane in self.lanes if lane.takes for b in self._suited(lane)]
        hung = [self._policy.hung_at(lane) for lane in self.lanes if lane.batches]
        return min([*deadlines, *(t for t in (*ripe, *hung) if t > self._looked)], default=math.inf)

    @property
    def waiting(self) -> int:
        """How many jobs no engine has."""
        return len(self._waiting)

    def seconds(self, batch: Batch) -> float:
        """How long a batch should keep its device busy, and the camera solvers, which may be beside it."""
        return self._policy.seconds(batch.shape, len(batch.jobs), batch.lane.ceiling.now_bytes)

    def outlook(self, job: Job) -> Outlook | None:
        """Where a job stands; None where it does not wait any more."""
        if job not in self._waiting:
            return None
        ahead = itertools.takewhile(lambda other: other is not job, self._waiting)
        return outlook(ahead, self.lanes, self._policy, self._clock())

    def outlook_for_another(self) -> Outlook:
        """Where a job would stand that came now and was no more urgent than any that waits."""
        return outlook(self._waiting, self.lanes, self._policy, self._clock())

    def give_back(self, batch: Batch, job: Job, value: object) -> None:
        """The engine is done with one job of a batch, and says `value` of it.

        Raises:
            EngineError: it does not hold that job.
        """
        if job not in batch.open:
            raise EngineError(f"The engine answered job {job.id}, which it does not hold, or no more.")
        batch.open.remove(job)
        self._leave(job, Answer(value))

    def finish(self, batch: Batch, failure: Exception | None) -> None:
        """The engine is done with a batch. What it has neither given back nor was free to drop runs again, or ends."""
        lane = batch.lane
        was_first = lane.batches[0] is batch
        lane.batches.remove(batch)
        if lane.batches and was_first:
            lane.batches[0].started = self._clock()
        left = [job for job in batch.open if job.ending is None]
        for job in batch.open:
            if job.ending is not None:
                self._leave(job, job.ending)
        batch.open.clear()
        if failure is None and left:
            failure = EngineError(f"The engine left {len(left)} of {len(batch.jobs)} jobs without an answer.")
        if isinstance(failure, OutOfMemoryError):
            self._halve(batch, left)
        elif failure is not None:
            lane.broken = True
            self._try_again(left, failure)

    def close(self) -> None:
        """End every job that is held, and take no other. No engine may run any more."""
        self._closed = True
        for lane in self.lanes:
            lane.batches.clear()
        for job in list(self._held.values()):
            if job in self._waiting:
                self._waiting.remove(job)
            self._leave(job, DrainingError("The server stopped before the request was done; send it again later."))

    def _halve(self, batch: Batch, left: Sequence[Job]) -> None:
        at_most, crowded = self._policy.learn(batch), self._policy.crowded(batch)
        for job in left:
            job.at_most = max(1, at_most)
            job.crowded |= crowded and at_most == 0
            job.ran_out += at_most == 0 and not crowded
            # Each engine may try it alone once, if its device has what this one had not.
            if at_most or crowded or (job.ran_out < len(self.lanes) and self._policy.anywhere(job.shape)):
                self._queue(job)
                continue
            self._leave(job, OutOfMemoryError("The device ran out of memory; fewer photos or a smaller size may do."))

    def _try_again(self, left: Sequence[Job], failure: Exception) -> None:
        for job in left:
            job.failures += 1
            if job.failures == TRIES:
                error = EngineError(f"The engine failed {TRIES} times at this request, at last with nothing beside it.")
                error.__cause__ = failure
                self._leave(job, error)
                continue
            self._queue(job)

    def _queue(self, job: Job) -> None:
        job.queued_at = self._clock()
        self._waiting.add(job)

    def _end(self, job: Job, ending: JobError) -> None:
        """Before the engine has said anything; an engine that runs it still has to give it back."""
        if job in self._waiting:
            self._waiting.remove(job)
            self._leave(job, ending)
        else:
            job.end(ending)

    def _leave(self, job: Job, ending: Ending) -> None:
        """No engine holds the job and it does not wait: its place is free, and it has ended, unless it had before."""
        del self._held[job.id]
        job.place.release()
        if job.ending is None:
            job.end(ending)
        job.on_leave()
