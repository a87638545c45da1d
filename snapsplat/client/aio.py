"""`AsyncClient`: scenes from a server, for programs with asyncio. `snapsplat/client/sync.py` is its twin."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import grpc

from recon.output_folder import check_output_folder, filled_at_once
from render.errors import SnapsplatError
from server.pb import request_pb2, result_pb2, service_pb2, service_pb2_grpc
from snapsplat.client.connection import OPTIONS, Trust, connection
from snapsplat.client.errors import BrokenAnswerError
from snapsplat.client.order import Asked, Order, make_order
from snapsplat.client.photos import Given
from snapsplat.client.pictures import Pictures
from snapsplat.client.questions import plan_request, render_request
from snapsplat.client.received import Answer, Listener, Receiver
from snapsplat.client.refusal import Refusal, error_of, read_refusal
from snapsplat.client.retries import Retries
from snapsplat.client.sync import CANCEL_SECONDS, HOUR, SHORT_SECONDS

if TYPE_CHECKING:
    from recon.reconstruction import Reconstruction
    from render.cameras import Cameras

END = grpc.aio.EOF  # pyright: ignore[reportAttributeAccessIssue]
"""What is read after the last message."""


class AsyncClient:
    """Of one server, and of one event loop; its methods are those of `snapsplat.client.sync.Client`, see there.

    A task that is cancelled while it waits for a scene cancels the request on the server.
    """

    def __init__(self, server: str, **trust: Unpack[Trust]):
        """See `Client`."""
        found = connection(server, **trust)
        self._channel = (
            grpc.aio.insecure_channel(found.address, OPTIONS)
            if found.credentials is None
            else grpc.aio.secure_channel(found.address, found.credentials, OPTIONS)
        )
        self._metadata = found.metadata
        self._stub: Any = service_pb2_grpc.SnapsplatServiceStub(self._channel)

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """See `Client.close`."""
        await self._channel.close()

    async def reconstruct(
        self,
        photos: Sequence[Given] | str | Path,
        *,
        timeout: float = HOUR,
        progress: Callable[[str], None] | None = None,
        queued: Callable[[int, float], None] | None = None,
        **asked: Unpack[Asked],
    ) -> "Reconstruction":
        """See `Client.reconstruct`."""
        from snapsplat.client.scene import KINDS, received_scene

        with tempfile.TemporaryDirectory() as folder:
            order = await asyncio.to_thread(make_order, photos, KINDS, **asked)
            scene = Path(folder) / "scene"
            with filled_at_once(scene, last="scene.ply") as staging:
                answer = await self._fetch(order, staging, timeout, Listener(progress, queued))
            return await asyncio.to_thread(received_scene, order, answer, scene)

    async def submit(
        self,
        photos: Sequence[Given] | str | Path,
        output: str | Path,
        files: Sequence[str] = ("scene.ply",),
        *,
        timeout: float = HOUR,
        progress: Callable[[str], None] | None = None,
        queued: Callable[[int, float], None] | None = None,
        **asked: Unpack[Asked],
    ) -> Answer:
        """See `Client.submit`."""
        check_output_folder(output)
        order = await asyncio.to_thread(make_order, photos, files, **asked)
        with filled_at_once(Path(output), last="scene.ply") as staging:
            return await self._fetch(order, staging, timeout, Listener(progress, queued))

    async def cancel(self, request_id: str) -> bool:
        """See `Client.cancel`."""
        return (await self._call("CancelRequest", service_pb2.CancelRequestRequest(request_id=request_id))).cancelled

    async def list_models(self) -> service_pb2.ListModelsResponse:
        """See `Client.list_models`."""
        return await self._call("ListModels", service_pb2.ListModelsRequest())

    async def plan(self, photos: int, grid_wh: tuple[int, int], model: str | None = None) -> service_pb2.PlanResponse:
        """See `Client.plan`."""
        return await self._call("Plan", plan_request(photos, grid_wh, model))

    async def render(
        self, request_id: str, cameras: "Cameras", *, png: bool = False, timeout: float = HOUR
    ) -> AsyncIterator[bytes]:
        """See `Client.render`."""
        pictures = Pictures()
        request = render_request(request_id, cameras, png)
        call = self._stub.Render(request, timeout=timeout, metadata=self._metadata)
        try:
            async for piece in call:
                whole = pictures.take(piece)
                if whole is not None:
                    yield whole
            pictures.end(len(cameras))
        except grpc.RpcError as error:
            raise error_of(read_refusal(error)) from error
        finally:
            call.cancel()

    async def _call(self, method: str, request: Any) -> Any:
        try:
            return await getattr(self._stub, method)(request, timeout=SHORT_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            raise error_of(read_refusal(error)) from error

    async def _fetch(self, order: Order, folder: Path, seconds: float, listener: Listener) -> Answer:
        """Call until the files are there; who stops this stops the server's work, too."""
        retries = Retries(seconds)
        try:
            while True:
                try:
                    return await self._try(order, folder, retries, listener)
                except grpc.RpcError as error:
                    refusal = read_refusal(error)
                except BrokenAnswerError as error:
                    refusal = Refusal(grpc.StatusCode.DATA_LOSS, str(error))
                await asyncio.sleep(retries.pause_after(refusal, order.names))
        except SnapsplatError:
            raise
        except BaseException:  # Cancelled, a full disk, a mistake in what the caller wants to be called.
            request = service_pb2.CancelRequestRequest(request_id=order.header.request_id)
            with contextlib.suppress(grpc.RpcError):
                await self._stub.CancelRequest(request, timeout=CANCEL_SECONDS, metadata=self._metadata)
            raise

    async def _try(self, order: Order, folder: Path, retries: Retries, listener: Listener) -> Answer:
        with contextlib.closing(Receiver(folder, order.header.file_kinds)) as receiver:
            async with contextlib.aclosing(self._events(order, retries)) as events:
                async for event in events:
                    retries.went_on()
                    listener.hear(event)
                    receiver.take(event)
            return receiver.answer(order.header.request_id, order.warnings)

    async def _events(self, order: Order, retries: Retries) -> AsyncGenerator[result_pb2.ResultEvent, None]:
        """Of one call, whichever is next."""
        if retries.sending:
            call = self._stub.Reconstruct(timeout=retries.seconds_left, metadata=self._metadata)
        else:
            request = service_pb2.GetResultRequest(request_id=order.header.request_id)
            call = self._stub.GetResult(request, timeout=retries.seconds_left, metadata=self._metadata)
        try:
            if retries.sending:
                await _write(call, [order.first()])
            while (answer := await call.read()) is not END:
                if retries.sending and answer.HasField("accepted"):
                    # Until all is sent, the server has nothing to say but a refusal.
                    await _write(call, order.chunks())
                    await call.done_writing()
                elif answer.HasField("event"):
                    yield answer.event
        finally:
            call.cancel()


async def _write(call: Any, messages: Iterable[request_pb2.ReconstructRequest]) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):  # The call has ended; who reads on hears why.
        for message in messages:
            await call.write(message)
