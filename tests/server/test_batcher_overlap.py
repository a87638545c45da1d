"""Batches that are on one device together: their memory, their order, and how long they may take."""

from server.errors import OutOfMemoryError
from server.jobs import Shape
from tests.server.by_hand import Hand
from tests.server.fakes import GB, LARGE, SMALL


def test_batches_that_overlap_on_a_device_fit_its_memory_together():
    hand = Hand(slots=3, overlaps=True, device_bytes=20 * GB)
    hand.submit(LARGE)  # 17 GB
    first = hand.batcher.take()
    assert first is not None
    hand.submit(SMALL)  # 5 GB
    later = hand.submit(Shape("small", 1, (64, 64), 0), priority=-1)  # 2 GB
    hand.now = 0.5
    assert hand.take() is None, "the little one would fit, but is not to overtake"
    hand.done(first)
    assert hand.take() == ["job-1"]
    assert hand.take() == [later.id]


def test_what_batches_share_of_the_memory_counts_once():
    hand = Hand(slots=3, overlaps=True, device_bytes=13 * GB)
    for views in (4, 5, 3):
        hand.submit(Shape("small", views, (64, 64), 0))
        # 1 GB of weights, and 1 GB a view.
        hand.now += 0.5
        assert hand.take() is not None


def test_what_is_left_of_the_memory_splits_a_batch():
    hand = Hand(slots=3, overlaps=True, device_bytes=15 * GB)
    for _ in range(2):
        hand.submit(SMALL)  # 9 GB
    assert hand.take() == ["job-0", "job-1"]
    for _ in range(2):
        hand.submit(SMALL)
    assert hand.take() == ["job-2"]


def test_a_batch_that_only_gets_ready_beside_another_needs_no_memory_yet():
    hand = Hand(device_bytes=20 * GB)
    hand.submit(LARGE)
    hand.submit(LARGE)
    assert (hand.take(), hand.take()) == (["job-0"], ["job-1"])


def test_what_ran_out_beside_others_is_tried_alone_before_it_ends():
    hand = Hand(slots=3, overlaps=True, device_bytes=40 * GB)
    job = hand.submit(LARGE)
    hand.submit(SMALL)
    first, second = hand.batcher.take(), None
    hand.now = 0.5
    second = hand.batcher.take()
    assert first is not None
    assert second is not None
    hand.batcher.finish(first, OutOfMemoryError("CUDA out of memory"))
    hand.now = 1.0
    assert (job.ending, hand.take()) == (None, None)
    hand.batcher.check(LARGE)
    hand.done(second)
    hand.submit(SMALL)
    assert hand.take() == [job.id]
    hand.now = 2.0
    assert hand.take() is None, "nothing is beside it"


def test_a_device_that_was_busy_with_what_overlaps_does_not_hang():
    hand = Hand(slots=3, overlaps=True, hang_seconds=0.1, hang_factor=1.0)
    hand.busy()  # 0.2 s
    hand.submit(LARGE)  # 1.7 s
    assert hand.take() == ["job-1"]
    hand.now = 1.8
    assert hand.batcher.hung() == []
    hand.now = 2.0
    assert len(hand.batcher.hung()) == 2
