"""What is tried again, how often and when, without a server and in no time."""

import random

import pytest
from grpc import StatusCode

from render.errors import ConfigError, SnapsplatError
from snapsplat.client.errors import ServiceError
from snapsplat.client.refusal import Refusal
from snapsplat.client.retries import FAILURES, FEW_FAILURES, LONGEST_PAUSE_SECONDS, Retries

BROKE = Refusal(StatusCode.UNAVAILABLE, "gone")
FULL = Refusal(StatusCode.RESOURCE_EXHAUSTED, "full", "QUEUE_FULL")
DRAINING = Refusal(StatusCode.UNAVAILABLE, "goes", "DRAINING")
UNKNOWN = Refusal(StatusCode.NOT_FOUND, "who?", "REQUEST_UNKNOWN")
CHECKSUM = Refusal(StatusCode.INVALID_ARGUMENT, "other", "CHECKSUM_MISMATCH")


class Times:
    """A request in fake time."""

    def __init__(self, seconds: float = 1e6):
        self.now = 0.0
        self.retries = Retries(seconds, lambda: self.now, random.Random(0))

    def fail(self, refusal: Refusal) -> float:
        """Wait as long as is said."""
        pause = self.retries.pause_after(refusal)
        self.now += pause
        return pause

    def fails_until_the_end(self, refusal: Refusal) -> int:
        """How many calls it takes."""
        for calls in range(1, 1000):
            try:
                self.fail(refusal)
            except ServiceError:
                return calls
        return 1000


def test_a_stream_that_broke_is_asked_for_and_sent_again_where_it_was_not_complete():
    times = Times()
    assert times.retries.sending
    times.fail(BROKE)
    assert not times.retries.sending
    assert times.fail(UNKNOWN) == 0
    assert times.retries.sending


def test_an_unknown_request_that_is_being_sent_is_no_reason_to_send_it_again():
    with pytest.raises(SnapsplatError):
        Times().fail(UNKNOWN)


@pytest.mark.parametrize(("refusal", "calls"), [(BROKE, FEW_FAILURES), (CHECKSUM, FEW_FAILURES), (DRAINING, FAILURES)])
def test_failures_in_a_row_are_counted(refusal: Refusal, calls: int):
    assert Times().fails_until_the_end(refusal) == calls


def test_whatever_is_heard_makes_the_next_failure_the_first():
    times = Times()
    for _ in range(5 * FAILURES):
        times.retries.went_on()
        assert times.fail(BROKE) <= 0.2
    assert times.fails_until_the_end(BROKE) == FAILURES - 1


def test_a_full_queue_is_waited_for_as_long_as_there_is_time():
    times = Times(seconds=600.0)
    assert 600 / LONGEST_PAUSE_SECONDS < times.fails_until_the_end(FULL) < 200
    assert times.now < 600


def test_who_is_told_when_to_come_again_waits_so_long_if_there_is_time():
    later = Refusal(StatusCode.RESOURCE_EXHAUSTED, "share", "PRINCIPAL_LIMIT", retry_seconds=30.0)
    times = Times(seconds=1000.0)
    assert [times.fail(later) for _ in range(20)] == [30.0] * 20
    assert times.retries.sending
    with pytest.raises(ServiceError, match="share"):
        Times(seconds=29.0).fail(later)
    with pytest.raises(ServiceError, match="share"):
        Times().fail(Refusal(StatusCode.RESOURCE_EXHAUSTED, "share", "PRINCIPAL_LIMIT"))


def test_pauses_grow_up_to_a_bound_and_are_not_everyone_s():
    times, others = Times(), Times()
    pauses = [times.fail(FULL) for _ in range(12)]
    assert all(0 < pause <= LONGEST_PAUSE_SECONDS for pause in pauses)
    assert pauses[-1] > 4 * pauses[0]
    others.retries = Retries(1e6, lambda: 0.0, random.Random(1))
    assert [others.fail(FULL) for _ in range(12)] != pauses


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal(StatusCode.INVALID_ARGUMENT, "bad", "NAME_UNKNOWN"), ConfigError),
        (Refusal(StatusCode.CANCELLED, "stopped", "CANCELLED"), ServiceError),
        (Refusal(StatusCode.INTERNAL, "engine", "ENGINE_FAILED"), ServiceError),
        (Refusal(StatusCode.UNAUTHENTICATED, "who are you?"), ServiceError),
        (Refusal(StatusCode.DEADLINE_EXCEEDED, "late"), ServiceError),
        (Refusal(StatusCode.UNIMPLEMENTED, "no such call"), ServiceError),
    ],
)
def test_what_another_try_would_not_mend_is_told_at_once(refusal: Refusal, kind: type[Exception]):
    with pytest.raises(kind):
        Times().fail(refusal)
