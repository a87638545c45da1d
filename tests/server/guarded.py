"""A guarded server on loopback for a test, and clients who come with tokens or certificates."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import trustme

from server.batcher import Batcher
from server.config import BatcherConfig, LimitsConfig, ResultsConfig
from server.desk import Desk
from server.dispatcher import Dispatcher
from server.events import Watch, unwatched
from server.guard import guarded
from server.guard_config import PrincipalConfig, SecurityConfig, TlsConfig
from server.results import Results
from server.serving import Serving, serving
from server.tokens import new_token
from tests.server.fakes import GB, FakeForecast
from tests.server.loopback import FakeWorkshop, Painter, Served


class Guarded:
    """What a test looks at."""

    def __init__(self, server: Serving, engine: Painter, desk: Desk):
        self.server, self.engine, self.desk = server, engine, desk

    def client(self, channel: grpc.aio.Channel, token: str = "") -> Served:
        """A client whose calls carry `token`."""
        client = Served(channel, self.engine, self.desk, self.server)
        if token:
            client.stub = _WithMetadata(client.stub, (("authorization", f"Bearer {token}"),))
        return client

    @contextlib.asynccontextmanager
    async def plain(self, token: str = "") -> Any:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.server.port}") as channel:
            yield self.client(channel, token)

    @contextlib.asynccontextmanager
    async def encrypted(self, ca: trustme.CA, name: str = "") -> Any:
        """With a certificate for `name`."""
        pair: tuple[bytes | None, bytes | None] = (None, None)
        if name:
            issued = ca.issue_cert(f"{name}@example.org", common_name=name)
            pair = issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes()
        credentials = grpc.ssl_channel_credentials(ca.cert_pem.bytes(), *pair)
        async with grpc.aio.secure_channel(f"localhost:{self.server.port}", credentials) as channel:
            yield self.client(channel)


class _WithMetadata:
    """A stub whose calls carry something."""

    def __init__(self, stub: Any, metadata: Any):
        self._stub, self._metadata = stub, metadata

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **fields: getattr(self._stub, name)(*arguments, metadata=self._metadata, **fields)


def guard(
    folder: Path,
    body: Callable[[Guarded], Awaitable[None]],
    security: SecurityConfig,
    share: PrincipalConfig | None = None,
    watch: Watch = unwatched,
    outermost: tuple[grpc.aio.ServerInterceptor, ...] = (),
) -> None:
    """Run `body` beside a server; in the end nothing may be left of its requests."""

    async def main() -> None:
        clock = asyncio.get_running_loop().time
        engine = Painter()
        batcher = Batcher(BatcherConfig(100 * GB, max_jobs=5), FakeForecast(), [engine], clock)
        dispatcher = Dispatcher(batcher, clock, watch)
        results = Results(folder / "results", ResultsConfig())
        desk = Desk(batcher, dispatcher, FakeWorkshop(), results, clock, watch)
        dispatching = asyncio.create_task(dispatcher.serve())
        try:
            stands = guarded(security, share, clock, watch, outermost)
            async with serving(desk, LimitsConfig(), "127.0.0.1:0", stands) as server, asyncio.timeout(20):
                await body(Guarded(server, engine, desk))
                while len(batcher.places) or len(desk):
                    await asyncio.sleep(0.01)
        finally:
            dispatching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await dispatching
            results.close()

    asyncio.run(main())


def token_file(folder: Path, *names: str) -> tuple[str, list[str]]:
    """A file of tokens, and the tokens."""
    made = [new_token(name) for name in names]
    path = folder / "tokens"
    path.write_text("".join(f"{line}\n" for _, line in made))
    return str(path), [token for token, _ in made]


def tls_files(folder: Path, ca: trustme.CA, clients: bool = False) -> TlsConfig:
    """A certificate for localhost; with `clients`, callers need one as well."""
    issued = ca.issue_cert("localhost", "127.0.0.1")
    folder.mkdir(exist_ok=True)
    certificate, key, roots = (str(folder / name) for name in ("server.pem", "server.key", "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    ca.cert_pem.write_to_path(roots)
    return TlsConfig(certificate, key, roots if clients else None)
