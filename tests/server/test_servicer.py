"""The service over a real channel: what a client is told, and what becomes of streams that break."""

import asyncio
import logging
import shutil
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from render.errors import ConfigError
from server.config import LimitsConfig
from server.guard import OPEN
from server.pb import request_pb2, service_pb2, service_pb2_grpc
from server.servicer import Servicer
from server.serving import SERVICE, serving
from tests.server.loopback import FILES, Served, content, kinds, refused, serve, told
from tests.server.sent import OFFER, Files, header_of


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


def test_bytes_are_asked_for_once_and_of_those_alone_who_need_to_send_them(tmp_path: Path):
    async def body(served: Served) -> None:
        first = [answer.WhichOneof("answer") async for answer in served.send()]
        assert (first[0], set(first[1:])) == ("accepted", {"event"})
        again = [answer.WhichOneof("answer") async for answer in await served.announce()]
        assert set(again) == {"event"}

    serve(tmp_path, body)


LARGE: Files = [(bytes(4_000_000), None)]
TRIES = 50


def test_a_refused_header_is_told_with_its_code_to_a_plain_client_however_much_it_sends(tmp_path: Path):
    """grpcio, with threads, all parts in one iterator: what people write first."""

    def refusals(address: str) -> set[grpc.StatusCode]:
        pieces = [LARGE[0][0][start : start + 2**20] for start in range(0, 4_000_000, 2**20)]
        chunks = [request_pb2.ImageChunk(offset_bytes=i * 2**20, content=piece) for i, piece in enumerate(pieces)]
        parts = [request_pb2.ReconstructRequest(header=header_of(LARGE, file_kinds=["x"]))]
        parts += [request_pb2.ReconstructRequest(chunk=chunk) for chunk in chunks]
        found = set()
        with grpc.insecure_channel(address) as channel:
            stub: Any = service_pb2_grpc.SnapsplatServiceStub(channel)  # type: ignore[no-untyped-call]
            for _ in range(TRIES):
                with pytest.raises(grpc.RpcError) as error:
                    list(stub.Reconstruct(iter(parts), timeout=10))
                found.add(error.value.code())  # type: ignore[attr-defined]
        return found

    async def body(served: Served) -> None:
        address = f"127.0.0.1:{served.server.port}"
        assert await asyncio.to_thread(refusals, address) == {grpc.StatusCode.INVALID_ARGUMENT}

    serve(tmp_path, body)


def test_a_refused_header_is_told_with_its_code_to_an_asyncio_client_that_waits(tmp_path: Path):
    async def body(served: Served) -> None:
        async def told_so() -> tuple[str, str, str]:
            call = await served.announce(LARGE, file_kinds=["x"])
            return await refused(call)

        found = {await told_so() for _ in range(TRIES)}
        assert found == {("INVALID_ARGUMENT", "NAME_UNKNOWN", "file_kinds[0]")}

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


def test_who_never_sends_a_header_is_not_waited_for(tmp_path: Path):
    async def body(served: Served) -> None:
        assert await refused(served.stub.Reconstruct(timeout=10)) == ("INVALID_ARGUMENT", "UPLOAD_INCOMPLETE", "header")
        # Who has sent it in time has all the time for the rest.
        call = await served.announce()
        await asyncio.sleep(0.3)
        assert len(served.desk.places) == 1
        call.cancel()

    serve(tmp_path, body, header_seconds=0.2)


def test_models_are_listed(tmp_path: Path):
    async def body(served: Served) -> None:
        listed = await served.stub.ListModels(service_pb2.ListModelsRequest(), timeout=10)
        assert [(model.name, model.min_photos, model.max_photos) for model in listed.models] == [
            ("small", 1, 4),
            ("big", 2, 3),
        ]
        assert list(listed.file_kinds) == list(OFFER.file_kinds)

    serve(tmp_path, body)


def test_a_plan_comes_back(tmp_path: Path):
    async def body(served: Served) -> None:
        asked = service_pb2.PlanRequest(photos=4, grid={"width_px": 256, "height_px": 192})  # type: ignore[arg-type]
        plan = await served.stub.Plan(asked, timeout=10)
        assert (plan.seconds, plan.gigabytes, plan.refusal) == (pytest.approx(0.5), pytest.approx(5.0), "")
        asked.photos = 9
        assert (
            await refused_once(served.stub.Plan(asked, timeout=10))
            == "photos is 9; for model small, 1 to 4 are expected."
        )

    serve(tmp_path, body)


async def refused_once(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.details() or ""


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


def test_a_server_that_goes_does_not_wait_for_who_comes_for_a_result_that_is_gone(tmp_path: Path):
    async def body(served: Served) -> None:
        stream = served.send(seconds=None)
        while not len(served.desk):
            await asyncio.sleep(0)
        stream.cancel()
        while len(served.desk) or not served.engine.ran:
            await asyncio.sleep(0.01)
        assert served.desk.wanted
        for kept in tmp_path.glob("*/files"):
            shutil.rmtree(kept.parent)
        assert not served.desk.wanted

    serve(tmp_path, body)


def test_two_servers_do_not_share_a_port(tmp_path: Path):
    async def body(served: Served) -> None:
        address = f"127.0.0.1:{served.server.port}"
        with pytest.raises(ConfigError, match=f"listen is '{address}', where no server can listen"):
            async with serving(served.desk, LimitsConfig(), address):
                pass

    serve(tmp_path, body)


class Gone:
    """The context of a call whose client has left, which gRPC has not heard yet."""

    def done(self) -> bool:
        return False

    def time_remaining(self) -> None:
        return None

    async def write(self, _answer: object) -> None:
        raise grpc.aio.InternalError("Failed grpc_call_start_batch: 8")

    async def abort_with_status(self, _status: object) -> None:
        raise grpc.aio.InternalError("Failed grpc_call_start_batch: 8")


def test_who_leaves_in_mid_download_is_no_mistake_of_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async def body(served: Served) -> None:
        await told(served.send())
        servicer = Servicer(served.desk, LimitsConfig(), OPEN.principals)
        await servicer.GetResult(service_pb2.GetResultRequest(request_id="a"), Gone())

    serve(tmp_path, body)
    assert not [record for record in caplog.records if record.levelname == "ERROR" and not of_a_closed_loop(record)]


def of_a_closed_loop(record: logging.LogRecord) -> bool:
    """gRPC has one poller for the process, which may still wake a loop that another test has closed."""
    raised = record.exc_info[1] if record.exc_info else None
    return record.name == "asyncio" and isinstance(raised, RuntimeError) and str(raised) == "Event loop is closed"
