"""Jobs that wait, in buckets of which any may run as one batch, each in the order in which they go.

Ageing needs no bookkeeping: if every job's claim grows by one priority in so many seconds of waiting, who goes before
whom never changes. So a job's rank is fixed when it comes, and nothing overtakes it that comes later than the steps of
priority between them are worth.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator

from server.jobs import Job, Shape


def _rank(job: Job) -> tuple[float, int]:
    return job.rank


def _key(job: Job) -> tuple[Shape, str | None]:
    return job.shape, job.id if job.suspect else None


class Waiting:
    """Buckets by shape; a suspect job has one for itself."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[Shape, str | None], list[Job]] = {}

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self._buckets.values())

    def __iter__(self) -> Iterator[Job]:
        """All jobs, lowest rank first."""
        return heapq.merge(*self._buckets.values(), key=_rank)

    def __contains__(self, job: Job) -> bool:
        bucket = self._buckets.get(_key(job), [])
        place = bisect_left(bucket, job.rank, key=_rank)
        return place < len(bucket) and bucket[place] is job

    @property
    def buckets(self) -> list[list[Job]]:
        """None is empty; each has its lowest rank first."""
        return list(self._buckets.values())

    def add(self, job: Job) -> None:
        """Put it where its rank says."""
        insort(self._buckets.setdefault(_key(job), []), job, key=_rank)

    def remove(self, job: Job) -> None:
        """Take it out.

        Raises:
            KeyError, ValueError: it is not here.
        """
        bucket = self._buckets[_key(job)]
        bucket.remove(job)
        if not bucket:
            del self._buckets[_key(job)]
