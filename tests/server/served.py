"""A dispatcher at work in fake time, beside which a test does what it likes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from server.batcher import Batcher
from server.config import BatcherConfig
from server.dispatcher import Dispatcher
from tests.server.fakes import GB, FakeEngine, FakeForecast, Submitter, run_in_fake_time


class Served:
    """What a test looks at."""

    def __init__(self, clock: Callable[[], float], batcher: Batcher):
        self.clock = clock
        self.batcher = batcher
        self.dispatcher = Dispatcher(self.batcher, clock)
        self.submit = Submitter(self.batcher, self.dispatcher.submit)

    async def all_ended(self) -> None:
        """Wait until no job is held."""
        while len(self.batcher.places):
            await asyncio.sleep(0.05)


def serve(
    body: Callable[[Served], Awaitable[None]],
    *engines: FakeEngine,
    kind: type[Batcher] = Batcher,
    device_bytes: int = 100 * GB,
    **options: float,
) -> None:
    """Run `body` beside a dispatcher with these engines; a batch of three SMALL jobs fills the budget."""
    config = BatcherConfig(device_bytes, **{"batch_seconds": 1.5, **options})  # type: ignore[arg-type]

    async def main(clock: Callable[[], float]) -> None:
        served = Served(clock, kind(config, FakeForecast(), engines, clock))
        serving = asyncio.create_task(served.dispatcher.serve())
        try:
            await asyncio.wait_for(body(served), timeout=5000)
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    run_in_fake_time(main)
