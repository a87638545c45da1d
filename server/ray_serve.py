"""The service on Ray Serve: replicas come and go with the queue, each a whole server; Ray's door leads to them.

    client -> Envoy (TLS, health) -> Ray's gRPC port -> a replica -> the server that has the request, mostly its own

A replica takes Ray's kind of call, and makes one of its own of it: what a request meets there is what it meets at a
server without Ray. The only file of the service that imports Ray.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import grpc

from render.errors import BackendError, ConfigError
from server.around import SERVICE
from server.carry import Carrier, Metadata
from server.directory import Directory
from server.pb import request_pb2, service_pb2
from server.replica import anywhere, replica, replica_config
from server.service_config import ServiceConfig

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

try:
    import ray
    from ray import serve
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException
except ImportError as missing:
    raise BackendError(f"--ray needs Ray, which is not installed ({missing}): pip install -e '.[ray]'.") from missing

APPLICATION = "snapsplat"
CONTROLLER, CONTROLLER_NAMESPACE = "SERVE_CONTROLLER_ACTOR", "serve"
"""The actor that is there where Ray Serve runs."""
ONGOING = 10_000
"""Calls that Ray lets a replica have: more than its own queue takes, which says in a sentence that it is full."""
PARTING_SECONDS = 5.0
"""For the directory to hear that a replica is gone: it may be gone itself."""
REMOVING_SECONDS = 30.0
"""Beyond `drain_seconds`, for replicas to end their workers and remove their folders."""
LOOK_AGAIN_SECONDS = 0.1
SERVICES = (
    "server.pb.service_pb2_grpc.add_SnapsplatServiceServicer_to_server",
    "grpc_health.v1.health_pb2_grpc.add_HealthServicer_to_server",
)
"""What Ray's gRPC port takes calls of; it brings reflection itself."""


class Bytes:
    """A message, as Ray's replicas hand it on."""

    def __init__(self, content: bytes = b""):
        self._content = content

    def SerializeToString(self) -> bytes:
        """See protobuf."""
        return self._content


