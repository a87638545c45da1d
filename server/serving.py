"""A server that listens, says how it is, and goes when it is told, after what it has begun."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from render.errors import ConfigError
from server.around import SERVICE
from server.config import LimitsConfig
from server.desk import Desk
from server.events import Draining
from server.guard import OPEN, Guard
from server.listen import check_listen
from server.pb import service_pb2_grpc
from server.servicer import Servicer

MAX_MESSAGE_BYTES = 2 * 2**20
LOOK_AGAIN_SECONDS = 0.05
"""While a server drains."""
PARTING_SECONDS = 0.5
"""At the end, for telling those who wait."""

OPTIONS = [
    # Otherwise two servers share one port, and neither knows.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A client that is gone without a word is noticed, and what it held is freed.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # One that asks too often whether the server is still there is sent away: every ping costs work.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 2),
    # A client comes back on a new connection: so those that a balancer spreads find servers that came later, and who
    # lost a certificate is not let in for ever. Calls have as long again, more than the slowest needs.
    ("grpc.max_connection_age_ms", 1_800_000),
    ("grpc.max_connection_age_grace_ms", 1_800_000),
    # One connection may not begin calls without end.
    ("grpc.max_concurrent_streams", 256),
]


class Serving:
    """What listens, while `serving` is entered."""

    def __init__(self, desk: Desk, servicer: Servicer, server: grpc.aio.Server, port: int, guard: Guard):
        self.port = port
        """That it listens on."""
        self._guard = guard
        self._desk = desk
        self._servicer = servicer
        self._server = server
        self._health = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]

    async def say(self, ready: bool) -> None:
        """Tell who asks for the server's health."""
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", SERVICE):
            await self._health.set(name, status)

    async def start(self) -> None:
        """Listen; health says NOT_SERVING until the engines are ready."""
        service_pb2_grpc.add_SnapsplatServiceServicer_to_server(self._servicer, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        await self.say(ready=False)
        await self._server.start()

    async def drain(self, seconds: float) -> None:
        """Take nothing new, let what has begun end for so long and be fetched for as long again, and stop listening."""
        self._servicer.draining = True
        self._guard.watch(Draining(len(self._desk)))
        await self.say(ready=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                # Whoever still sends has a place, and is not on the desk yet.
                while len(self._desk.places):
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                await self._desk.empty()
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        # Whose stream broke comes back for it by a new call, and a server that stops takes none.
        while self._desk.wanted and clock() < until:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        await self._server.stop(grace=max(0.0, until - clock()))


@contextlib.asynccontextmanager
async def serving(desk: Desk, limits: LimitsConfig, address: str, guard: Guard = OPEN) -> AsyncIterator[Serving]:
    """A server at `address`, such as `127.0.0.1:50051`; port 0 is any that is free. `guard` says who may call.

    Raises:
        ConfigError: it cannot listen there, such as when another does, or must not.
    """
    check_listen(address, guard.credentials is not None, guard.insecure)
    server = grpc.aio.server(options=OPTIONS, interceptors=guard.interceptors)
    servicer = Servicer(desk, limits, guard.principals)
    try:
        port = _add_port(server, address, guard.credentials)
    except RuntimeError as error:
        raise ConfigError(f"listen is {address!r}, where no server can listen; is another one there?") from error
    served = Serving(desk, servicer, server, port, guard)
    await served.start()
    try:
        yield served
    finally:
        await server.stop(grace=PARTING_SECONDS)


def _add_port(server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None) -> int:
    if credentials is None:
        return server.add_insecure_port(address)
    return server.add_secure_port(address, credentials)
