"""A container asks its own server."""

import asyncio
from pathlib import Path

import trustme

from server.guard_config import SecurityConfig
from server.probe import main, ready
from tests.server.guarded import Guarded, guard, tls_files, token_file


def test_a_server_is_ready_when_it_says_so(tmp_path: Path):
    tokens, _ = token_file(tmp_path, "alice")
    tls = tls_files(tmp_path, trustme.CA())

    async def body(guarded: Guarded) -> None:
        address = f"127.0.0.1:{guarded.server.port}"
        for name, said in (("localhost", False), ("localhost", True), ("elsewhere", True)):
            await guarded.server.say(ready=said)
            right = said and name == "localhost"
            # The certificate itself, without its CA, is enough to know the server by.
            assert await asyncio.to_thread(ready, address, tls.certificate, name) is right
        assert not await asyncio.to_thread(ready, address)

    guard(tmp_path, body, SecurityConfig(tls=tls, tokens=tokens))


def test_what_cannot_be_asked_is_said_in_a_sentence():
    assert main([]) == "0 arguments were given; HOST:PORT is expected, or HOST:PORT CERTIFICATE NAME with TLS."
    assert main(["localhost:1", "/none.pem", "localhost"]) == (
        "/none.pem cannot be read (No such file or directory); a PEM file is expected."
    )