class Replica:
    """Ray calls its methods for those of the service, and for those of grpc.health.v1."""

    async def __init__(self, directory: Any, options: Sequence[str], start: Callable[..., Any] = replica):
        """`start` is `server.replica.replica`, or does as it does."""
        self._directory = directory
        self._leaving = contextlib.AsyncExitStack()
        host, name = ray.util.get_node_ip_address(), serve.get_replica_context().replica_id.unique_id
        starting: AbstractAsyncContextManager[Any] = start(options, host, name)
        self._server = await self._leaving.enter_async_context(starting)
        self._own = f"{host}:{self._server.serving.port}"
        self._carrier = Carrier(self._own)
        self._leaving.push_async_callback(self._carrier.close)
        self._leaving.push_async_callback(self._say_goodbye)

    async def __del__(self) -> None:
        """Ray calls it, and waits, when what has begun has ended, or the replica did not come up."""
        await self._leaving.aclose()

    async def _say_goodbye(self) -> None:
        with contextlib.suppress(RayError, RayServeException, TimeoutError):
            async with asyncio.timeout(PARTING_SECONDS):
                await self._directory.forget.remote(self._own)

    async def check_health(self) -> None:
        """Ray asks, and replaces who raises."""
        if self._server.dispatching.done():
            raise RuntimeError("The dispatcher has ended.")

    async def Reconstruct(self, stream: Any, grpc_context: Any) -> AsyncIterator[Bytes]:
        """See service.proto. It goes where the request is already, or stays here."""
        first = await anext(stream, None)
        id = "" if first is None else first.header.request_id
        address, new = await self._directory.claim.remote(id, self._own)
        begun = False
        async for answer in self._many(f"/{SERVICE}/Reconstruct", address, _rest(first, stream), grpc_context):
            begun |= bool(answer.SerializeToString())
            yield answer
        if not begun and new:
            await self._directory.release.remote(id, address)

    async def GetResult(self, request: service_pb2.GetResultRequest, grpc_context: Any) -> AsyncIterator[Bytes]:
        """See service.proto."""
        async for answer in self._many(f"/{SERVICE}/GetResult", await self._of(request), request, grpc_context):
            yield answer

    async def Render(self, request: service_pb2.RenderRequest, grpc_context: Any) -> AsyncIterator[Bytes]:
        """See service.proto."""
        async for answer in self._many(f"/{SERVICE}/Render", await self._of(request), request, grpc_context):
            yield answer

    async def CancelRequest(self, request: service_pb2.CancelRequestRequest, grpc_context: Any) -> Bytes:
        """See service.proto."""
        return await self._one(f"/{SERVICE}/CancelRequest", await self._of(request), request, grpc_context)

    async def ListModels(self, request: service_pb2.ListModelsRequest, grpc_context: Any) -> Bytes:
        """See service.proto."""
        return await self._one(f"/{SERVICE}/ListModels", self._own, request, grpc_context)

    async def Plan(self, request: service_pb2.PlanRequest, grpc_context: Any) -> Bytes:
        """See service.proto; of this replica's queue."""
        return await self._one(f"/{SERVICE}/Plan", self._own, request, grpc_context)

    async def Check(self, request: Any, grpc_context: Any) -> Bytes:
        """Of grpc.health.v1, which Ray itself does not answer: how one replica is, while there is any."""
        return await self._one("/grpc.health.v1.Health/Check", self._own, request, grpc_context)

    async def Watch(self, request: Any, grpc_context: Any) -> AsyncIterator[Bytes]:
        """Of grpc.health.v1."""
        async for answer in self._many("/grpc.health.v1.Health/Watch", self._own, request, grpc_context):
            yield answer

    async def _of(self, request: Any) -> str:
        return await self._directory.find.remote(request.request_id) or self._own

    @contextlib.asynccontextmanager
    async def _to(self, address: str) -> AsyncIterator[Carrier]:
        if address == self._own:
            yield self._carrier
            return
        # For this call alone: replicas come and go, and nothing is to stay of them.
        carrier = Carrier(address)
        try:
            yield carrier
        finally:
            await carrier.close()

    async def _one(self, method: str, address: str, request: Any, context: Any) -> Bytes:
        try:
            metadata: Metadata = context.invocation_metadata()
            async with self._to(address) as carrier:
                return Bytes(await carrier.one(method, request.SerializeToString(), metadata))
        except grpc.aio.AioRpcError as error:
            await self._failed(address, error, context)
            return Bytes()

    async def _many(self, method: str, address: str, requests: Any, context: Any) -> AsyncIterator[Bytes]:
        if not hasattr(requests, "__aiter__"):
            requests = requests.SerializeToString()
        last = b""
        try:
            async with (
                self._to(address) as carrier,
                contextlib.aclosing(
                    carrier.many(method, requests, context.invocation_metadata())  # type: ignore[type-var]
                ) as answers,
            ):
                async for answer in answers:
                    last = answer
                    yield Bytes(answer)
        except grpc.aio.AioRpcError as error:
            await self._failed(address, error, context)
            # Ray sends details of a status with a message, or not at all.
            yield Bytes(_nothing_more(last) if method.endswith("/Render") else b"")

    async def _failed(self, address: str, error: grpc.aio.AioRpcError, context: Any) -> None:
        context.set_code(error.code())
        context.set_details(error.details() or "")
        context.set_trailing_metadata(list(error.trailing_metadata() or ()))
        if address != self._own and error.code() is grpc.StatusCode.UNAVAILABLE:
            await self._directory.forget.remote(address)


async def _rest(first: request_pb2.ReconstructRequest | None, stream: Any) -> AsyncIterator[bytes]:
    if first is None:
        return
    yield first.SerializeToString()
    async for message in stream:
        yield message.SerializeToString()
    if stream.is_cancelled():
        # An upload that broke is not one that is complete.
        raise asyncio.CancelledError


def _nothing_more(last: bytes) -> bytes:
    """A piece of Render without a byte, which completes no image wherever it stands."""
    piece = service_pb2.RenderResponse.FromString(last)
    there = piece.offset_bytes + len(piece.content)
    if there < piece.size_bytes:
        return service_pb2.RenderResponse(
            camera_index=piece.camera_index, size_bytes=piece.size_bytes, offset_bytes=there
        ).SerializeToString()
    begun = bool(last)
    return service_pb2.RenderResponse(camera_index=piece.camera_index + begun, size_bytes=1).SerializeToString()


def application(arguments: Mapping[str, Any]) -> serve.Application:
    """What deploy/ray_serve.yaml names; `options` are those of `snapsplat serve`, and of `ray.`.

    Raises:
        ConfigError: one is wrong.
    """
    options = tuple(arguments.get("options", ()))
    config = _config(options)
    scaling = config.ray
    actor = {"num_cpus": scaling.cpus, "num_gpus": scaling.gpus}
    autoscaling = {
        "min_replicas": scaling.min_replicas,
        "max_replicas": scaling.max_replicas,
        "target_ongoing_requests": scaling.target_requests,
    }
    return bound(
        options,
        autoscaling_config=autoscaling,
        ray_actor_options=actor,
        graceful_shutdown_timeout_s=config.drain_seconds,
    )


