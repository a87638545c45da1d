"""Which jobs go when: the batcher by itself, with a clock that is set by hand."""

import pytest

from server.errors import DeadlineError, JobCancelledError, OutOfMemoryError, QueueFullError
from server.jobs import Answer, Shape
from server.outlook import Outlook
from tests.server.by_hand import Hand
from tests.server.fakes import GB, LARGE, SMALL, WIDE


def test_an_idle_engine_gets_what_is_there():
    hand = Hand()
    hand.submit(SMALL)
    assert hand.take() == ["job-0"]


def test_a_busy_engine_gets_a_full_batch_at_once():
    hand = Hand()
    hand.busy()
    hand.submit(SMALL)
    hand.submit(SMALL)
    assert hand.take() is None
    hand.submit(SMALL)
    assert hand.take() == ["job-1", "job-2", "job-3"]


def test_a_busy_engine_gets_a_batch_whose_oldest_has_waited():
    hand = Hand()
    hand.busy()
    hand.submit(SMALL)
    hand.now = 0.3
    hand.submit(SMALL)
    assert hand.take() is None
    hand.now = hand.batcher.next_change()
    assert hand.now == 0.5
    assert hand.take() == ["job-1", "job-2"]


def test_what_ripens_after_the_last_look_is_not_slept_through():
    hand = Hand()
    hand.busy()
    hand.submit(SMALL)
    hand.now = 0.499
    assert hand.take() is None
    hand.now = 0.501
    assert hand.batcher.next_change() == 0.5
    assert hand.take() == ["job-1"]


def test_no_engine_gets_more_than_it_takes():
    hand = Hand()
    hand.busy()
    for _ in range(9):
        hand.submit(SMALL)
    assert hand.take() is not None
    assert hand.take() is None


def test_the_engine_with_least_to_do_gets_the_next():
    hand = Hand(engines=2)
    for _ in range(9):
        hand.submit(SMALL)
    lanes = [batch.lane for _ in range(3) if (batch := hand.batcher.take())]
    assert lanes[0] is not lanes[1]


@pytest.mark.parametrize("other", [WIDE, LARGE, Shape("big", 4, (256, 192), 0), Shape("small", 4, (256, 192), 1)])
def test_shapes_do_not_mix(other: Shape):
    hand = Hand()
    for shape in (SMALL, other, SMALL):
        hand.submit(shape)
    assert hand.take() == ["job-0", "job-2"]


def test_a_job_larger_than_the_budget_goes_alone():
    hand = Hand()
    hand.submit(LARGE)
    hand.submit(LARGE)
    assert hand.take() == ["job-0"]
    assert hand.take() == ["job-1"]


def test_memory_splits_what_the_budget_would_not():
    hand = Hand(device_bytes=9 * GB)
    for _ in range(3):
        hand.submit(SMALL)
    assert hand.take() == ["job-0", "job-1"]


def test_priority_goes_first_and_waiting_makes_up_for_it():
    hand = Hand(slots=1)
    batch = hand.busy()
    hand.submit(SMALL)
    hand.now = 9.0
    hand.submit(WIDE, priority=1)
    hand.now = 11.0
    hand.submit(LARGE, priority=1)
    order = []
    for _ in range(3):
        hand.done(batch)
        batch = hand.batcher.take()
        assert batch is not None
        order += [job.id for job in batch.jobs]
    assert order == ["job-2", "job-1", "job-3"]


def test_within_a_bucket_too_the_urgent_go_first():
    hand = Hand(slots=1)
    batch = hand.busy()
    for priority in (0, 0, 1, 0, 1):
        hand.submit(SMALL, priority=priority)
    hand.done(batch)
    assert hand.take() == ["job-3", "job-5", "job-1"]


