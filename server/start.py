"""A whole server put together: engines, queue, results, and what listens; ended by a signal."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from recon.cost_file import KeptCosts, device_name
from recon.devices import devices
from server.batcher import Batcher
from server.desk import Desk
from server.dispatcher import Dispatcher
from server.forecast import LearnedForecast
from server.guard import guarded
from server.listen import announced
from server.results import Results
from server.service_config import DEVICE, ServiceConfig
from server.serving import Serving, serving
from server.watching import watching
from server.worker_engine import WorkerEngine
from server.workshop import PhotoWorkshop


@dataclass(frozen=True)
class Started:
    """A server that listens and is ready."""

    serving: Serving
    engines: tuple[WorkerEngine, ...]
    forecast: LearnedForecast
    dispatching: asyncio.Task[None]
    """Ends before the server does only by a mistake."""


@contextlib.asynccontextmanager
async def started(config: ServiceConfig, listen: str) -> AsyncIterator[Started]:
    """A server at `listen`; it listens at once, and is ready when this is entered.

    Raises:
        SnapsplatError: it cannot listen, keep results, or run its networks.
    """
    clock = asyncio.get_running_loop().time
    workshop = PhotoWorkshop(config.engine.models, config.limits)
    places = devices(config.engine.device, DEVICE)
    forecast = LearnedForecast(KeptCosts(device_name(torch.device(places[0]))))
    engines = tuple(WorkerEngine(config.engine, place, forecast) for place in places)
    results = Results(Path(config.folder), config.results)
    batcher = Batcher(config.batcher, forecast, engines, clock)
    with contextlib.ExitStack() as stack:
        stack.callback(results.close)
        watched = stack.enter_context(watching(batcher.places, config.metrics, config.tracing))
        guard = guarded(config.security, config.share, clock, watched.watch, watched.outermost)
        dispatcher = Dispatcher(batcher, clock, watched.watch)
        desk = Desk(batcher, dispatcher, workshop, results, clock, watched.watch)
        saving = asyncio.create_task(forecast.keep_saving())
        try:
            async with serving(desk, config.limits, listen, guard) as served:
                try:
                    await _start(engines)
                    # Not before: a batch that waits for a worker's first start would be taken for one that hangs.
                    async with _at_work(dispatcher) as dispatching:
                        await served.say(ready=True)
                        yield Started(served, engines, forecast, dispatching)
                finally:
                    # While the wire still listens, so that who waits is told.
                    batcher.close()
                    await desk.empty()
        finally:
            saving.cancel()
            await asyncio.gather(*(engine.end() for engine in engines))
            forecast.save()


async def _start(engines: Sequence[WorkerEngine]) -> None:
    """All at once; where one cannot, the others need not, either."""
    starting = [asyncio.create_task(engine.start()) for engine in engines]
    try:
        await asyncio.gather(*starting)
    finally:
        for task in starting:
            task.cancel()
        await asyncio.wait(starting)


@contextlib.asynccontextmanager
async def _at_work(dispatcher: Dispatcher) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(dispatcher.serve())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def serve(config: ServiceConfig, listen: str, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT, then finish what has begun. A signal before the server is ready, or a second one,
    ends it at once.

    Raises:
        CancelledError: it was ended at once.
        SnapsplatError: see `started`.
    """
    loop, task, stop = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    ready = False

    def told_to_stop() -> None:
        if ready and not stop.is_set():
            stop.set()
        elif task is not None:
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop)
    async with started(config, listen) as server:
        ready = True
        say(f"Listening on {announced(listen, server.serving.port)}, ready.")
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, server.dispatching}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        say(f"Stopping: what has begun has {config.drain_seconds:g} s to end.")
        await server.serving.drain(config.drain_seconds)