def _config(options: Sequence[str]) -> ServiceConfig:
    # GPUs are for replicas to find; this process may have none.
    return replica_config([*options, "engine.device=cpu"])


def bound(options: Sequence[str], start: Callable[..., Any] = replica, **how: Any) -> serve.Application:
    """Replicas that `start` makes of `options`, and one directory for all: where that dies, what is asked for is
    unknown, and clients send it again. `how` is Ray's: how many, and what each gets."""
    directory = serve.deployment(max_ongoing_requests=ONGOING, ray_actor_options={"num_cpus": 0})(Directory)
    replicas = serve.deployment(max_ongoing_requests=ONGOING, **how)(Replica)
    return replicas.bind(directory.bind(), tuple(options), start)


@contextlib.contextmanager
def deployed(app: serve.Application, address: str | None, port: int, drain_seconds: float) -> Iterator[None]:
    """The application runs, and every node with a replica listens at `port`, on all its addresses. At the end what has
    begun has `drain_seconds`.

    Raises:
        BackendError: there is no cluster, or the application does not come up.
    """
    with contextlib.ExitStack() as undo:
        try:
            if not ray.is_initialized():
                undo.callback(ray.shutdown)
                stopping = signal.getsignal(signal.SIGTERM)
                ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
                # Ray takes it, and would end this process without a word.
                signal.signal(signal.SIGTERM, stopping)
            _refuse_another_serve()
            # All of Serve goes at the end, since all of it is ours; also where it does not come up.
            undo.callback(_end_serve, drain_seconds + REMOVING_SECONDS)
            serve.start(
                grpc_options={"port": port, "grpc_servicer_functions": list(SERVICES)},
                http_options={"host": "127.0.0.1", "port": 0},
            )
            serve.run(app, name=APPLICATION, route_prefix="/")
        except (RayError, ConnectionError, ValueError, RuntimeError) as error:
            raise BackendError(f"Ray Serve does not come up: {error}") from error
        yield


def _end_serve(within_seconds: float) -> None:
    """The application first, and its calls with it: Serve's own end is waited for half a minute at most."""
    until = time.monotonic() + within_seconds
    try:
        with contextlib.suppress(RayError, RayServeException):
            serve.delete(APPLICATION, _blocking=False)
            while APPLICATION in serve.status().applications and time.monotonic() < until:
                time.sleep(LOOK_AGAIN_SECONDS)
    finally:
        serve.shutdown()


def _refuse_another_serve() -> None:
    """Where Serve runs, it keeps the ports that it was started with, and ending it would end what others run on it.

    Raises:
        BackendError: it runs.
    """
    try:
        ray.get_actor(CONTROLLER, namespace=CONTROLLER_NAMESPACE)
    except ValueError:
        return
    raise BackendError(
        "Ray Serve runs on this cluster already, and opens no port for gRPC any more; `snapsplat serve --ray` starts a "
        "Serve of its own, on a cluster without one."
    )


def serve_on_ray(
    options: Sequence[str], address: str | None, listen: str, insecure: bool, say: Callable[[str], None]
) -> None:
    """Run until SIGTERM or SIGINT, then let what has begun end. One before it is ready, or a second one, ends it at
    once.

    Args:
        options: of the configuration.
        address: of the cluster; see `ray.init`.
        listen: `HOST:PORT`, of which Ray takes the port.
        insecure: whoever started it knows who can reach that port.
        say: told when it is ready, and when it ends.

    Raises:
        ConfigError: an option is wrong.
        BackendError: see `deployed`.
        KeyboardInterrupt: it was ended at once.
    """
    if not insecure:
        raise ConfigError(
            "Ray's gRPC port listens on all addresses of a node, and has no TLS; put deploy/envoy.yaml before it, keep "
            "others from the port itself, and say --insecure."
        )
    port = port_of(listen)
    options = anywhere(options)
    app, drain_seconds = application({"options": options}), _config(options).drain_seconds
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with deployed(app, address, port, drain_seconds):
        with contextlib.suppress(KeyboardInterrupt):
            say(f"Listening on port {port} of every node with a replica, ready.")
            threading.Event().wait()
        say("Stopping: what has begun is let end.")


def port_of(listen: str) -> int:
    """Of `HOST:PORT`.

    Raises:
        ConfigError: there is none, or it is any.
    """
    port = listen.rpartition(":")[2]
    if not (port.isdecimal() and 0 < int(port) < 2**16):
        raise ConfigError(
            f"listen is {listen!r}; with --ray it is HOST:PORT, and Ray listens at PORT of all addresses."
        )
    return int(port)