def test_a_deadline_that_passes_in_the_queue_costs_nothing():
    hand = Hand(slots=1)
    batch = hand.busy()
    late = hand.submit(SMALL, deadline=2.0)
    assert hand.batcher.next_change() == 2.0
    hand.now = 2.0
    assert hand.take() is None
    assert isinstance(hand.submit.endings[late.id], DeadlineError)
    hand.done(batch)
    assert hand.take() is None
    assert len(hand.batcher.places) == 0


def test_a_deadline_that_passes_while_it_runs_frees_the_place_when_the_engine_lets_go():
    hand = Hand()
    late = hand.submit(SMALL, deadline=2.0)
    batch = hand.batcher.take()
    assert batch is not None
    hand.now = 2.0
    hand.take()
    assert isinstance(late.ending, DeadlineError)
    assert len(hand.batcher.places) == 1
    hand.done(batch)
    assert len(hand.batcher.places) == 0
    assert isinstance(late.ending, DeadlineError)


def test_a_request_that_comes_too_late_is_refused():
    hand = Hand()
    with pytest.raises(DeadlineError, match="had passed"):
        hand.submit(SMALL, deadline=0.0)
    assert len(hand.batcher.places) == 0


def test_a_cancelled_job_leaves_the_queue_at_once():
    hand = Hand()
    first, second = hand.submit(SMALL), hand.submit(SMALL)
    assert hand.batcher.cancel(first.id)
    assert isinstance(first.ending, JobCancelledError)
    assert len(hand.batcher.places) == 1
    assert hand.take() == [second.id]
    assert not hand.batcher.cancel(first.id)
    assert not hand.batcher.cancel("nobody")


def test_a_job_cancelled_while_it_runs_ends_once_and_its_batch_goes_on():
    hand = Hand()
    first, second = hand.submit(SMALL), hand.submit(SMALL)
    batch = hand.batcher.take()
    assert batch is not None
    assert hand.batcher.cancel(first.id)
    assert not hand.batcher.cancel(first.id)
    hand.done(batch)
    assert isinstance(first.ending, JobCancelledError)
    assert second.ending == Answer("scene")
    assert len(hand.batcher.places) == 0


def test_an_id_is_held_once():
    hand = Hand()
    job = hand.submit(SMALL)
    with pytest.raises(ValueError, match="'job-0' is held"):
        hand.batcher.submit(job)


def test_places_are_those_of_the_configuration():
    hand = Hand(max_jobs=2)
    hand.submit(SMALL)
    hand.take()
    hand.submit(SMALL)
    with pytest.raises(QueueFullError, match="All 2 places are taken"):
        hand.submit(SMALL)


def test_a_job_cannot_end_twice():
    job = Hand().submit(SMALL)
    job.end(Answer("scene"))
    with pytest.raises(RuntimeError, match="job-0 ended twice"):
        job.end(Answer("another"))


def told(outlook: Outlook | None) -> tuple[int, float]:
    assert outlook is not None
    return outlook.position, outlook.wait_seconds


def test_clients_are_told_where_they_stand():
    hand = Hand(slots=1)
    hand.busy()  # 0.2 s
    jobs = [hand.submit(shape) for shape in (SMALL, SMALL, WIDE, SMALL, SMALL)]
    urgent = hand.submit(LARGE, priority=1)
    hand.now = 0.1
    assert told(hand.batcher.outlook(urgent)) == (0, pytest.approx(0.1))
    # One LARGE, and two SMALL as one batch.
    assert told(hand.batcher.outlook(jobs[2])) == (3, pytest.approx(0.1 + 1.7 + 0.9))
    # One LARGE, one WIDE, and SMALL as three and one.
    assert told(hand.batcher.outlook_for_another()) == (6, pytest.approx(0.1 + 1.7 + 0.5 + 1.3 + 0.5))
    hand.batcher.cancel(urgent.id)
    assert hand.batcher.outlook(urgent) is None


def test_nobody_waits_for_an_engine_that_is_idle():
    hand = Hand(engines=2)
    assert told(hand.batcher.outlook_for_another()) == (0, 0.0)
    hand.busy()
    assert told(hand.batcher.outlook_for_another()) == (0, 0.0)


