"""Over a real channel: who may call, and that nobody reaches the requests of another."""

import asyncio
import hashlib
from pathlib import Path

import grpc
import pytest
import trustme
from google.rpc.error_details_pb2 import RetryInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from server.guard_config import PrincipalConfig, SecurityConfig
from server.pb import camera_pb2, service_pb2
from tests.server.guarded import Guarded, guard, tls_files, token_file
from tests.server.loopback import content, kinds, refused, told
from tests.server.sent import IDENTITY

NOT_LET_IN = ("UNAUTHENTICATED", "UNAUTHENTICATED", "")
UNKNOWN = ("NOT_FOUND", "REQUEST_UNKNOWN", "")


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def test_only_who_has_a_token_may_call(tmp_path: Path):
    path, (good,) = token_file(tmp_path, "alice")

    async def body(guarded: Guarded) -> None:
        for token in ("", "wrong", good[:-1], hashlib.sha256(good.encode()).hexdigest()):
            async with guarded.plain(token) as client:
                # Without any message: a refusal waits for none.
                assert await refused(client.stub.Reconstruct(timeout=5)) == NOT_LET_IN
                assert await refused(client.get()) == NOT_LET_IN
                with pytest.raises(grpc.aio.AioRpcError, match="authorization: Bearer TOKEN"):
                    await client.stub.ListModels(service_pb2.ListModelsRequest(), timeout=10)
        assert not guarded.engine.ran
        async with guarded.plain(good) as client:
            assert kinds(await told(client.send()))[-1] == "summary"
            assert (await client.stub.ListModels(service_pb2.ListModelsRequest(), timeout=10)).models

    guard(tmp_path, body, SecurityConfig(tokens=path))


def test_health_needs_no_token(tmp_path: Path):
    path, _ = token_file(tmp_path, "alice")

    async def body(guarded: Guarded) -> None:
        async with guarded.plain() as client:
            stub = health_pb2_grpc.HealthStub(client.channel)  # type: ignore[no-untyped-call]
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING

    guard(tmp_path, body, SecurityConfig(tokens=path))


def test_ids_are_per_caller(tmp_path: Path):
    path, tokens = token_file(tmp_path, "alice", "bob")

    async def body(guarded: Guarded) -> None:
        async with guarded.plain(tokens[0]) as alice, guarded.plain(tokens[1]) as bob:
            guarded.engine.gate.clear()
            running = asyncio.create_task(told(alice.send()))
            await alice.running()
            assert await refused(bob.get()) == UNKNOWN
            with pytest.raises(grpc.aio.AioRpcError, match="There is no request 'a'"):
                await bob.cancel()
            # The same id and another header: it would be refused if it were alice's.
            his = asyncio.create_task(told(bob.send([(b"other", None)])))
            await asyncio.sleep(0.05)
            guarded.engine.gate.set()
            assert content(await running) == {"scene.ply": b"one photoanother photo" * 100_000}
            assert content(await his) == content(await told(bob.get())) == {"scene.ply": b"other" * 100_000}
            assert content(await told(alice.get())) == content(running.result())

    guard(tmp_path, body, SecurityConfig(tokens=path))

    async def later(guarded: Guarded) -> None:
        async with guarded.plain(tokens[1]) as bob:
            assert content(await told(bob.get())) == {"scene.ply": b"other" * 100_000}

    guard(tmp_path, later, SecurityConfig(tokens=path))


def test_callers_are_known_by_certificate(tmp_path: Path, ca: trustme.CA):
    async def body(guarded: Guarded) -> None:
        async with guarded.encrypted(ca) as nobody:
            assert (await refused(nobody.get()))[0] == "UNAVAILABLE"
        async with guarded.encrypted(ca, "alice") as alice, guarded.encrypted(ca, "bob") as bob:
            assert kinds(await told(alice.send()))[-1] == "summary"
            assert await refused(bob.get()) == UNKNOWN
            assert kinds(await told(alice.get()))[-1] == "summary"

    guard(tmp_path, body, SecurityConfig(tls=tls_files(tmp_path, ca, clients=True)))


def test_a_certificate_of_a_stranger_lets_nobody_in(tmp_path: Path, ca: trustme.CA):
    async def body(guarded: Guarded) -> None:
        stranger = trustme.CA()
        stranger_issued = stranger.issue_cert("x@example.org")
        credentials = grpc.ssl_channel_credentials(
            ca.cert_pem.bytes(), stranger_issued.private_key_pem.bytes(), stranger_issued.cert_chain_pems[0].bytes()
        )
        async with grpc.aio.secure_channel(f"localhost:{guarded.server.port}", credentials) as channel:
            assert (await refused(guarded.client(channel).get()))[0] == "UNAVAILABLE"

    guard(tmp_path, body, SecurityConfig(tls=tls_files(tmp_path, ca, clients=True)))


