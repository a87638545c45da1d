"""Who is trusted, and what crosses the wire in the clear."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from render.errors import ConfigError
from server.pb import service_pb2, service_pb2_grpc
from snapsplat.client.connection import connection
from snapsplat.client.errors import ServiceError
from tests.client.clients import KINDS, Kind, ask


@pytest.mark.parametrize("server", ["localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1"])
def test_this_machine_is_spoken_to_in_the_clear(server: str):
    assert connection(server).credentials is None


@pytest.mark.parametrize("server", ["example.org:1", "10.0.0.1:1", "localhost.example.org:1"])
def test_another_machine_is_not_unless_told(server: str):
    assert connection(server).credentials is not None
    assert connection(server, insecure=True).credentials is None


@pytest.mark.parametrize(
    ("server", "trust", "sentence"),
    [
        ("localhost", {}, "server is 'localhost'; it must be HOST:PORT"),
        (":50051", {}, "it must be HOST:PORT"),
        ("http://localhost:50051", {}, "it must be HOST:PORT"),
        ("localhost:99999", {}, "it must be HOST:PORT"),
        ("localhost:1", {"token": "two\nlines"}, "one token, without spaces or line breaks"),
        ("localhost:1", {"token": ""}, "one token, without spaces or line breaks"),
        ("a:1", {"certificate": "c.pem"}, "key is None"),
        ("a:1", {"root_certificate": "c.pem", "insecure": True}, "insecure is True; it must be left out"),
        ("a:1", {"root_certificate": "none.pem"}, "none.pem cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused(server: str, trust: Any, sentence: str):
    with pytest.raises(ConfigError, match=sentence):
        connection(server, **trust)


class Strict(service_pb2_grpc.SnapsplatServiceServicer):
    """Answers who has the token."""

    async def ListModels(self, _request, context):
        if ("authorization", "Bearer secret") not in context.invocation_metadata():
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "Who are you?")
        return service_pb2.ListModelsResponse(file_kinds=["scene.ply"])


@pytest.mark.parametrize("kind", KINDS)
def test_mutual_tls_and_a_token(tmp_path: Path, kind: Kind):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    ours, theirs = authority.issue_cert("client"), authority.issue_cert("localhost")
    ours.private_key_pem.write_to_path(tmp_path / "key.pem")
    ours.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own = {"certificate": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    pair = (theirs.private_key_pem.bytes(), theirs.cert_chain_pems[0].bytes())
    credentials = grpc.ssl_server_credentials([pair], authority.cert_pem.bytes(), require_client_auth=True)

    async def main() -> None:
        server = grpc.aio.server()
        service_pb2_grpc.add_SnapsplatServiceServicer_to_server(Strict(), server)
        address = f"localhost:{server.add_secure_port('localhost:0', credentials)}"
        await server.start()
        try:
            trust = {"root_certificate": tmp_path / "ca.pem", **own}
            listed = await ask(kind, address, "list_models", trust={**trust, "token": "secret"})
            assert list(listed.file_kinds) == ["scene.ply"]
            with pytest.raises(ServiceError, match="UNAUTHENTICATED: Who are you"):
                await ask(kind, address, "list_models", trust=trust)
            with pytest.raises(ServiceError, match="UNIMPLEMENTED"):
                await ask(kind, address, "plan", 3, (64, 64), trust=trust)
        finally:
            await server.stop(None)

    asyncio.run(main())
