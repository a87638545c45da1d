"""A whole server whose engine paints, in the place of `server.start.started`: alone, or in a replica of Ray.

A request whose id begins with "slow" waits until the folder of all replicas has a file of that name; one whose id
begins with "die" ends the process, the first time.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.batcher import Batcher
from server.caller import chosen
from server.config import BatcherConfig, LimitsConfig, ResultsConfig
from server.desk import Desk
from server.dispatcher import Dispatcher
from server.guard import guarded
from server.guard_config import SecurityConfig
from server.jobs import Shape
from server.pb import result_pb2
from server.replica import replica
from server.results import Results
from server.service_config import ServiceConfig
from server.serving import Serving, serving
from tests.client.clients import SceneWriter
from tests.server.fakes import GB, FakeForecast
from tests.server.loopback import FakeWorkshop


class WaitingWriter(SceneWriter):
    """See above."""

    def __init__(self, folder: Path):
        super().__init__()
        self._folder = folder

    async def run(self, shape: Shape, jobs: Sequence[Any]) -> Any:
        for job in jobs:
            job.payload.tell(result_pb2.ResultEvent(progress=result_pb2.Progress(stage="photos")))
        names = [chosen(work.request.id) for work in (job.payload for job in jobs)]
        for name in names:
            if name.startswith("die") and not (mark := self._folder / name).exists():
                mark.touch()
                os._exit(7)
        while any(name.startswith("slow") and not (self._folder / name).exists() for name in names):
            await asyncio.sleep(0.02)
        async for answer in super().run(shape, jobs):
            yield answer


@dataclass(frozen=True)
class StandIn:
    """What a replica looks at of `server.start.Started`."""

    serving: Serving
    dispatching: asyncio.Task[None]


def of_all(folder: Path) -> Path:
    """Of a replica's folder."""
    return folder.parents[1]


@contextlib.asynccontextmanager
async def painted(config: ServiceConfig, listen: str) -> AsyncIterator[StandIn]:
    """See `server.start.started`; of the configuration it takes the folder."""
    folder = Path(config.folder)
    clock = asyncio.get_running_loop().time
    batcher = Batcher(BatcherConfig(100 * GB, max_jobs=3), FakeForecast(), [WaitingWriter(of_all(folder))], clock)
    dispatcher = Dispatcher(batcher, clock)
    results = Results(folder, ResultsConfig())
    desk = Desk(batcher, dispatcher, FakeWorkshop(), results, clock)
    dispatching = asyncio.create_task(dispatcher.serve())
    guard = guarded(SecurityConfig(insecure=True))
    try:
        async with serving(desk, LimitsConfig(), listen, guard) as served:
            await served.say(ready=True)
            yield StandIn(served, dispatching)
    finally:
        dispatching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dispatching
        results.close()


def painting_replica(options: Sequence[str], host: str, name: str) -> AbstractAsyncContextManager[StandIn]:
    """See `server.replica.replica`."""
    return replica(options, host, name, painted)
