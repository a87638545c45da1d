"""Thousands of requests with random faults against one server: `python bench/soak.py`, counts of how they ended.

Every request that was accepted is answered once, by a scene or by a documented refusal, and nothing is left behind.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from bench.simulated import BROKEN, GB, Cost, Reply, Service, Simulated, reply_of, service
from server.config import BatcherConfig, LimitsConfig
from server.jobs import Answer, Job
from server.status import STATUS

COST = Cost(0.002, 0.0005)
ENGINES = 2
AT_ONCE = 48
"""Requests under way."""
PLACES = 2 * AT_ONCE
"""Enough: grpc.aio tells of a broken stream where a refusal meets bytes on their way."""


@dataclass
class Soak:
    """One run."""

    service: Service
    chance: random.Random
    ended: Counter[tuple[str, str]]
    """What was done, and how it ended -> how often."""
    jobs: Counter[str]
    """How those ended that the queue took in, and how many these were."""
    batches: list[int]
    """Scenes of each batch."""

    def watch(self) -> None:
        """Count what the queue takes in, and how that ends, once each."""
        batcher = self.service.batcher
        submit = batcher.submit

        def counted(job: Job) -> None:
            submit(job)
            self.jobs["accepted"] += 1
            leave = job.on_leave

            def left() -> None:
                leave()
                self.jobs["answered" if isinstance(job.ending, Answer) else type(job.ending).__name__] += 1

            job.on_leave = left

        batcher.submit = counted

    async def plain(self, name: str) -> Reply:
        """As it should be."""
        return await self._sent(name, b"fine: ")

    async def client_gone_uploading(self, name: str) -> Reply:
        """The call breaks before the last byte."""
        call = await self.service.announce([bytes(200_000)], request_id=name)
        await asyncio.sleep(self.chance.uniform(0, 0.01))
        call.cancel()
        return Reply("client gone")

    async def client_gone_waiting(self, name: str) -> Reply:
        """The call breaks, and another picks the result up, if it was ever accepted."""
        call = self.service.send([self._photo(b"fine: ")], request_id=name)
        reading = asyncio.create_task(reply_of(call))
        await asyncio.sleep(self.chance.uniform(0, 0.6))
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        return await reply_of(self.service.get(name))

    async def cancelled(self, name: str) -> Reply:
        """Somebody cancels it."""
        reply = asyncio.create_task(self._sent(name, b"fine: "))
        # Not known before its last byte is there, and then perhaps done.
        while not reply.done():
            with contextlib.suppress(grpc.aio.AioRpcError):
                await self.service.cancel(name)
                break
            await asyncio.sleep(0.005)
        return await reply

    async def wrong_checksum(self, name: str) -> Reply:
        """A byte is another."""
        photo = self._photo(b"fine: ")
        return await reply_of(
            self.service.send([photo], content=[photo[:-1] + bytes([photo[-1] ^ 1])], request_id=name)
        )

    async def tiny_deadline(self, name: str) -> Reply:
        """The client will not wait."""
        return await self._sent(name, b"fine: ", seconds=self.chance.uniform(0.001, 0.05))

    async def joined(self, name: str) -> Reply:
        """The same request twice: one job, two answers."""
        photo = self._photo(b"fine: ")
        both = [reply_of(self.service.send([photo], request_id=name)) for _ in range(2)]
        one, other = await asyncio.gather(*both)
        assert one.files == other.files or "OK" not in (one.code, other.code)
        return one

    async def engine_dies_once(self, name: str) -> Reply:
        """The second try does it."""
        return await self._sent(name, b"die once: ")

    async def engine_dies(self, name: str) -> Reply:
        """No try does it."""
        return await self._sent(name, b"die: ")

    async def engine_hangs(self, name: str) -> Reply:
        """It is given up."""
        return await self._sent(name, b"hang: ")

    async def memory_runs_out(self, name: str) -> Reply:
        """Halved, it fits."""
        return await self._sent(name, b"crowded: ")

    async def no_scene(self, name: str) -> Reply:
        """The photos are of no use."""
        return await self._sent(name, b"no scene: ")

    async def _sent(self, name: str, fault: bytes, seconds: float = 60) -> Reply:
        return await reply_of(self.service.send([self._photo(fault)], request_id=name, seconds=seconds))

    def _photo(self, fault: bytes) -> bytes:
        return fault + self.chance.randbytes(self.chance.choice([10, 10_000, 100_000]))

    async def request(self, i: int) -> None:
        """One of them, at random."""
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        reply = await kind(self, f"request-{i}")
        assert reply.reason in REASONS, reply
        how = reply.reason or reply.code
        self.ended[kind.__name__, how] += 1
        assert how in RIGHT.get(kind.__name__, ("OK",)), (kind.__name__, reply)


KINDS: dict[Callable[[Soak, str], Awaitable[Reply]], float] = {
    Soak.plain: 40,
    Soak.client_gone_uploading: 8,
    Soak.client_gone_waiting: 8,
    Soak.cancelled: 8,
    Soak.wrong_checksum: 8,
    Soak.tiny_deadline: 8,
    Soak.joined: 8,
    Soak.engine_dies_once: 3,
    Soak.engine_dies: 1,
    Soak.engine_hangs: 0.3,
    Soak.memory_runs_out: 4,
    Soak.no_scene: 4,
}
"""What may happen -> how often, relative to the others."""
RIGHT = {
    "client_gone_uploading": ("client gone",),
    "client_gone_waiting": ("OK", "REQUEST_UNKNOWN"),
    "cancelled": ("OK", "CANCELLED"),
    "wrong_checksum": ("CHECKSUM_MISMATCH",),
    "tiny_deadline": ("OK", "DEADLINE_PASSED", "DEADLINE_EXCEEDED", BROKEN),
    # Once by itself, and once in the company of another that does.
    "engine_dies_once": (
        "OK",
        "ENGINE_FAILED",
    ),
    "engine_dies": ("ENGINE_FAILED",),
    "engine_hangs": ("ENGINE_FAILED",),
    "no_scene": ("NO_SCENE",),
}
"""How it may end, if not well alone. What others do to a batch never shows."""
REASONS = {"", *(row.reason for row in STATUS.values())}


async def soak(requests: int, seed: int, folder: Path) -> Soak:
    """So many requests; afterwards nothing is left.

    Raises:
        AssertionError: one ended as it should not, or something leaks.
    """
    engines = [Simulated(COST) for _ in range(ENGINES)]
    config = BatcherConfig(100 * GB, max_jobs=PLACES, hang_seconds=1.0, batch_seconds=0.01, forget_seconds=1.0)
    async with service(folder, engines, config, cost=COST, limits=LimitsConfig()) as running:
        one = Soak(running, random.Random(seed), Counter(), Counter(), [])
        await reply_of(running.send([b"fine"], request_id="first"))
        tasks, files = len(asyncio.all_tasks()), _open_files()
        one.watch()
        numbers = iter(range(requests))

        async def client() -> None:
            for i in numbers:
                await one.request(i)

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))
        async with asyncio.timeout(60):
            while _leaks(running, tasks, files).total():
                await asyncio.sleep(0.02)
        one.batches += [jobs for engine in engines for jobs in engine.ran]
    assert one.ended.total() == requests
    assert one.jobs.total() == 2 * one.jobs["accepted"]
    return one


def _leaks(running: Service, tasks: int, files: int) -> Counter[str]:
    """What is held beyond what was at the beginning."""
    return +Counter(
        {
            "requests on their way": len(running.desk),
            "places": len(running.batcher.places),
            "bytes": running.batcher.places.held_bytes,
            "unfinished results": running.staged,
            "tasks": len(asyncio.all_tasks()) - tasks,
            "open files": _open_files() - files,
        }
    )


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - there are no paths behind it


def main() -> None:
    """Run, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    logging.getLogger("server").setLevel(logging.CRITICAL)
    since = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        one = asyncio.run(soak(chosen.requests, chosen.seed, Path(folder)))
    print(f"{chosen.requests} requests in {time.monotonic() - since:.0f} s, {len(one.batches)} batches of", end=" ")
    print(f"{sum(one.batches) / len(one.batches):.1f} scenes in the mean; nothing is left.\n")
    print("| what happened | how it ended | requests |\n|---|---|---|")
    for (kind, how), count in sorted(one.ended.items()):
        print(f"| {kind.replace('_', ' ')} | {how} | {count} |")
    print(f"| all | answered | {one.ended.total()} |\n")
    print("Jobs that the queue took in, and how they ended:", ", ".join(f"{how} {n}" for how, n in one.jobs.items()))


if __name__ == "__main__":
    main()
