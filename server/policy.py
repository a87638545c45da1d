"""Which jobs of a bucket go together, when a batch need not wait for more, and when it has taken too long."""

import math
from collections.abc import Sequence

from server.config import BatcherConfig
from server.engine import Forecast
from server.errors import OutOfMemoryError, TooLargeError
from server.jobs import Job, Shape
from server.lanes import Batch, Lane


class Policy:
    """A batch is as many jobs from the front of its bucket as its device's memory and the budget of seconds allow."""

    def __init__(self, config: BatcherConfig, forecast: Forecast, lanes: Sequence[Lane]):
        self._config = config
        self._forecast = forecast
        self._lanes = lanes

    @property
    def most_bytes(self) -> int:
        """What the device with most memory has now."""
        return max(lane.ceiling.now_bytes for lane in self._lanes)

    def check(self, shape: Shape) -> None:
        """As `Batcher.check`."""
        needed, most = self._forecast.peak_bytes(shape, 1), self.most_bytes
        grid = f"{shape.size_wh[0]} x {shape.size_wh[1]}"
        asked = f"{shape.views} photos on a grid of {grid} need about {_gigabytes(needed)}"
        if needed > self._config.device_bytes:
            there = _gigabytes(self._config.device_bytes)
            raise TooLargeError(f"{asked} of the device, which has {there}; fewer photos or a smaller size would do.")
        if needed > most:
            raise OutOfMemoryError(
                f"{asked}, and the device lately ran out beyond {_gigabytes(most)}; try again later, or with fewer "
                "photos."
            )

    def suits(self, lane: Lane, shape: Shape) -> bool:
        """Whether an engine may be given such a job: its memory does for it, or no engine's does."""
        needed = self._forecast.peak_bytes(shape, 1)
        return needed <= lane.ceiling.now_bytes or not self.anywhere(shape)

    def anywhere(self, shape: Shape) -> bool:
        """Whether there is an engine whose memory does for such a job."""
        needed = self._forecast.peak_bytes(shape, 1)
        return any(needed <= lane.ceiling.now_bytes for lane in self._lanes if not lane.broken)

    def batch_of(self, bucket: Sequence[Job], lane: Lane) -> list[Job]:
        """The jobs that would go there now: one at least, and no more than each of them may be among."""
        chosen, at_most, within = [bucket[0]], bucket[0].at_most, self._room(lane)
        for job in bucket[1:]:
            at_most = min(at_most, job.at_most)
            if len(chosen) + 1 > at_most or not self._fits(job.shape, len(chosen) + 1, within):
                break
            chosen.append(job)
        return chosen

    def ripe_at(self, bucket: Sequence[Job], lane: Lane) -> float:
        """From when on the bucket's batch need not wait for more, though its engine has work; -inf: it is full."""
        chosen = self.batch_of(bucket, lane)
        full = len(chosen) < len(bucket) or not self._fits(bucket[0].shape, len(bucket) + 1, self._room(lane))
        if full:
            return -math.inf
        return min(job.arrived for job in bucket) + self._config.linger_seconds

    def goes_beside(self, lane: Lane, job: Job) -> bool:
        """Whether an engine may begin it now, with what it has: nothing is beside a second try, and beside others on
        the device there must be memory for it."""
        if not lane.batches:
            return True
        return not job.suspect and (
            not lane.engine.overlaps or self._forecast.peak_bytes(job.shape, 1) <= self._room(lane)
        )

    def _room(self, lane: Lane) -> int:
        """Memory for another batch."""
        return lane.ceiling.now_bytes - self._beside(lane)

    def _beside(self, lane: Lane) -> int:
        """What the batches need that an engine has on its device beside another; each might be at its peak. What is
        there without any batch, such as weights, counts with the other."""
        if not lane.engine.overlaps:
            return 0
        peak = self._forecast.peak_bytes
        return sum(peak(batch.shape, len(batch.jobs)) - peak(batch.shape, 0) for batch in lane.batches)

    def hung_at(self, lane: Lane) -> float:
        """When an engine that has batches will have taken far too long for the oldest.

        Where they overlap, the device may have been busy with the others.
        """
        oldest = lane.batches[0]
        beside = lane.batches if lane.engine.overlaps else [oldest]
        forecast = sum(self._forecast.seconds(batch.shape, len(batch.jobs)) for batch in beside)
        return oldest.started + max(self._config.hang_seconds, self._config.hang_factor * forecast)

    def seconds(self, shape: Shape, jobs: int, within_bytes: int) -> float:
        """How long a device of so much memory, and its camera solvers, will be busy with so many jobs, in as many
        batches as they take."""
        most = 1
        while most < jobs and self._fits(shape, most + 1, within_bytes):
            most += 1
        batches, rest = divmod(jobs, most)
        return batches * self._forecast.seconds(shape, most) + (self._forecast.seconds(shape, rest) if rest else 0.0)

    def _fits(self, shape: Shape, jobs: int, within_bytes: int) -> bool:
        """Whether so many keep to the budget and the memory."""
        return (
            self._forecast.seconds(shape, jobs) <= self._config.batch_seconds
            and self._forecast.peak_bytes(shape, jobs) <= within_bytes
        )

    def learn(self, batch: Batch) -> int:
        """It ran out of memory, and has left its engine: how many such jobs may be tried now, 0 where it was one."""
        half = len(batch.jobs) // 2
        alone = self._forecast.peak_bytes(batch.shape, 1)
        enough = self._forecast.peak_bytes(batch.shape, half) if half else alone - 1
        batch.lane.ceiling.lower(self._beside(batch.lane) + enough)
        return half

    def crowded(self, batch: Batch) -> bool:
        """Whether others that its engine has still may be why it ran out of memory."""
        return batch.lane.engine.overlaps and bool(batch.lane.batches)


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB"