def test_a_certificate_is_renewed_without_a_restart(tmp_path: Path, ca: trustme.CA):
    config = tls_files(tmp_path, ca)
    other = trustme.CA()

    async def body(guarded: Guarded) -> None:
        async with guarded.encrypted(ca) as client:
            assert (await refused(client.get()))[0] == "NOT_FOUND"
        Path(config.key).write_text("half of a")
        async with guarded.encrypted(ca) as client:
            assert (await refused(client.get()))[0] == "NOT_FOUND"
        tls_files(tmp_path, other)
        async with guarded.encrypted(other) as client:
            assert (await refused(client.get()))[0] == "NOT_FOUND"

    guard(tmp_path, body, SecurityConfig(tls=config))


def test_a_caller_is_told_when_to_come_back(tmp_path: Path):
    path, tokens = token_file(tmp_path, "alice", "bob")

    async def body(guarded: Guarded) -> None:
        async with guarded.plain(tokens[0]) as alice, guarded.plain(tokens[1]) as bob:
            assert kinds(await told(alice.send(request_id="a")))[-1] == "summary"
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await told(await alice.announce(request_id="b"))
            status = rpc_status.from_call(error.value)  # type: ignore[arg-type]
            assert status is not None
            info = RetryInfo()
            assert any(detail.Unpack(info) for detail in status.details)
            assert 55 <= info.retry_delay.seconds <= 60
            # What is there already is no new request.
            assert kinds(await told(await alice.announce(request_id="a")))[-1] == "summary"
            assert kinds(await told(bob.send(request_id="b")))[-1] == "summary"

    guard(tmp_path, body, SecurityConfig(tokens=path), PrincipalConfig(requests_per_minute=1))


def test_an_address_is_one_caller_where_nothing_else_is_known(tmp_path: Path):
    async def body(guarded: Guarded) -> None:
        async with guarded.plain() as one, guarded.plain() as another:
            assert kinds(await told(one.send()))[-1] == "summary"
            assert kinds(await told(another.get()))[-1] == "summary"
            assert await refused(await another.announce(request_id="b")) == (
                "RESOURCE_EXHAUSTED",
                "PRINCIPAL_LIMIT",
                "",
            )

    guard(tmp_path, body, SecurityConfig(), PrincipalConfig(requests_per_minute=1))


def test_downloads_of_one_caller_are_bounded_and_others_go_on(tmp_path: Path):
    path, (alice, bob) = token_file(tmp_path, "alice", "bob")

    async def body(guarded: Guarded) -> None:
        async with guarded.plain(alice) as one, guarded.plain(bob) as other:
            guarded.engine.gate.clear()
            # A request of one's own is not refused, whatever else is downloaded.
            sent = [asyncio.create_task(told(one.send(request_id=name))) for name in "ab"]
            while len(guarded.desk) < 2:
                await asyncio.sleep(0.01)
            limit = ("RESOURCE_EXHAUSTED", "PRINCIPAL_LIMIT", "")
            for call in (
                one.get("a"),
                await one.announce(request_id="a"),
                one.stub.Render(drawing_of("a"), timeout=10),
            ):
                assert await refused(call) == limit
            guarded.engine.gate.set()
            assert [kinds(await events)[-1] for events in sent] == ["summary", "summary"]
            assert kinds(await told(other.send()))[-1] == kinds(await told(other.get()))[-1] == "summary"
            # What both brought back is owed.
            call = one.get("a")
            assert await refused(call) == limit
            assert "bytes a minute; try again in" in await call.details()

    share = PrincipalConfig(max_downloads=2, download_bytes_per_minute=3_000_000)
    guard(tmp_path, body, SecurityConfig(tokens=path), share)


def test_a_download_that_breaks_is_charged_for_what_was_sent(tmp_path: Path):
    async def body(guarded: Guarded) -> None:
        async with guarded.plain() as one:
            await told(one.send([(bytes(300), None)]))
            for _ in range(5):
                # Of 30 MB.
                broken = one.get("a")
                while not (await broken.read()).event.HasField("chunk"):
                    pass
                broken.cancel()
            assert kinds(await told(one.get("a")))[-1] == "summary"

    guard(tmp_path, body, SecurityConfig(), PrincipalConfig(download_bytes_per_minute=100_000_000))


def drawing_of(request_id: str) -> service_pb2.RenderRequest:
    lens = camera_pb2.Intrinsics(fx_px=9, fy_px=9, cx_px=4, cy_px=4)
    size = camera_pb2.Size(width_px=8, height_px=8)
    camera = camera_pb2.Camera(size=size, intrinsics=lens, t_world_camera=IDENTITY)
    return service_pb2.RenderRequest(request_id=request_id, cameras=[camera])
