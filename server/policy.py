"""Which jobs of a bucket go together, and when a batch need not wait for more."""

import math
from collections.abc import Sequence

from server.config import BatcherConfig
from server.engine import Forecast
from server.errors import OutOfMemoryError, TooLargeError
from server.jobs import Job, Shape
from server.memory import Ceiling


class Policy:
    """A batch is as many jobs from the front of its bucket as the device's memory and the budget of seconds allow."""

    def __init__(self, config: BatcherConfig, forecast: Forecast, ceiling: Ceiling):
        self._config = config
        self._forecast = forecast
        self._ceiling = ceiling

    def check(self, shape: Shape) -> None:
        """As `Batcher.check`."""
        needed = self._forecast.peak_bytes(shape, 1)
        grid = f"{shape.size_wh[0]} x {shape.size_wh[1]}"
        asked = f"{shape.views} photos on a grid of {grid} need about {_gigabytes(needed)}"
        if needed > self._ceiling.device_bytes:
            there = _gigabytes(self._ceiling.device_bytes)
            raise TooLargeError(f"{asked} of the device, which has {there}; fewer photos or a smaller size would do.")
        if needed > self._ceiling.now_bytes:
            there = _gigabytes(self._ceiling.now_bytes)
            raise OutOfMemoryError(
                f"{asked}, and the device lately ran out beyond {there}; try again later, or with fewer photos."
            )

    def batch_of(self, bucket: Sequence[Job]) -> list[Job]:
        """The jobs that would go now: one at least, and no more than each of them may be among."""
        chosen, at_most = [bucket[0]], bucket[0].at_most
        for job in bucket[1:]:
            at_most = min(at_most, job.at_most)
            if len(chosen) + 1 > at_most or not self.fits(job.shape, len(chosen) + 1):
                break
            chosen.append(job)
        return chosen

    def ripe_at(self, bucket: Sequence[Job]) -> float:
        """From when on the bucket's batch need not wait for more, though its engine has work; -inf: it is full."""
        chosen = self.batch_of(bucket)
        full = len(chosen) < len(bucket) or not self.fits(bucket[0].shape, len(bucket) + 1)
        if full:
            return -math.inf
        return min(job.arrived for job in bucket) + self._config.linger_seconds

    def seconds(self, shape: Shape, jobs: int) -> float:
        """How long the device will be busy with so many jobs, in as many batches as they take."""
        most = 1
        while most < jobs and self.fits(shape, most + 1):
            most += 1
        batches, rest = divmod(jobs, most)
        return batches * self._forecast.seconds(shape, most) + (self._forecast.seconds(shape, rest) if rest else 0.0)

    def fits(self, shape: Shape, jobs: int) -> bool:
        """Whether so many keep to the budget and the memory."""
        return (
            self._forecast.seconds(shape, jobs) <= self._config.batch_seconds
            and self._forecast.peak_bytes(shape, jobs) <= self._ceiling.now_bytes
        )

    def learn(self, shape: Shape, jobs: int) -> int:
        """So many ran out of memory: how many may be tried now, 0 where it was one alone."""
        half = jobs // 2
        alone = self._forecast.peak_bytes(shape, 1)
        self._ceiling.lower(self._forecast.peak_bytes(shape, half) if half else alone - 1)
        return half


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB"
