"""The service under load: `python bench/server.py` for a simulated device, `--server HOST:PORT` for one that runs.

Prints markdown tables: scenes a second and how long requests take, batched against one at a time; what the service
costs beside the engine; and what one slow client costs in memory. A server that runs is measured as it is: start it
with and without batches to compare.
"""

import argparse
import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil

from bench.simulated import GB, Client, Cost, Service, Simulated, announced, reply_of, service
from server.config import BatcherConfig, LimitsConfig
from server.jobs import Job, Shape
from server.pb import service_pb2_grpc
from server.places import Places
from server.request import read_header
from server.stored import FILES
from server.upload import ReceivedImage
from server.work import Work
from tests.server.sent import OFFER

COST = Cost(batch_seconds=0.05, scene_seconds=0.02)
CLIENTS = (1, 8, 32, 128)
SECONDS = 6.0
"""Of each measurement."""
PHOTOS = [bytes(100_000), bytes(100_000)]
HEAD = """| clients | | scenes / s | scenes in a batch | p50 s | p95 s | p99 s |
|---|---|---|---|---|---|---|"""
PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png")
BATCHED_SECONDS, ALONE_SECONDS = 0.4, 1e-9
"""Budget of a batch: 17 scenes, or one."""


@dataclass(frozen=True)
class Load:
    """What so many clients saw, each of which asks again as soon as it is answered."""

    clients: int
    scenes_a_second: float
    latencies: list[float]
    """Of each request, in seconds."""
    jobs: float
    """In a batch, in the mean."""

    def row(self, name: str) -> str:
        """Of the table."""
        cuts = statistics.quantiles(self.latencies, n=100, method="inclusive")
        return (
            f"| {self.clients} | {name} | {self.scenes_a_second:.1f} | {self.jobs:.1f} "
            f"| {cuts[49]:.2f} | {cuts[94]:.2f} | {cuts[98]:.2f} |"
        )


async def load(client: Client, clients: int, seconds: float, photos: Sequence[bytes], ran: list[int]) -> Load:
    """Let so many clients ask for so long; the sizes of batches are appended to `ran`."""
    latencies: list[float] = []
    numbers = itertools.count()
    since, before = time.monotonic(), len(ran)

    async def one() -> None:
        while time.monotonic() < since + seconds:
            begun = time.monotonic()
            reply = await reply_of(client.send(photos, request_id=f"{begun}-{next(numbers)}", seconds=3600))
            assert reply.code == "OK", reply
            latencies.append(time.monotonic() - begun)

    await asyncio.gather(*(one() for _ in range(clients)))
    jobs = ran[before:]
    return Load(clients, len(latencies) / (time.monotonic() - since), latencies, sum(jobs) / max(1, len(jobs)))


@contextlib.asynccontextmanager
async def simulated(batch_seconds: float, engine: Simulated) -> AsyncIterator[Service]:
    """A server with one simulated device."""
    config = BatcherConfig(1000 * GB, max_jobs=256, batch_seconds=batch_seconds)
    with tempfile.TemporaryDirectory() as folder:
        async with service(Path(folder), [engine], config, cost=COST) as running:
            yield running


async def compare(seconds: float, numbers: Sequence[int]) -> None:
    """Batched against one at a time."""
    print(
        f"A batch takes {COST.batch_seconds} s and {COST.scene_seconds} s for each of its scenes; a request has",
        end=" ",
    )
    print(
        f"{len(PHOTOS)} photos of {len(PHOTOS[0]) // 1000} kB. Seconds are from the first byte sent to the last got.\n"
    )
    print(HEAD)
    for clients in numbers:
        for name, budget in (("one at a time", ALONE_SECONDS), ("batched", BATCHED_SECONDS)):
            engine = Simulated(COST)
            async with simulated(budget, engine) as running:
                print((await load(running, clients, seconds, PHOTOS, engine.ran)).row(name), flush=True)


async def overhead(seconds: float) -> None:
    """One client, against the engine without any service."""
    engine = Simulated(COST)
    async with simulated(ALONE_SECONDS, engine) as running:
        alone = statistics.median((await load(running, 1, seconds, PHOTOS, engine.ran)).latencies)
        direct = statistics.median([await _direct(running) for _ in range(50)])
    print(f"\nOne request takes {alone * 1e3:.1f} ms, the engine alone {direct * 1e3:.1f} ms:", end=" ")
    print(f"the service costs {(alone - direct) * 1e3:.1f} ms, {(alone / direct - 1) * 100:.1f} %.")


async def _direct(running: Service) -> float:
    """Seconds of the engine alone for one such request, its scene written."""
    request = read_header(announced(PHOTOS).header, OFFER, LimitsConfig())
    images = tuple(ReceivedImage(name, bytearray(p), None) for name, p in zip(request.names, PHOTOS, strict=True))
    staging = running.desk.results.stage()
    work = Work(request, images, staging / FILES, lambda _event: None)
    job = Job("direct", Shape("small", len(PHOTOS), (384, 384), 0), work, Places(1, GB).take(1), lambda _ending: None)
    begun = time.monotonic()
    async for _ in running.batcher.lanes[0].engine.run(job.shape, [job]):
        pass
    seconds = time.monotonic() - begun
    running.desk.results.discard(staging)
    return seconds


async def slow_reader() -> None:
    """Memory while one client reads 200 MB as slowly as it likes."""
    engine = Simulated(COST, scene_bytes=200_000_000)
    async with simulated(ALONE_SECONDS, engine) as running:
        call = running.send(PHOTOS)
        before = psutil.Process().memory_info().rss
        most, read = before, 0
        async for answer in call:
            if answer.event.HasField("chunk"):
                read += len(answer.event.chunk.content)
                await asyncio.sleep(0.1)
                most = max(most, psutil.Process().memory_info().rss)
            if read >= 40_000_000:
                break
        call.cancel()
    print(f"\nWhile a slow client read {read / 1e6:.0f} of 200 MB, memory rose by {(most - before) / 1e6:.0f} MB.")


async def real(address: str, folder: Path, seconds: float, clients: Sequence[int]) -> None:
    """A server that runs elsewhere, with an engine that is none of ours, and no transport security."""
    photos = [path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix.lower() in PHOTO_SUFFIXES]
    async with grpc.aio.insecure_channel(address) as channel:
        client = Client(service_pb2_grpc.SnapsplatServiceStub(channel))  # type: ignore[no-untyped-call]
        begun = time.monotonic()
        reply = await reply_of(client.send(photos, request_id=f"alone-{begun}", seconds=3600))
        alone = time.monotonic() - begun
        assert reply.summary is not None, reply
        stages = sum(stage.seconds for stage in reply.summary.stages)
        print(f"{len(photos)} photos alone take {alone:.2f} s, of which the stages are {stages:.2f} s:", end=" ")
        print(f"the service costs {(alone / stages - 1) * 100:.1f} %.\n")
        print(HEAD)
        for number in clients:
            print((await load(client, number, seconds, photos, [])).row(address), flush=True)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="HOST:PORT of a server that runs, without TLS")
    parser.add_argument("--photos", type=Path, default=Path("examples/banana"), help="folder, for --server")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    chosen = parser.parse_args()
    if chosen.server:
        asyncio.run(real(chosen.server, chosen.photos, chosen.seconds, chosen.clients))
        return
    asyncio.run(compare(chosen.seconds, chosen.clients))
    asyncio.run(overhead(chosen.seconds))
    asyncio.run(slow_reader())


if __name__ == "__main__":
    main()
