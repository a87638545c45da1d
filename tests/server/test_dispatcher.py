"""Engines that fail, run out and come back: no job is lost, and none is answered twice."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from server.batcher import Batcher
from server.config import BatcherConfig
from server.dispatcher import Dispatcher
from server.errors import DeadlineError, DrainingError, EngineError, JobCancelledError, OutOfMemoryError, TooLargeError
from server.jobs import Answer, Job, Shape
from tests.server.fakes import GB, LARGE, SMALL, WIDE, FakeEngine, FakeForecast, Submitter, run_in_fake_time
from tests.server.served import Served, serve


def numbers(engine: FakeEngine) -> list[int]:
    """How many jobs each batch had."""
    return [len(jobs) for jobs in engine.ran]


def test_every_job_gets_its_own_answer():
    engine = FakeEngine(slots=2)

    async def body(served: Served) -> None:
        jobs = [served.submit(shape) for shape in (SMALL, WIDE, SMALL, LARGE, SMALL, SMALL, WIDE)]
        await served.all_ended()
        assert served.submit.endings == {job.id: Answer(f"scene of {job.id}") for job in jobs}

    serve(body, engine)
    assert all(len({job.shape for job in jobs}) == 1 for jobs in engine.ran)


def test_a_job_that_comes_to_an_idle_server_starts_at_once():
    async def body(served: Served) -> None:
        await asyncio.sleep(100)
        served.submit(SMALL)
        await asyncio.sleep(0.51)
        assert served.submit.endings.keys() == {"job-0"}

    serve(body, FakeEngine(), linger_seconds=60.0)


def test_what_runs_out_of_memory_is_halved_and_learned():
    engine = FakeEngine(memory_bytes=14 * GB)

    async def body(served: Served) -> None:
        for _ in range(8):
            served.submit(SMALL)
        await served.all_ended()
        assert all(isinstance(ending, Answer) for ending in served.submit.endings.values())
        assert numbers(engine) == [8, 4, 2, 2, 2, 2]
        for _ in range(2):
            served.submit(SMALL)
        await served.all_ended()
        assert numbers(engine)[6:] == [2]

    serve(body, engine, batch_seconds=9.0)


def test_what_was_halved_stays_so_though_the_lesson_is_forgotten():
    engine = FakeEngine(memory_bytes=14 * GB)

    async def body(served: Served) -> None:
        jobs = [served.submit(SMALL) for _ in range(8)]
        await served.all_ended()
        assert all(isinstance(job.ending, Answer) for job in jobs)

    serve(body, engine, batch_seconds=9.0, forget_seconds=1e-3)
    assert numbers(engine) == [8, 4, 2, 2, 4, 2, 2]


def test_what_runs_out_alone_ends_and_the_like_is_refused_for_a_while():
    engine = FakeEngine(memory_bytes=10 * GB)

    async def body(served: Served) -> None:
        job = served.submit(LARGE)
        await served.all_ended()
        assert isinstance(job.ending, OutOfMemoryError)
        with pytest.raises(OutOfMemoryError, match=r"16 photos .* need about 17\.0 GB, and the device lately ran out"):
            served.submit(LARGE)
        served.submit(SMALL)
        await asyncio.sleep(3600)
        served.submit(LARGE)
        await served.all_ended()
        assert numbers(engine) == [1, 1, 1]
        assert engine.replaced == 0

    serve(body, engine)


def test_what_never_fits_is_refused():
    async def body(served: Served) -> None:
        with pytest.raises(TooLargeError, match=r"need about 17\.0 GB of the device, which has 10\.0 GB"):
            served.submit(LARGE)
        assert len(served.batcher.places) == 0

    serve(body, FakeEngine(), device_bytes=10 * GB)


def test_one_poisoned_job_takes_no_other_down():
    engine = FakeEngine(slots=2)

    async def body(served: Served) -> None:
        jobs = [served.submit(SMALL, payload="poison" if i == 4 else "fine") for i in range(9)]
        await served.all_ended()
        for i, job in enumerate(jobs):
            assert isinstance(job.ending, EngineError if i == 4 else Answer)

    serve(body, engine)
    assert engine.replaced == 2


def test_nothing_runs_beside_a_second_try():
    engine = FakeEngine(slots=2)

    async def body(served: Served) -> None:
        served.submit(SMALL, payload="poison")
        await asyncio.sleep(5.6)
        assert numbers(engine) == [1, 1]
        innocent = [served.submit(WIDE) for _ in range(3)]
        await served.all_ended()
        assert all(isinstance(job.ending, Answer) for job in innocent)

    serve(body, engine)
    assert numbers(engine) == [1, 1, 3]


def test_jobs_of_a_failed_batch_run_again_once_and_alone():
    engine = FakeEngine()

    async def body(served: Served) -> None:
        jobs = [served.submit(SMALL, payload="poison") for _ in range(3)]
        await served.all_ended()
        assert all(isinstance(job.ending, EngineError) for job in jobs)

    serve(body, engine)
    assert numbers(engine) == [3, 1, 1, 1]


def test_a_job_that_the_engine_forgot_runs_again():
    engine = FakeEngine()

    async def body(served: Served) -> None:
        good, forgotten = served.submit(SMALL), served.submit(SMALL, payload="slip")
        await served.all_ended()
        assert isinstance(good.ending, Answer)
        assert isinstance(forgotten.ending, EngineError)
        assert "left 1 of 1 jobs without an answer" in str(forgotten.ending.__cause__)

    serve(body, engine)
    assert engine.ran[0][0].id == "job-0"
    assert numbers(engine) == [2, 1]


def test_an_engine_that_cannot_be_replaced_is_tried_again():
    engine = FakeEngine(replace_fails=3)

    async def body(served: Served) -> None:
        served.submit(SMALL, payload="poison")
        await asyncio.sleep(1)
        waiting = served.submit(WIDE)
        await served.all_ended()
        assert isinstance(waiting.ending, Answer)
        # Three batches of 0.5 s, five replacements of 5 s, pauses of 1, 2 and 4 s.
        assert served.clock() == pytest.approx(1.5 + 25 + 7, abs=0.1)

    serve(body, engine)


class Moody(FakeEngine):
    """Does what its mood says before it is itself again."""

    mood = "cancels"

    async def run(self, shape: Shape, jobs: Sequence[Job]) -> AsyncGenerator[tuple[Job, object], None]:
        mood, self.mood = self.mood, "sound"
        if mood == "cancels":
            raise asyncio.CancelledError
        if mood == "dies":
            raise RuntimeError("worker died")
        async for job, value in super().run(shape, jobs):
            yield job, value
            if mood == "repeats":
                yield job, value


@pytest.mark.parametrize("mood", ["cancels", "repeats"])
def test_an_engine_that_misbehaves_is_replaced_and_each_job_answered_once(mood: str):
    engine = Moody()
    engine.mood = mood

    async def body(served: Served) -> None:
        jobs = [served.submit(SMALL) for _ in range(3)]
        await served.all_ended()
        assert [job.ending for job in jobs] == [Answer(f"scene of {job.id}") for job in jobs]

    serve(body, engine)
    assert engine.replaced == 1


def test_a_worker_that_dies_idle_is_replaced_before_the_next_batch():
    engine = FakeEngine()

    async def body(served: Served) -> None:
        served.submit(SMALL)
        await served.all_ended()
        engine.dead = True
        engine.on_loss()
        job = served.submit(SMALL)
        await served.all_ended()
        assert (job.failures, job.ending) == (0, Answer(f"scene of {job.id}"))

    serve(body, engine)
    assert (numbers(engine), engine.replaced) == ([1, 1], 1)


def test_while_one_engine_cannot_be_replaced_the_other_goes_on():
    broken, sound = Moody(replace_fails=10**6), FakeEngine()
    broken.mood = "dies"

    async def body(served: Served) -> None:
        jobs = [served.submit(SMALL) for _ in range(6)]
        await served.all_ended()
        assert all(isinstance(job.ending, Answer) for job in jobs)
        assert served.clock() < 10

    serve(body, broken, sound)
    assert numbers(sound) == [3, 1, 1, 1]


def test_an_engine_that_hangs_is_given_up_with_all_that_it_holds():
    engine = FakeEngine(slots=2)

    async def body(served: Served) -> None:
        hangs = served.submit(SMALL, payload="hang")
        await asyncio.sleep(0.1)
        behind = served.submit(WIDE)
        await served.all_ended()
        assert isinstance(hangs.ending, EngineError)
        assert "hangs: it was given up after 30 s" in str(hangs.ending.__cause__)
        assert behind.ending == Answer(f"scene of {behind.id}")
        # Twice 30 s, and 5 s for each new worker.
        assert served.clock() == pytest.approx(70, abs=1)

    serve(body, engine, hang_seconds=30.0)
    assert numbers(engine) == [1, 1, 1, 1]
    assert engine.replaced == 2


def test_a_batch_behind_another_hangs_no_sooner_for_that():
    engine = FakeEngine(slots=2)

    async def body(served: Served) -> None:
        jobs = [served.submit(LARGE), served.submit(LARGE)]
        await served.all_ended()
        assert all(isinstance(job.ending, Answer) for job in jobs)

    # Each takes 1.7 s.
    serve(body, engine, hang_seconds=2.0, hang_factor=1.0)
    assert engine.replaced == 0


def test_a_worker_that_is_never_ready_is_replaced_by_another():
    class Stuck(FakeEngine):
        async def replace(self) -> None:
            if self.replace_fails:
                self.replace_fails -= 1
                await asyncio.sleep(1e9)
            await super().replace()

    engine = Stuck(replace_fails=1, replace_seconds=50.0)

    async def body(served: Served) -> None:
        served.submit(SMALL, payload="poison")
        await served.all_ended()
        assert 50 < served.clock() < 50 + 20

    serve(body, engine)


def test_deadlines_are_kept_while_the_engine_is_busy():
    async def body(served: Served) -> None:
        served.submit(LARGE)
        late = served.submit(SMALL, deadline=1.0)
        await asyncio.sleep(1.01)
        assert isinstance(late.ending, DeadlineError)

    engine = FakeEngine()
    serve(body, engine)
    assert [job.id for jobs in engine.ran for job in jobs] == ["job-0"]


def test_a_second_try_that_is_cancelled_lets_others_go_on():
    async def body(served: Served) -> None:
        poison = served.submit(SMALL, payload="poison")
        await asyncio.sleep(1)
        other = served.submit(WIDE)
        assert served.dispatcher.cancel(poison.id)
        await served.all_ended()
        assert isinstance(poison.ending, JobCancelledError)
        assert isinstance(other.ending, Answer)

    engine = FakeEngine()
    serve(body, engine)
    assert numbers(engine) == [1, 1]


def test_what_a_second_try_held_up_goes_on_when_that_is_cancelled():
    broken, sound = Moody(replace_fails=10**6), FakeEngine(slots=2)
    broken.mood = "dies"

    async def body(served: Served) -> None:
        suspect = served.submit(SMALL)
        others = [served.submit(LARGE)]
        await asyncio.sleep(0.1)
        others += [served.submit(WIDE) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert sound.ran == [(others[0],)]
        served.dispatcher.cancel(suspect.id)
        await asyncio.sleep(0.001)
        assert sound.ran == [(others[0],), tuple(others[1:])]

    serve(body, broken, sound)


def test_a_server_that_stops_waits_for_nothing():
    engine = FakeEngine()

    async def main(clock: Callable[[], float]) -> None:
        batcher = Batcher(BatcherConfig(100 * GB), FakeForecast(), [engine], clock)
        dispatcher = Dispatcher(batcher, clock)
        job = Submitter(batcher, dispatcher.submit)(LARGE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(dispatcher.serve(), timeout=1.0)
        assert clock() == pytest.approx(1.0)
        assert isinstance(job.ending, DrainingError)
        assert len(batcher.places) == 0
        with pytest.raises(DrainingError, match="has stopped"):
            Submitter(batcher, dispatcher.submit)(SMALL)

    run_in_fake_time(main)
    assert (numbers(engine), engine.running, engine.replaced) == ([1], 0, 0)


def test_a_job_of_low_priority_gets_its_turn_under_a_flood():
    async def body(served: Served) -> None:
        for _ in range(8):
            served.submit(SMALL)
        low = served.submit(WIDE, priority=-1)
        while low.ending is None and served.clock() < 100:
            served.submit(SMALL)
            served.submit(SMALL)
            await asyncio.sleep(0.9)
        # A step of priority is worth 20 s; then what came before that has to go, and what runs.
        assert 20 < served.clock() < 26

    serve(body, FakeEngine(slots=2), ageing_seconds=20.0, batch_seconds=1.0, max_jobs=1000)
