"""The service over a real channel: what a client is told, and what becomes of streams that break."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from render.errors import ConfigError, PhotoError
from server.batcher import Batcher
from server.config import BatcherConfig, LimitsConfig, ResultsConfig
from server.desk import Desk
from server.dispatcher import Dispatcher
from server.jobs import Job, Shape
from server.pb import camera_pb2, request_pb2, result_pb2, service_pb2, service_pb2_grpc
from server.request import Request
from server.results import Results
from server.serving import SERVICE, Serving, serving
from server.upload import ReceivedImage
from server.work import Outcome
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
            (work.folder / "scene.ply").write_bytes(b"".join(image.photo for image in work.images) * 100_000)
            (work.folder / "report.json").write_text("{}")
            yield job, Outcome(cameras, result_pb2.Summary(photos=len(work.images)))


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


def serve(tmp_path: Path, body: Callable[[Served], Awaitable[None]], **limits: Any) -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        engine = Painter()
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
                assert not any(path.name.startswith(".") and path.is_dir() for path in tmp_path.iterdir())
        finally:
            dispatching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await dispatching
            results.close()

    asyncio.run(main())


async def told(call: Any) -> list[result_pb2.ResultEvent]:
    return [answer.event async for answer in call]


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


def test_a_scene_comes_back_in_order(tmp_path: Path):
    async def body(served: Served) -> None:
        events = await told(served.send(file_kinds=["scene.ply", "report.json"]))
        order = ["progress", "cameras", "file", "chunk", "file", "chunk", "summary"]
        assert [kind for kind in kinds(events) if kind != "queued"] == order
        assert content(events) == {"scene.ply": b"one photoanother photo" * 100_000, "report.json": b"{}"}
        assert events[-1].summary.photos == 2
        again = await told(served.get())
        assert kinds(again) == order[1:]
        assert content(again) == content(events)
        assert kinds(await told(await served.announce(file_kinds=["scene.ply", "report.json"]))) == order[1:]
        assert len(served.engine.ran) == 1

    serve(tmp_path, body)


def test_who_waits_is_told_where_it_stands(tmp_path: Path):
    async def body(served: Served) -> None:
        served.engine.gate.clear()
        first = asyncio.create_task(told(served.send()))
        await served.running()
        second = asyncio.create_task(told(served.send(request_id="b")))
        while len(served.desk) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        served.engine.gate.set()
        events = await second
        assert (events[0].queued.position, events[0].queued.expected_wait_seconds > 0) == (0, True)
        assert kinds(events)[0] == "queued"
        assert kinds(events)[-1] == kinds(await first)[-1] == "summary"

    serve(tmp_path, body)


def test_two_clients_join_one_request_and_another_header_is_refused(tmp_path: Path):
    async def body(served: Served) -> None:
        served.engine.gate.clear()
        first = asyncio.create_task(told(served.send()))
        await served.running()
        second = asyncio.create_task(told(await served.announce()))
        assert await refused(await served.announce(priority="PRIORITY_HIGH")) == ("ALREADY_EXISTS", "ID_TAKEN", "")
        served.engine.gate.set()
        assert content(await first) == content(await second) != {}
        assert await refused(await served.announce(priority="PRIORITY_HIGH")) == ("ALREADY_EXISTS", "ID_TAKEN", "")
        assert [len(jobs) for jobs in served.engine.ran] == [1]

    serve(tmp_path, body)


def test_a_stream_that_breaks_is_picked_up_again(tmp_path: Path):
    async def body(served: Served) -> None:
        served.engine.gate.clear()
        call = served.send()
        await served.running()
        call.cancel()
        picked_up = asyncio.create_task(told(served.get()))
        await asyncio.sleep(0.05)
        served.engine.gate.set()
        assert content(await picked_up).keys() == {"scene.ply"}

    serve(tmp_path, body)


def test_what_is_cancelled_ends_and_may_be_sent_again(tmp_path: Path):
    async def body(served: Served) -> None:
        served.engine.gate.clear()
        call = asyncio.create_task(refused(served.send()))
        await served.running()
        assert await served.cancel()
        assert await call == ("CANCELLED", "CANCELLED", "")
        assert not await served.cancel()
        assert await refused(served.get()) == ("CANCELLED", "CANCELLED", "")
        again = asyncio.create_task(told(served.send()))
        await asyncio.sleep(0.05)
        served.engine.gate.set()
        assert kinds(await again)[-1] == "summary"
        assert not await served.cancel()

    serve(tmp_path, body)


def test_refusals_say_what_is_to_blame(tmp_path: Path):
    async def body(served: Served) -> None:
        bad: Files = [FILES[0], (b"no photo", None)]
        assert await refused(served.send(bad)) == ("INVALID_ARGUMENT", "PHOTO_UNUSABLE", "images[1].photo")
        assert await refused(await served.announce([])) == ("INVALID_ARGUMENT", "REQUEST_INVALID", "images")
        assert await refused(await served.announce(file_kinds=["x"])) == (
            "INVALID_ARGUMENT",
            "NAME_UNKNOWN",
            "file_kinds[0]",
        )
        assert await refused(served.get("nobody")) == ("NOT_FOUND", "REQUEST_UNKNOWN", "")
        assert await refused(served.get("")) == ("INVALID_ARGUMENT", "REQUEST_INVALID", "request_id")
        assert kinds(await told(served.send()))[-1] == "summary"

    serve(tmp_path, body)


def test_a_deadline_ends_the_request_and_frees_its_place(tmp_path: Path):
    async def body(served: Served) -> None:
        served.engine.gate.clear()
        assert (await refused(served.send(seconds=0.2)))[0] == "DEADLINE_EXCEEDED"
        while len(served.desk):
            await asyncio.sleep(0.01)
        assert await refused(served.get()) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED", "")
        served.engine.gate.set()

    serve(tmp_path, body)


def test_who_leaves_in_mid_upload_leaves_nothing(tmp_path: Path):
    async def body(served: Served) -> None:
        call = await served.announce()
        while not len(served.desk.places):
            await asyncio.sleep(0.01)
        call.cancel()
        while len(served.desk.places):
            await asyncio.sleep(0.01)
        assert kinds(await told(served.send()))[-1] == "summary"

    serve(tmp_path, body)


def test_who_sends_too_slowly_loses_its_place(tmp_path: Path):
    async def body(served: Served) -> None:
        call = await served.announce()
        assert await refused(call) == ("INVALID_ARGUMENT", "UPLOAD_INCOMPLETE", "chunk")

    serve(tmp_path, body, upload_seconds=0.05)


def test_models_are_listed(tmp_path: Path):
    async def body(served: Served) -> None:
        listed = await served.stub.ListModels(service_pb2.ListModelsRequest(), timeout=10)
        assert [(model.name, model.min_photos, model.max_photos) for model in listed.models] == [
            ("small", 1, 4),
            ("big", 2, 3),
        ]
        assert list(listed.file_kinds) == list(OFFER.file_kinds)

    serve(tmp_path, body)


async def health_of(served: Served, name: str) -> int:
    stub: Any = health_pb2_grpc.HealthStub(served.channel)  # type: ignore[no-untyped-call]
    return (await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)).status


@pytest.mark.parametrize("name", ["", SERVICE])
def test_health_is_what_the_server_says(tmp_path: Path, name: str):
    async def body(served: Served) -> None:
        assert await health_of(served, name) == health_pb2.HealthCheckResponse.NOT_SERVING
        await served.server.say(ready=True)
        assert await health_of(served, name) == health_pb2.HealthCheckResponse.SERVING

    serve(tmp_path, body)


def test_the_service_describes_itself(tmp_path: Path):
    async def body(served: Served) -> None:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(served.channel)  # type: ignore[no-untyped-call]
        asked = iter([reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)])
        answers = [answer async for answer in stub.ServerReflectionInfo(asked, timeout=10)]
        assert answers[0].file_descriptor_response.file_descriptor_proto

    serve(tmp_path, body)


def test_what_has_begun_is_done_before_the_server_goes(tmp_path: Path):
    async def body(served: Served) -> None:
        served.engine.gate.clear()
        call = asyncio.create_task(told(served.send()))
        await served.running()
        draining = asyncio.create_task(served.server.drain(10))
        await asyncio.sleep(0.05)
        assert await health_of(served, "") == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await refused(await served.announce(request_id="b")) == ("UNAVAILABLE", "DRAINING", "")
        served.engine.gate.set()
        assert content(await call).keys() == {"scene.ply"}
        await draining

    serve(tmp_path, body)


def test_two_servers_do_not_share_a_port(tmp_path: Path):
    async def body(served: Served) -> None:
        address = f"127.0.0.1:{served.server.port}"
        with pytest.raises(ConfigError, match=f"listen is '{address}', where no server can listen"):
            async with serving(served.desk, LimitsConfig(), address):
                pass

    serve(tmp_path, body)
