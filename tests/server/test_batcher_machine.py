"""The batcher's promises, whatever is called in whatever order: hypothesis looks for an order that breaks one."""

import math
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.batcher import TRIES, Batcher
from server.config import BatcherConfig
from server.errors import DeadlineError, EngineError, JobCancelledError, OutOfMemoryError, QueueFullError
from server.jobs import Answer, Ending, Job, Shape
from server.lanes import Batch
from tests.server.fakes import GB, LARGE, SMALL, WIDE, FakeEngine, FakeForecast

CONFIG = BatcherConfig(
    device_bytes=40 * GB,
    max_jobs=8,
    max_bytes=100,
    batch_seconds=2.0,
    linger_seconds=0.5,
    ageing_seconds=5.0,
    forget_seconds=60.0,
    hang_seconds=30.0,
)
FORECAST = FakeForecast()
OUTCOMES = ("done", "out of memory", "died", "left one out")


class Machine(RuleBasedStateMachine):
    """Calls the batcher as a dispatcher may, and as engines and clients may make it; the clock is set by hand."""

    @initialize(kinds=st.lists(st.sampled_from([(1, False), (2, False), (3, True)]), min_size=1, max_size=2))
    def start(self, kinds: list[tuple[int, bool]]) -> None:
        self.now = 0.0
        engines = [FakeEngine(slots, overlaps=overlaps) for slots, overlaps in kinds]
        self.batcher = Batcher(CONFIG, FORECAST, engines, lambda: self.now)
        self.endings: dict[str, Ending] = {}
        self.left: Counter[str] = Counter()
        self.accepted: dict[str, Job] = {}
        self.cancelled: set[str] = set()
        self.began: Counter[str] = Counter()
        self.overtaken: Counter[str] = Counter()
        self.running: list[Batch] = []
        self.out_of_memory = False

    @rule(
        shapes=st.lists(st.sampled_from([SMALL, SMALL, SMALL, WIDE, LARGE]), min_size=1, max_size=4),
        size_bytes=st.integers(0, 20),
        priority=st.integers(-1, 1),
        seconds=st.sampled_from([math.inf, math.inf, math.inf, 8.0, 1.0, 0.0]),
    )
    def submit(self, shapes: list[Shape], size_bytes: int, priority: int, seconds: float) -> None:
        """Requests come; what is refused leaves no trace."""
        for shape in shapes:
            self._submit(shape, size_bytes, priority, seconds)

    def _submit(self, shape: Shape, size_bytes: int, priority: int, seconds: float) -> None:
        name = f"job-{len(self.accepted)}"
        free = len(self.batcher.places) < CONFIG.max_jobs
        free &= self.batcher.places.held_bytes + size_bytes <= CONFIG.max_bytes
        try:
            place = self.batcher.places.take(size_bytes)
        except QueueFullError:
            assert not free
            return
        assert free
        job = Job(
            name,
            shape,
            None,
            place,
            lambda ending: self._note(name, ending),
            priority,
            self.now + seconds,
            lambda: self.left.update([name]),
        )
        try:
            self.batcher.submit(job)
            self.accepted[name] = job
        except DeadlineError:
            assert seconds == 0
            place.release()
        except OutOfMemoryError:
            assert self.out_of_memory
            place.release()

    def _note(self, name: str, ending: Ending) -> None:
        assert name not in self.endings
        assert not self.left[name]
        self.endings[name] = ending

    @precondition(lambda self: self.accepted)
    @rule(which=st.integers(0, 7))
    def cancel(self, which: int) -> None:
        """Anybody may cancel, at any time and again; whoever waited is gone at once."""
        name = self._lately(which)
        waited = self._waits(self.accepted[name])
        took = self.batcher.cancel(name)
        assert took == (isinstance(self.endings.get(name), JobCancelledError) and name not in self.cancelled)
        if took:
            self.cancelled.add(name)
        assert not waited or self.left[name] == 1

    @precondition(lambda self: self.accepted)
    @rule(which=st.integers(0, 7), seconds=st.sampled_from([1.0, 20.0]))
    def put_off(self, which: int, seconds: float) -> None:
        """Somebody else wants it for longer."""
        job = self.accepted[self._lately(which)]
        before = job.deadline
        self.batcher.put_off(job, self.now + seconds)
        assert job.deadline == max(before, self.now + seconds)

    def _lately(self, which: int) -> str:
        return list(self.accepted)[-8:][which % min(8, len(self.accepted))]

    @rule(seconds=st.sampled_from([0.1, 0.6, 3.0, 40.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule()
    def wait_until_something_changes(self) -> None:
        """As the dispatcher does."""
        until = self.batcher.next_change()
        assert all(until <= self._patience(batch) for batch in self.running if self._patience(batch) > self.now)
        if until < math.inf:
            self.now = max(self.now, until)
        self.take()

    @rule()
    def take(self) -> None:
        """Every batch that may begin does; see `_begun`."""
        while (batch := self.batcher.take()) is not None:
            self._begun(batch)
        assert all(job.ending is not None or job.deadline > self.now for job in self.accepted.values())
        if not self.running and not any(lane.broken for lane in self.batcher.lanes):
            assert not self._all_waiting(), "engines are idle, and jobs wait"

    def _begun(self, batch: Batch) -> None:
        jobs, lane = batch.jobs, batch.lane
        # What was cancelled, or is too late, costs nothing.
        assert all(job.ending is None and job.deadline > self.now for job in jobs)
        assert all(job.shape == batch.shape for job in jobs)
        assert len(jobs) == 1 or FORECAST.seconds(batch.shape, len(jobs)) <= CONFIG.batch_seconds
        assert len(jobs) == 1 or FORECAST.peak_bytes(batch.shape, len(jobs)) <= lane.ceiling.now_bytes
        beside = self._beside(batch)
        assert beside == 0 or beside + FORECAST.peak_bytes(batch.shape, len(jobs)) <= lane.ceiling.now_bytes
        assert all(len(jobs) <= job.at_most for job in jobs)
        assert len(lane.batches) <= lane.engine.slots
        assert not lane.broken
        # A second try has its engine to itself.
        assert len(lane.batches) == 1 or not any(other.suspect for other in lane.batches)
        assert len(jobs) == 1 or not any(job.suspect for job in jobs)
        alone = lane.batches == [batch]
        for job in self._all_waiting():
            lingers = not alone and self.now < job.arrived + CONFIG.linger_seconds
            fits_here = FORECAST.peak_bytes(job.shape, 1) <= lane.ceiling.now_bytes
            if job.rank < jobs[0].rank and not lingers and fits_here:
                self.overtaken[job.id] += 1
        self.began.update(job.id for job in jobs)
        self.running.append(batch)

    def _beside(self, batch: Batch) -> int:
        """Memory that the device of a batch may need for others meanwhile."""
        others = [other for other in batch.lane.batches if other is not batch]
        needed = sum(FORECAST.peak_bytes(other.shape, len(other.jobs)) for other in others)
        return needed if batch.lane.engine.overlaps else 0

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 3), outcome=st.sampled_from(OUTCOMES), partly=st.booleans())
    def finish(self, which: int, outcome: str, partly: bool) -> None:
        """An engine is done with a batch, one way or another; perhaps it had answered one of its jobs before."""
        batch = self.running.pop(which % len(self.running))
        wanted = [job for job in batch.open if job.ending is None]
        answered = {"done": len(wanted), "left one out": len(wanted) - 1}.get(outcome, partly)
        for job in wanted[: max(0, answered)]:
            self.batcher.give_back(batch, job, "scene")
            assert self.endings[job.id] == Answer("scene")
        if outcome == "out of memory":
            self._run_out(batch)
        else:
            failures = {job: job.failures for job in batch.open if job.ending is None}
            self.batcher.finish(batch, RuntimeError("worker died") if outcome == "died" else None)
            assert all(job.failures == before + 1 for job, before in failures.items())
            assert all((job.id in self.endings) == (job.failures == TRIES) for job in failures)
        assert all(job.ending is None or self.left[job.id] == 1 for job in batch.jobs)
        self.take()

    def _run_out(self, batch: Batch) -> None:
        self.out_of_memory = True
        left, broken = [job for job in batch.open if job.ending is None], batch.lane.broken
        self.batcher.finish(batch, OutOfMemoryError("out of memory"))
        half = len(batch.jobs) // 2
        needed = FORECAST.peak_bytes(batch.shape, half) if half else FORECAST.peak_bytes(batch.shape, 1) - 1
        assert batch.lane.ceiling.now_bytes <= needed + self._beside(batch)
        assert batch.lane.broken == broken
        assert all(job.at_most == max(1, half) and job.failures < TRIES for job in left)
        # Neither is it one job's fault that others were beside it.
        assert (half == 0 and not self._beside(batch)) or all(job.ending is None for job in left)

    @precondition(lambda self: self.running)
    @rule()
    def give_up_what_hangs(self) -> None:
        """As the dispatcher does; a batch of the same engine goes with the one that hangs."""
        hung = self.batcher.hung()
        assert all(self._patience(batch) <= self.now for batch in hung)
        for batch in hung:
            self.running.remove(batch)
            self.batcher.finish(batch, EngineError("hangs"))
            assert batch.lane.broken
        assert all(self.now < self._patience(batch) for batch in self.running)

    def _patience(self, batch: Batch) -> float:
        """When a batch hangs, with whatever is before it on its engine."""
        first, *others = batch.lane.batches
        counted = [first, *others] if batch.lane.engine.overlaps else [first]
        forecast = sum(FORECAST.seconds(one.shape, len(one.jobs)) for one in counted)
        return first.started + max(CONFIG.hang_seconds, CONFIG.hang_factor * forecast)

    @rule()
    def replace(self) -> None:
        """Engines that failed come back once nothing runs there."""
        for lane in self.batcher.lanes:
            lane.broken &= bool(lane.batches)

    @rule()
    def look(self) -> None:
        """What clients are told: everyone behind those of better claim, nobody for less than no time."""
        waiting = sorted(self._all_waiting(), key=lambda job: job.rank)
        outlooks = [self.batcher.outlook(job) for job in waiting]
        assert [outlook.position for outlook in outlooks if outlook is not None] == list(range(len(waiting)))
        seconds = [outlook.wait_seconds for outlook in outlooks if outlook is not None]
        assert seconds == sorted(seconds)
        assert self.batcher.outlook_for_another().position == len(waiting)

    def _waits(self, job: Job) -> bool:
        return self.batcher.outlook(job) is not None

    def _all_waiting(self) -> list[Job]:
        return [job for job in self.accepted.values() if self._waits(job)]

    @invariant()
    def bounds_hold(self) -> None:
        """Places are those of the jobs that are held; each of these waits, or an engine has it."""
        places = self.batcher.places
        held = [job for name, job in self.accepted.items() if not self.left[name]]
        assert len(places) == len(held) <= CONFIG.max_jobs
        assert places.held_bytes == sum(job.place.size_bytes for job in held) <= CONFIG.max_bytes
        running = Counter(job.id for batch in self.running for job in batch.open)
        for job in held:
            assert running[job.id] + self._waits(job) == 1
        assert self.left.keys() <= self.endings.keys()
        assert max(self.left.values(), default=1) == 1

    @invariant()
    def nobody_starves(self) -> None:
        """No batch whose first job has a worse claim begins before a job that could have gone with that engine.

        So a job is begun, at the latest, once all that came before it have been, and those more urgent that came until
        its waiting has made up for that.
        """
        assert not self.overtaken

    @invariant()
    def nobody_is_tried_for_ever(self) -> None:
        """Each failure counts, and memory halves a batch of at most 8 jobs three times before each engine is tried."""
        assert all(count <= TRIES + 3 + len(self.batcher.lanes) for count in self.began.values())

    def teardown(self) -> None:
        """When nothing more comes and engines do well, all that was taken in ends, in a bounded number of turns."""
        if not hasattr(self, "batcher"):
            return
        turns = 0
        while len(self.batcher.places):
            turns += 1
            assert turns <= 3 * CONFIG.max_jobs + 3
            self.replace()
            self.wait_until_something_changes()
            while self.running:
                self.finish(0, "done", False)
        assert self.endings.keys() == self.accepted.keys()
        blamed = (JobCancelledError, DeadlineError, OutOfMemoryError, EngineError)
        assert all(isinstance(ending, (Answer, *blamed)) for ending in self.endings.values())
        assert self.batcher.next_change() == math.inf


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
