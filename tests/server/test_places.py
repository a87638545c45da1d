"""Places are bounded by number and by bytes, and come back."""

import random

import pytest

from server.errors import QueueFullError, TooLargeError
from server.places import Place, Places


@pytest.mark.parametrize("seed", range(5))
def test_bounds_hold_whatever_is_taken_and_released(seed: int):
    chance, places, held = random.Random(seed), Places(max_jobs=5, max_bytes=100), list[Place]()
    for _ in range(300):
        if held and chance.random() < 0.4:
            held.pop(chance.randrange(len(held))).release()
            continue
        size = chance.randrange(60)
        fits = len(held) < 5 and sum(place.size_bytes for place in held) + size <= 100
        if fits:
            held.append(places.take(size))
        else:
            with pytest.raises(QueueFullError):
                places.take(size)
        assert len(places) == len(held) <= 5
        assert places.held_bytes == sum(place.size_bytes for place in held) <= 100
    for place in held:
        place.release()
    assert (len(places), places.held_bytes) == (0, 0)


def test_what_never_fits_is_told_from_what_does_not_fit_now():
    places = Places(max_jobs=5, max_bytes=100)
    with pytest.raises(TooLargeError, match="has 101 bytes; at most 100"):
        places.take(101)
    places.take(70)
    with pytest.raises(QueueFullError, match="has 31 bytes, and 30 of 100 are free"):
        places.take(31)


def test_a_place_is_released_once():
    places = Places(max_jobs=1, max_bytes=100)
    place = places.take(10)
    place.release()
    with pytest.raises(KeyError):
        place.release()
    assert places.held_bytes == 0
