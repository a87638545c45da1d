"""What running out of memory teaches, and how it is forgotten."""

import pytest

from server.memory import Ceiling


class Hand:
    """A ceiling of 1000 bytes whose clock is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ceiling = Ceiling(1000, half_life_seconds=10.0, clock=lambda: self.now)


def test_half_is_forgotten_in_a_half_life():
    hand = Hand()
    hand.ceiling.lower(200)
    heights = []
    for hand.now in (0.0, 10.0, 20.0, 1000.0):
        heights.append(hand.ceiling.now_bytes)
    assert heights == [200, 600, 800, 1000]


def test_a_new_lesson_counts_from_when_it_was_learned():
    hand = Hand()
    hand.ceiling.lower(200)
    hand.now = 10.0
    hand.ceiling.lower(400)
    assert hand.ceiling.now_bytes == 400
    hand.now = 20.0
    assert hand.ceiling.now_bytes == 700


@pytest.mark.parametrize("to_bytes", [300, 5000])
def test_running_out_with_more_teaches_nothing(to_bytes: int):
    hand = Hand()
    hand.ceiling.lower(200)
    hand.ceiling.lower(to_bytes)
    assert hand.ceiling.now_bytes == 200
