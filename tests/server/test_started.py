"""A server from before its workers are ready to its end, with a worker that does nothing but start slowly."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from bench.simulated import Client, reply_of
from server.config import EngineConfig
from server.errors import EngineError
from server.messages import Message, Ready
from server.pb import service_pb2_grpc
from server.service_config import load_service_config
from server.start import started

PHOTOS = sorted((Path(__file__).parents[2] / "examples" / "banana").glob("*.jpg"))[:2]


class SlowProcess:
    """In the place of `server.worker_process.WorkerProcess`."""

    dead = False

    def __init__(self, _config: EngineConfig, _device: str, _hear: Callable[[Message | None], None]):
        self._ended = asyncio.Event()

    async def start(self) -> Ready:
        try:
            async with asyncio.timeout(0.3):
                await self._ended.wait()
        except TimeoutError:
            return Ready("none")
        raise EngineError("The worker died before it was ready.")

    def say(self, _message: Message) -> None:
        pass

    async def end(self) -> None:
        self._ended.set()


def test_where_one_worker_refuses_the_others_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    starts: list[str] = []

    class Refusing(SlowProcess):
        async def start(self) -> Ready:
            starts.append("began")
            if len(starts) == 2:
                raise EngineError("No such device.")
            try:
                await asyncio.Event().wait()
            finally:
                starts.append("left")
            raise AssertionError

    monkeypatch.setattr("server.worker_engine.WorkerProcess", Refusing)
    monkeypatch.setattr("server.start.devices", lambda *_: ["cpu", "cpu"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    config = load_service_config([f"folder={tmp_path / 'kept'}", "engine.device=cpu", "engine.models=[classical]"])

    async def serve() -> None:
        with pytest.raises(EngineError, match="No such device"):
            async with started(config, "127.0.0.1:0"):
                pass
        assert starts == ["began", "began", "left"]

    asyncio.run(serve())


def test_a_request_may_come_before_the_workers_and_is_told_where_they_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("server.worker_engine.WorkerProcess", SlowProcess)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    device = ["engine.device=cpu", "engine.models=[small]", "batcher.device_bytes=100000000000"]
    # The worker's start alone takes longer than any batch may.
    config = load_service_config([f"folder={tmp_path / 'kept'}", "batcher.hang_seconds=0.05", *device])
    address = f"unix:{tmp_path / 'socket'}"

    async def main() -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            client = Client(service_pb2_grpc.SnapsplatServiceStub(channel))  # type: ignore[no-untyped-call]
            photos = [photo.read_bytes() for photo in PHOTOS]
            early = client.send(photos, options={"size_px": 64})
            waiting = asyncio.create_task(reply_of(early))
            await early.wait_for_connection()
            assert (await waiting).blame == ("UNAVAILABLE", "DRAINING", "")

    async def serve() -> None:
        async with started(config, address):
            await asyncio.sleep(0.05)

    async def both() -> None:
        await asyncio.gather(serve(), main())

    asyncio.run(both())
