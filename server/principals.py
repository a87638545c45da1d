"""No caller takes more than its share: judged by a request's header, before its files are read, and before a download
begins."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from server.bucket import Bucket
from server.caller import caller
from server.engine import Clock
from server.errors import PrincipalLimitError
from server.guard_config import PrincipalConfig
from server.places import Place, Places

MANY = 10_000
"""So many callers are remembered before those are forgotten that have nothing to be remembered for."""


@dataclass(eq=False)
class _Share:
    """What one caller has taken."""

    requests: Bucket
    size_bytes: Bucket
    download_bytes: Bucket
    on_way: int = 0
    downloads: int = 0

    @property
    def untouched(self) -> bool:
        """Whether a new one would be no different."""
        buckets = (self.requests, self.size_bytes, self.download_bytes)
        return not (self.on_way or self.downloads) and all(b.level == b.per_minute for b in buckets)


class Principals:
    """Every caller's share. All calls come from the event loop's thread."""

    def __init__(self, config: PrincipalConfig | None, clock: Clock):
        """Without `config`, anybody may take all there is."""
        self._config = config
        self._clock = clock
        self._shares: dict[str, _Share] = {}

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._shares)

    def take(self, places: Places, photos: int, size_bytes: int) -> Place:
        """A place for a request of whoever calls. What is refused costs its caller nothing.

        Raises:
            PrincipalLimitError: it is more than one caller's share.
            JobError: see `Places.take`.
        """
        if self._config is None:
            return places.take(size_bytes)
        share = self._share(self._config)
        self._check(self._config, share, photos, size_bytes)
        place = places.take(size_bytes)
        share.requests.take(1)
        share.size_bytes.take(size_bytes)
        share.on_way += 1

        def put_back() -> None:
            share.on_way -= 1

        place.on_release = put_back
        return place

    @contextlib.contextmanager
    def download(self, own: bool = False) -> Iterator[Callable[[int], None]]:
        """Meanwhile whoever calls is sent something; to be told how many bytes it is.

        Args:
            own: of a request that has just been taken in; it counts, and is not refused.

        Raises:
            PrincipalLimitError: it is more than one caller's share.
        """
        if self._config is None:
            yield _count_nothing
            return
        share = self._share(self._config)
        if not own:
            self._check_download(self._config, share)
        share.downloads += 1
        try:
            yield share.download_bytes.take
        finally:
            share.downloads -= 1

    def _share(self, config: PrincipalConfig) -> _Share:
        name = caller.get().principal
        if name not in self._shares:
            if len(self) >= MANY:
                self._shares = {name: share for name, share in self._shares.items() if not share.untouched}
            self._shares[name] = _Share(
                Bucket(config.requests_per_minute, self._clock),
                Bucket(config.bytes_per_minute, self._clock),
                Bucket(config.download_bytes_per_minute, self._clock),
            )
        return self._shares[name]

    def _check(self, config: PrincipalConfig, share: _Share, photos: int, size_bytes: int) -> None:
        if photos > config.max_photos:
            raise _never(f"The request has {photos} photos; at most {config.max_photos}")
        if size_bytes > config.bytes_per_minute:
            raise _never(f"The request has {size_bytes} bytes; at most {config.bytes_per_minute} a minute")
        if share.on_way >= config.max_requests:
            sentence = f"{share.on_way} requests of this caller are on their way; at most {config.max_requests} may be."
            # When one of them ends, nobody knows.
            raise PrincipalLimitError(sentence, 1.0)
        wait = share.requests.wait_seconds(1)
        if wait:
            raise _later(f"{config.requests_per_minute} requests", wait)
        wait = share.size_bytes.wait_seconds(size_bytes)
        if wait:
            raise _later(f"{config.bytes_per_minute} bytes", wait)

    def _check_download(self, config: PrincipalConfig, share: _Share) -> None:
        if share.downloads >= config.max_downloads:
            sentence = (
                f"{share.downloads} downloads of this caller are on their way; at most {config.max_downloads} may be."
            )
            raise PrincipalLimitError(sentence, 1.0)
        wait = share.download_bytes.wait_seconds(1)
        if wait:
            most = f"{config.download_bytes_per_minute} bytes"
            raise PrincipalLimitError(f"A caller is sent {most} a minute; try again in {wait:.1f} s.", wait)


def _count_nothing(_size_bytes: int) -> None:
    pass


def _never(what: str) -> PrincipalLimitError:
    return PrincipalLimitError(f"{what} are taken from one caller.", None)


def _later(what: str, wait: float) -> PrincipalLimitError:
    return PrincipalLimitError(f"A caller may send {what} a minute; try again in {wait:.1f} s.", wait)
