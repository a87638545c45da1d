"""A server on loopback with an engine that paints, and a client of it beside which a test does what it likes."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from render.errors import PhotoError
from server.batcher import Batcher
from server.config import BatcherConfig, LimitsConfig, ResultsConfig
from server.desk import Desk
from server.dispatcher import Dispatcher
from server.jobs import Job, Shape
from server.pb import camera_pb2, request_pb2, result_pb2, service_pb2, service_pb2_grpc
from server.request import Request
from server.results import Results
from server.serving import Serving, serving
from server.upload import ReceivedImage
from server.work import Outcome, Work
from tests.server.fakes import GB, SMALL, FakeEngine, FakeForecast
from tests.server.sent import OFFER, Files, header_of

FILES: Files = [(b"one photo", None), (b"another photo", b"its mask")]


class FakeWorkshop:
    offer = OFFER

    async def shape(self, _request: Request, images: Sequence[ReceivedImage]) -> Shape:
        for image in images:
            if image.photo == b"no photo":
                raise PhotoError(image.name, "is no photo.")
        return SMALL


class Painter(FakeEngine):
    """Writes what was asked for, once `gate` is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, _shape: Shape, jobs: Sequence[Job]) -> Any:
        self.ran.append(tuple(jobs))
        await self.gate.wait()
        for job in jobs:
            if job.ending is not None:
                continue
            work: Any = job.payload
            work.tell(result_pb2.ResultEvent(progress=result_pb2.Progress(stage="depth", seconds=0.5)))
            cameras = camera_pb2.Cameras(photos=[camera_pb2.PlacedPhoto(name=name) for name in work.request.names])
            work.tell(result_pb2.ResultEvent(cameras=cameras))
            self.paint(work)
            yield job, Outcome(cameras, self.summary(work))

    def summary(self, work: Work) -> result_pb2.Summary:
        return result_pb2.Summary(photos=len(work.images))

    def paint(self, work: Work) -> None:
        """Some bytes that depend on the photos."""
        (work.folder / "scene.ply").write_bytes(b"".join(image.photo for image in work.images) * 100_000)
        (work.folder / "report.json").write_text("{}")


class Served:
    """A server on loopback, and a client of it."""

    def __init__(self, channel: grpc.aio.Channel, engine: Painter, desk: Desk, server: Serving):
        self.channel, self.engine, self.desk, self.server = channel, engine, desk, server
        self.stub: Any = service_pb2_grpc.SnapsplatServiceStub(channel)  # type: ignore[no-untyped-call]

    def send(self, files: Files = FILES, seconds: float = 10, **fields: Any) -> Any:
        async def stream() -> AsyncIterator[request_pb2.ReconstructRequest]:
            yield request_pb2.ReconstructRequest(header=header_of(files, **fields))
            for i, parts in enumerate(files):
                for part, content in enumerate(parts, start=1):
                    if content is not None:
                        chunk = request_pb2.ImageChunk(image_index=i, part=part, content=content)  # type: ignore[arg-type]
                        yield request_pb2.ReconstructRequest(chunk=chunk)

        return self.stub.Reconstruct(stream(), timeout=seconds)

    async def announce(self, files: Files = FILES, **fields: Any) -> Any:
        """Send the header alone: grpc.aio takes a refusal that meets a message on its way for an error of its own."""
        call = self.stub.Reconstruct(timeout=10)
        await call.write(request_pb2.ReconstructRequest(header=header_of(files, **fields)))
        return call

    def get(self, request_id: str = "a") -> Any:
        return self.stub.GetResult(service_pb2.GetResultRequest(request_id=request_id), timeout=10)

    async def cancel(self, request_id: str = "a") -> bool:
        request = service_pb2.CancelRequestRequest(request_id=request_id)
        return (await self.stub.CancelRequest(request, timeout=10)).cancelled

    async def running(self) -> None:
        """Wait until the engine has something."""
        while not self.engine.ran:
            await asyncio.sleep(0.01)


def serve(
    tmp_path: Path, body: Callable[[Served], Awaitable[None]], kind: type[Painter] = Painter, **limits: Any
) -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        engine = kind()
        batcher = Batcher(BatcherConfig(100 * GB, max_jobs=3), FakeForecast(), [engine], clock)
        dispatcher = Dispatcher(batcher, clock)
        results = Results(tmp_path, ResultsConfig())
        desk = Desk(batcher, dispatcher, FakeWorkshop(), results, clock)
        dispatching = asyncio.create_task(dispatcher.serve())
        try:
            async with (
                serving(desk, LimitsConfig(**limits), "127.0.0.1:0") as server,
                grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
                asyncio.timeout(20),
            ):
                await body(Served(channel, engine, desk, server))
                while len(batcher.places) or len(desk):
                    await asyncio.sleep(0.01)
                results.settle()
                assert not any(path.name.startswith(".") and path.is_dir() for path in tmp_path.iterdir())
        finally:
            dispatching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await dispatching
            results.close()

    asyncio.run(main())


async def told(call: Any) -> list[result_pb2.ResultEvent]:
    return [answer.event async for answer in call if answer.HasField("event")]


def kinds(events: list[result_pb2.ResultEvent]) -> list[str]:
    """Each kind of event once where it repeats."""
    found = [event.WhichOneof("event") or "" for event in events]
    return [kind for i, kind in enumerate(found) if i == 0 or found[i - 1] != kind]


def content(events: list[result_pb2.ResultEvent]) -> dict[str, bytes]:
    """Every file, put together and checked."""
    files: dict[str, bytes] = {}
    for event in events:
        if event.HasField("chunk"):
            assert event.chunk.offset_bytes == len(files.setdefault(event.chunk.name, b""))
            files[event.chunk.name] += event.chunk.content
    for header in (event.file for event in events if event.HasField("file")):
        assert len(files[header.name]) == header.size_bytes
        assert hashlib.sha256(files[header.name]).digest() == header.sha256
    return files


async def refused(call: Any) -> tuple[str, str, str]:
    """Code, reason and field."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await told(call)
    status = rpc_status.from_call(error.value)  # type: ignore[arg-type]
    info, bad = ErrorInfo(), BadRequest()
    if status is None:
        return error.value.code().name, "", ""
    status.details[0].Unpack(info)
    for detail in status.details[1:]:
        detail.Unpack(bad)
    return error.value.code().name, info.reason, bad.field_violations[0].field if bad.field_violations else ""
