"""A batcher whose clock and engines are moved by hand."""

from server.batcher import Batcher
from server.config import BatcherConfig
from server.jobs import Shape
from server.lanes import Batch
from tests.server.fakes import GB, FakeEngine, FakeForecast, Submitter


class Hand:
    """A batcher with one engine of two slots; a batch of three SMALL jobs fills the budget."""

    def __init__(self, engines: int = 1, slots: int = 2, overlaps: bool = False, **options: float):
        self.now = 0.0
        known = {"device_bytes": 100 * GB, "batch_seconds": 1.5, "linger_seconds": 0.5, "ageing_seconds": 10.0}
        lanes = [FakeEngine(slots, overlaps=overlaps) for _ in range(engines)]
        config = BatcherConfig(**{**known, **options})  # type: ignore[arg-type]
        self.batcher = Batcher(config, FakeForecast(), lanes, lambda: self.now)
        self.submit = Submitter(self.batcher, self.batcher.submit)

    def take(self) -> list[str] | None:
        """Ids of the next batch."""
        batch = self.batcher.take()
        return None if batch is None else [job.id for job in batch.jobs]

    def busy(self) -> Batch:
        """Let the engine run a job of an odd shape; the first of the ids is its."""
        self.submit(Shape("small", 1, (64, 64), 0))
        batch = self.batcher.take()
        assert batch is not None
        return batch

    def done(self, batch: Batch) -> None:
        for job in batch.jobs:
            self.batcher.give_back(batch, job, "scene")
        self.batcher.finish(batch, None)
