"""Nobody takes more than a share, whatever comes when, and what is refused costs nothing."""

from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render.errors import ConfigError
from server import principals
from server.bucket import Bucket
from server.caller import Caller, caller
from server.errors import PrincipalLimitError, QueueFullError
from server.guard_config import PrincipalConfig
from server.places import Place, Places
from server.principals import Principals

SHARE = PrincipalConfig(
    3, requests_per_minute=10, bytes_per_minute=1000, max_photos=8, max_downloads=2, download_bytes_per_minute=500
)


class FakeClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def take(shares: Principals, places: Places, who: str, photos: int = 1, size_bytes: int = 1) -> Place:
    def taken() -> Place:
        caller.set(Caller(who, known=True))
        return shares.take(places, photos, size_bytes)

    return copy_context().run(taken)


steps = st.lists(
    st.tuples(
        st.sampled_from(["alice", "bob"]),
        st.integers(1, 10),
        st.integers(1, 1200),
        st.sampled_from([0.0, 0.5, 3.0, 20.0, 90.0]),
        st.booleans(),
    ),
    max_size=60,
)


@given(steps)
def test_shares_are_never_exceeded(schedule: list[tuple[str, int, int, float, bool]]):
    clock, places = FakeClock(), Places(100, 10**6)
    shares = Principals(SHARE, clock)
    taken: dict[str, deque[Place]] = {"alice": deque(), "bob": deque()}
    let_in: list[tuple[float, str, int]] = []
    for who, photos, size_bytes, pause, gives_back in schedule:
        clock.now += pause
        if gives_back and taken[who]:
            taken[who].popleft().release()
        try:
            taken[who].append(take(shares, places, who, photos, size_bytes))
        except PrincipalLimitError:
            pass
        else:
            let_in.append((clock.now, who, size_bytes))
            assert photos <= SHARE.max_photos
        assert len(taken[who]) <= SHARE.max_requests
        # In any window: a full bucket, and what flowed in meanwhile.
        for since, _, _ in let_in:
            within = [size for at, name, size in let_in if name == who and at >= since]
            minutes = 1 + (clock.now - since) / 60
            assert len(within) <= SHARE.requests_per_minute * minutes + 1e-6
            assert sum(within) <= SHARE.bytes_per_minute * minutes + 1e-6
    assert len(places) == sum(len(held) for held in taken.values())


@given(st.integers(1, 1000), st.lists(st.integers(1, 1000), max_size=20))
def test_who_waits_as_told_is_let_in_and_not_much_earlier(per_minute: int, amounts: list[int]):
    clock = FakeClock()
    bucket = Bucket(per_minute, clock)
    for amount in amounts:
        if amount > per_minute:
            with pytest.raises(ValueError, match="at most"):
                bucket.wait_seconds(amount)
            continue
        wait = bucket.wait_seconds(amount)
        if wait > 1e-3:
            clock.now += wait - 1e-3
            assert bucket.wait_seconds(amount) > 0
            clock.now += 2e-3
        assert bucket.wait_seconds(amount) == 0
        bucket.take(amount)
        assert bucket.level >= 0


def test_one_caller_does_not_count_for_another():
    shares, places = Principals(SHARE, FakeClock()), Places(100, 10**6)
    held = [take(shares, places, "alice") for _ in range(3)]
    with pytest.raises(PrincipalLimitError, match="3 requests of this caller are on their way; at most 3 may be"):
        take(shares, places, "alice")
    take(shares, places, "bob")
    held[0].release()
    take(shares, places, "alice")


def download(shares: Principals, who: str, size_bytes: int = 0, own: bool = False) -> Callable[[], None]:
    """Begins, and is ended by what comes back."""
    context = copy_context()
    context.run(caller.set, Caller(who, known=True))
    downloading = context.run(shares.download, own)
    context.run(downloading.__enter__)(size_bytes)
    return lambda: context.run(downloading.__exit__, None, None, None) and None


def test_downloads_count_against_the_callers_share_but_never_hold_up_an_own_answer():
    shares = Principals(SHARE, FakeClock())
    ends = [download(shares, "alice") for _ in range(2)]
    with pytest.raises(PrincipalLimitError, match="2 downloads of this caller are on their way; at most 2 may be"):
        download(shares, "alice")
    download(shares, "bob")()
    own = download(shares, "alice", own=True)
    ends[0]()
    with pytest.raises(PrincipalLimitError):
        download(shares, "alice")
    own()
    download(shares, "alice")


def test_bytes_of_downloads_are_owed_until_they_have_flowed_in():
    clock = FakeClock()
    shares = Principals(SHARE, clock)
    # However large a result is, it can be fetched.
    download(shares, "alice", size_bytes=1000)()
    with pytest.raises(PrincipalLimitError, match=r"500 bytes a minute; try again in 60\.1 s") as error:
        download(shares, "alice")
    download(shares, "bob")()
    clock.now += error.value.retry_seconds or 0
    download(shares, "alice")()


def test_what_never_fits_is_told_so():
    shares, places = Principals(SHARE, FakeClock()), Places(100, 10**6)
    for photos, size_bytes, sentence in ((9, 1, "9 photos; at most 8"), (1, 1001, "1001 bytes; at most 1000 a minute")):
        with pytest.raises(PrincipalLimitError, match=sentence) as error:
            take(shares, places, "alice", photos, size_bytes)
        assert error.value.retry_seconds is None


def test_what_is_refused_costs_nothing():
    clock, places = FakeClock(), Places(1, 10**6)
    shares = Principals(SHARE, clock)
    only = take(shares, places, "bob")
    for _ in range(30):
        with pytest.raises(QueueFullError):
            take(shares, places, "alice", size_bytes=900)
    only.release()
    assert take(shares, places, "alice", size_bytes=900).size_bytes == 900
    with pytest.raises(PrincipalLimitError, match=r"1000 bytes a minute; try again in 6\.0 s") as error:
        take(shares, places, "alice", size_bytes=200)
    assert error.value.retry_seconds == pytest.approx(6)


def test_without_a_share_anybody_takes_all():
    shares, places = Principals(None, FakeClock()), Places(100, 10**6)
    assert len([take(shares, places, "alice") for _ in range(100)]) == 100


def test_callers_who_left_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(principals, "MANY", 5)
    clock, places = FakeClock(), Places(100, 10**6)
    shares = Principals(SHARE, clock)
    stays = take(shares, places, "stays")
    for i in range(50):
        clock.now += 100
        take(shares, places, f"caller {i}").release()
        assert len(shares) <= 6
    take(shares, places, "stays")
    take(shares, places, "stays")
    with pytest.raises(PrincipalLimitError):
        take(shares, places, "stays")
    stays.release()


@pytest.mark.parametrize("option", [field.name for field in fields(PrincipalConfig)])
def test_a_share_of_nothing_is_refused(option: str):
    with pytest.raises(ConfigError, match=f"{option} is 0; it must be 1 or more"):
        PrincipalConfig(**{option: 0})
