"""Laws of the batcher under random arrivals, cancellations and deadlines, with engines that die, hang or run out."""

import asyncio
import random

import pytest

from server.batcher import Batcher
from server.errors import DeadlineError, EngineError, JobCancelledError, JobError, OutOfMemoryError, QueueFullError
from server.jobs import Answer, Job
from server.lanes import Batch
from tests.server.fakes import GB, LARGE, SMALL, WIDE, FakeEngine, FakeForecast
from tests.server.served import Served, serve

LINGER_SECONDS = 0.5
AGEING_SECONDS = 5.0
BATCH_SECONDS = 2.0
DEVICE_BYTES = 40 * GB
OPTIONS = {
    "device_bytes": DEVICE_BYTES,
    "linger_seconds": LINGER_SECONDS,
    "ageing_seconds": AGEING_SECONDS,
    "batch_seconds": BATCH_SECONDS,
    "max_jobs": 12,
    "max_bytes": 300,
    "hang_seconds": 30.0,
}


class Watched(Batcher):
    """Looks at every batch when it is made, and at who is left waiting."""

    def take(self) -> Batch | None:
        batch = super().take()
        now = self._clock()
        assert all(job.deadline > now and job.ending is None for job in self._waiting)
        if batch is not None:
            self.check_batch(batch, now)
            self.check_order(batch, now)
        return batch

    def check_batch(self, batch: Batch, now: float) -> None:
        """One bucket, within bounds, of jobs that are wanted."""
        forecast, jobs = FakeForecast(), batch.jobs
        assert all(job.shape == batch.shape and job.ending is None and job.deadline > now for job in jobs)
        within = forecast.seconds(batch.shape, len(jobs)) <= BATCH_SECONDS
        assert len(jobs) == 1 or (within and forecast.peak_bytes(batch.shape, len(jobs)) <= DEVICE_BYTES)
        assert not any(job.suspect for job in jobs) or len(jobs) == 1
        assert not any(other.suspect for other in batch.lane.batches) or batch.lane.batches == [batch]

    def check_order(self, batch: Batch, now: float) -> None:
        """Nobody who could have gone has a better claim than the batch's first, nor than any of it in its bucket."""
        idle = batch.lane.batches == [batch]
        for job in self._waiting:
            first = batch.jobs[0].rank < job.rank
            elsewhere = not self._policy.suits(batch.lane, job.shape)
            assert first or elsewhere or (not idle and now < job.arrived + LINGER_SECONDS)
            if job.shape == batch.shape and not job.suspect and not batch.suspect:
                assert all(one.rank < job.rank for one in batch.jobs)
        by_rank = sorted(batch.jobs, key=lambda job: job.rank)
        assert list(batch.jobs) == by_rank
        assert by_rank == sorted(by_rank, key=lambda job: job.arrived - job.priority * AGEING_SECONDS)


async def clients(served: Served, chance: random.Random) -> tuple[int, int]:
    """Seventy requests at random; how many were taken in, and how many were refused."""
    refused = 0
    for _ in range(70):
        await asyncio.sleep(chance.choice([0, 0, 0.1, 0.4, 1.5]))
        payload = chance.choices(["fine", "poison", "slip", "hang"], [30, 1, 1, 1])[0]
        deadline = served.clock() + chance.choice([1.0, 4.0, 1e9, 1e9])
        shape = chance.choice([SMALL, SMALL, SMALL, WIDE, LARGE])
        fields = {"payload": payload, "deadline": deadline, "priority": chance.choice([-1, 0, 0, 1])}
        try:
            served.submit(shape, size_bytes=chance.randrange(60), **fields)
        except (QueueFullError, OutOfMemoryError):
            refused += 1
        places = served.batcher.places
        assert len(places) <= OPTIONS["max_jobs"]
        assert places.held_bytes <= OPTIONS["max_bytes"]
        if served.submit.accepted and chance.random() < 0.15:
            served.dispatcher.cancel(chance.choice(served.submit.accepted[-8:]).id)
    return len(served.submit.accepted), refused


@pytest.mark.parametrize("seed", range(20))
def test_every_accepted_job_ends_once_whatever_happens(seed: int):
    chance = random.Random(seed)
    memory = chance.choice([14 * GB, 30 * GB, 1000 * GB])
    engines = [FakeEngine(chance.choice([1, 2]), memory, chance.choice([0, 2])) for _ in range(chance.choice([1, 2]))]

    async def body(served: Served) -> None:
        accepted, refused = await clients(served, chance)
        await served.all_ended()
        endings = served.submit.endings
        assert accepted + refused == 70
        assert endings.keys() == {job.id for job in served.submit.accepted}
        assert (len(served.batcher.places), served.batcher.places.held_bytes) == (0, 0)
        for job in served.submit.accepted:
            assert endings[job.id] is job.ending
            assert isinstance(job.ending, Answer) or right_to_end(job, memory), job
        runs = [job for engine in engines for jobs in engine.ran for job in jobs]
        assert all(runs.count(job) <= 6 for job in runs)

    serve(body, *engines, kind=Watched, **OPTIONS)


def right_to_end(job: Job, memory_bytes: int) -> bool:
    """Whether a job without an answer has itself to blame."""
    blame: dict[type[JobError], bool] = {
        JobCancelledError: True,
        DeadlineError: job.deadline < 1e9,
        OutOfMemoryError: FakeForecast().peak_bytes(job.shape, 1) > memory_bytes,
        EngineError: job.payload != "fine",
    }
    return blame[type(job.ending)]  # type: ignore[index]
