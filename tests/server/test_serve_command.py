"""`snapsplat serve` as an operator has it: told to stop under load, told twice, started twice."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from typer.testing import CliRunner

import server.start
from bench.simulated import Client, reply_of
from server.jobs import Job, Shape
from server.messages import Ready
from server.pb import service_pb2_grpc
from server.worker_engine import WorkerEngine
from snapsplat.cli import app

PHOTOS = [photo.read_bytes() for photo in sorted((Path(__file__).parents[2] / "examples" / "banana").glob("*.jpg"))[:2]]
SMALL: dict[str, Any] = {"options": {"size_px": 64}, "file_kinds": ["scene.ply"]}
REFUSED = ("UNAVAILABLE", "DRAINING", "")
REQUESTS = 4


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@dataclass
class Running:
    """A server's process."""

    process: "subprocess.Popen[str]"
    address: str
    log: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("serve")
    code = "from snapsplat.cli import main; main()"
    options = ["engine.models=[classical]", "engine.device=cpu", "drain_seconds=120", f"folder={folder / 'kept'}"]
    command = [sys.executable, "-c", code, "serve", "--listen", "127.0.0.1:0", *options]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        # Where nothing was compiled before, it takes minutes.
        patience = threading.Timer(500, process.kill)
        patience.start()
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.endswith(", ready.\n"), (folder / "log").read_text()
            yield Running(process, ready.split()[-2].rstrip(","), folder / "log")
        finally:
            patience.cancel()
            process.kill()


def test_a_second_server_on_its_port_is_refused_in_a_sentence(running: Running, tmp_path: Path):
    told = CliRunner().invoke(app, ["serve", "--listen", running.address, f"folder={tmp_path / 'kept'}"])
    assert told.exit_code == 2
    assert f"listen is '{running.address}', where no server can listen; is another one there?" in told.stderr


def test_sigterm_under_load_answers_what_has_begun_and_refuses_the_rest(running: Running):
    asyncio.run(stopped_under_load(running.address, running.process))
    assert running.process.wait(60) == 0
    lines = [json.loads(line) for line in running.log.read_text().splitlines()]
    assert {"accepted", "draining", "request ended"} <= {line["event"] for line in lines}
    assert not any("exception" in line for line in lines)


async def stopped_under_load(address: str, process: "subprocess.Popen[str]") -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        client = Client(service_pb2_grpc.SnapsplatServiceStub(channel))  # type: ignore[no-untyped-call]
        begun = [asyncio.Event() for _ in range(REQUESTS)]
        calls = [client.send(PHOTOS, seconds=120, request_id=f"begun-{i}", **SMALL) for i in range(REQUESTS)]
        answers = [asyncio.create_task(reply_of(Noting(*both))) for both in zip(calls, begun, strict=True)]
        await asyncio.gather(*(event.wait() for event in begun))
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert (await asyncio.to_thread(process.stdout.readline)).startswith("Stopping: what has begun has 120 s")
        late = await reply_of(await client.announce(PHOTOS, request_id="late", **SMALL))
        assert late.blame == REFUSED
        for answer in await asyncio.gather(*answers):
            assert answer.code == "OK", answer
            assert answer.files["scene.ply"].startswith(b"ply\n")


@dataclass
class Noting:
    """A call that tells when it has been accepted."""

    call: Any
    begun: asyncio.Event

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for answer in self.call:
            self.begun.set()
            yield answer

    def cancelled(self) -> bool:
        return self.call.cancelled()


class Busy(WorkerEngine):
    """Ready at once, and never done."""

    async def start(self) -> Ready:
        return Ready("none")

    async def run(self, shape: Shape, jobs: Sequence[Job]) -> AsyncGenerator[tuple[Job, object], None]:
        await asyncio.Event().wait()
        yield jobs[0], shape


def test_a_second_sigterm_ends_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server.start, "WorkerEngine", Busy)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen: list[Any] = []
    with tempfile.TemporaryDirectory() as short:
        # A path of a socket may have a hundred letters.
        address = f"unix:{short}/socket"
        operator = threading.Thread(target=lambda: asyncio.run(terminated_twice(address, seen)))
        operator.start()
        told = CliRunner().invoke(app, ["serve", "--listen", address, f"folder={tmp_path / 'kept'}"])
        operator.join()
    assert (told.exit_code, told.stderr.splitlines()[-1]) == (
        130,
        "Stopped at once; who waited is told, and may ask again.",
    )
    refused, waited = seen
    assert refused == REFUSED
    assert waited[0] in ("UNAVAILABLE", "CANCELLED")


async def terminated_twice(address: str, seen: list[Any]) -> None:
    options = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200)]
    async with grpc.aio.insecure_channel(address, options=options) as channel, asyncio.timeout(60):
        await channel.channel_ready()
        client = Client(service_pb2_grpc.SnapsplatServiceStub(channel))  # type: ignore[no-untyped-call]
        begun = asyncio.Event()
        waiting = asyncio.create_task(reply_of(Noting(client.send(PHOTOS, seconds=60, request_id="a", **SMALL), begun)))
        await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        refused = ("", "", "")
        while refused != REFUSED:
            refused = (await reply_of(await client.announce([b"late"], request_id="late", **SMALL))).blame
        os.kill(os.getpid(), signal.SIGTERM)
        seen += [refused, (await waiting).blame]