def test_a_broken_engine_is_not_counted_on():
    hand = Hand(engines=2, slots=1)
    batch = hand.busy()
    hand.batcher.finish(batch, RuntimeError("worker died"))
    hand.take()  # The other engine has the second try: 0.2 s.
    hand.submit(SMALL)
    assert told(hand.batcher.outlook_for_another()) == (1, pytest.approx(0.2 + 0.5))


def test_what_waits_behind_a_batch_on_its_engine_starts_when_that_is_done():
    hand = Hand()
    first = hand.busy()
    for _ in range(3):
        hand.submit(SMALL)
    hand.batcher.take()
    hand.now = 0.2
    hand.done(first)
    assert hand.batcher.outlook_for_another().wait_seconds == pytest.approx(1.3)


def test_second_tries_are_expected_to_run_alone():
    hand = Hand(slots=1)
    jobs = [hand.submit(SMALL) for _ in range(3)]
    batch = hand.batcher.take()
    assert batch is not None
    hand.batcher.finish(batch, RuntimeError("worker died"))
    hand.batcher.lanes[0].broken = False
    # Three SMALL as one batch would take 1.3 s.
    assert told(hand.batcher.outlook(jobs[2])) == (2, pytest.approx(0.5 + 0.5))
    assert told(hand.batcher.outlook_for_another()) == (3, pytest.approx(3 * 0.5))


def test_what_one_device_has_no_memory_for_another_may_do():
    hand = Hand(engines=2, slots=1)
    job = hand.submit(LARGE)
    first = hand.batcher.take()
    assert first is not None
    hand.batcher.finish(first, OutOfMemoryError("CUDA out of memory"))
    assert job.ending is None
    second = hand.batcher.take()
    assert second is not None
    assert second.lane is not first.lane
    # It does, and the like goes there too; the other is idle, but nothing for it.
    another = hand.submit(LARGE)
    assert hand.take() is None
    hand.submit(SMALL)
    assert hand.take() == ["job-2"]
    hand.done(second)
    assert isinstance(job.ending, Answer)
    assert hand.take() == [another.id]


def test_what_no_device_has_memory_for_ends_and_the_like_is_refused():
    hand = Hand(engines=2, slots=1)
    job = hand.submit(LARGE)
    for _ in range(2):
        batch = hand.batcher.take()
        assert batch is not None
        hand.batcher.finish(batch, OutOfMemoryError("CUDA out of memory"))
    assert isinstance(job.ending, OutOfMemoryError)
    with pytest.raises(OutOfMemoryError, match="lately ran out"):
        hand.submit(LARGE)


def test_waiting_is_counted_over_all_tries():
    hand = Hand(slots=1)
    job = hand.submit(SMALL)
    hand.now = 1.0
    batch = hand.batcher.take()
    assert batch is not None
    hand.now = 10.0
    hand.batcher.finish(batch, RuntimeError("worker died"))
    hand.batcher.lanes[0].broken = False
    hand.now = 15.0
    hand.take()
    assert job.queued_seconds == 1.0 + 5.0


def test_the_latest_deadline_counts():
    hand = Hand(slots=1)
    hand.busy()
    job = hand.submit(SMALL, deadline=2.0)
    hand.batcher.put_off(job, 4.0)
    hand.batcher.put_off(job, 3.0)
    for hand.now, ended in ((3.5, False), (4.0, True)):
        hand.take()
        assert isinstance(job.ending, DeadlineError) == ended


def test_a_batch_that_is_done_before_an_older_one_gives_that_no_more_time():
    hand = Hand(hang_seconds=10.0)
    hand.busy()
    hand.now = 5.0
    hand.submit(WIDE)
    hand.now = 6.0
    second = hand.batcher.take()
    assert second is not None
    hand.done(second)
    hand.now = 10.0
    assert len(hand.batcher.hung()) == 1
