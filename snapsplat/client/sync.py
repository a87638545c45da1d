"""`Client`: scenes from a server, for programs without asyncio. `snapsplat/client/aio.py` is its twin."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import grpc

from recon.output_folder import check_output_folder, filled_at_once
from render.errors import SnapsplatError
from server.pb import result_pb2, service_pb2, service_pb2_grpc
from snapsplat.client.connection import OPTIONS, Trust, connection
from snapsplat.client.errors import BrokenAnswerError
from snapsplat.client.order import Asked, Order, make_order
from snapsplat.client.photos import Given
from snapsplat.client.pictures import Pictures
from snapsplat.client.questions import plan_request, render_request
from snapsplat.client.received import Answer, Listener, Receiver
from snapsplat.client.refusal import Refusal, error_of, read_refusal
from snapsplat.client.retries import Retries
from snapsplat.client.upload import Upload

if TYPE_CHECKING:
    from recon.reconstruction import Reconstruction
    from render.cameras import Cameras

HOUR = 3600.0
SHORT_SECONDS = 30.0
"""For calls that have no bytes."""
CANCEL_SECONDS = 2.0
"""For the one that somebody waits for who wants to stop."""


class Client:
    """Of one server. May be used by several threads; `close` it, or use it in a `with` block."""

    def __init__(self, server: str, **trust: Unpack[Trust]):
        """`server` is HOST:PORT; see `snapsplat.client.connection` for the rest.

        Raises:
            ConfigError: an option cannot be used.
        """
        found = connection(server, **trust)
        self._channel = (
            grpc.insecure_channel(found.address, OPTIONS)
            if found.credentials is None
            else grpc.secure_channel(found.address, found.credentials, OPTIONS)
        )
        self._metadata = found.metadata
        self._stub: Any = service_pb2_grpc.SnapsplatServiceStub(self._channel)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all calls that are on their way."""
        self._channel.close()

    def reconstruct(
        self,
        photos: Sequence[Given] | str | Path,
        *,
        timeout: float = HOUR,
        progress: Callable[[str], None] | None = None,
        queued: Callable[[int, float], None] | None = None,
        **asked: Unpack[Asked],
    ) -> "Reconstruction":
        """A scene of photos, as `snapsplat.reconstruct` makes it.

        Args:
            photos: files, folders of them, or arrays: uint8, height x width x 3, sRGB.
            timeout: seconds, for everything, waiting and all tries included; the server gives up then, too.
            progress: called with the name of each stage when it is done.
            queued: called with how many requests are before this one, and the seconds that it will probably wait.
            asked: see `snapsplat.client.order.Asked`.

        Raises:
            SnapsplatError: what the library raises in such a case, or `ServiceError` where it is nobody's mistake;
                `reason` and `field` are the server's.
        """
        from snapsplat.client.scene import KINDS, received_scene

        with tempfile.TemporaryDirectory() as folder:
            order = make_order(photos, KINDS, **asked)
            scene = Path(folder) / "scene"
            with filled_at_once(scene, last="scene.ply") as staging:
                answer = self._fetch(order, staging, timeout, Listener(progress, queued))
            return received_scene(order, answer, scene)

    def submit(
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
        """As `reconstruct`, but write files into the folder `output`: all whole, or none. torch is not loaded.

        Args:
            files: kinds of files to get, by the names that `list_models` gives: "scene.ply", "depth", ...

        Raises:
            SnapsplatError: as `reconstruct`; OutputError: `output` cannot be written.
        """
        check_output_folder(output)
        order = make_order(photos, files, **asked)
        with filled_at_once(Path(output), last="scene.ply") as staging:
            return self._fetch(order, staging, timeout, Listener(progress, queued))

    def cancel(self, request_id: str) -> bool:
        """Stop a request, whether it waits or runs; False where it had ended.

        Raises:
            ServiceError: there is none of this id, or no server.
        """
        return self._call("CancelRequest", service_pb2.CancelRequestRequest(request_id=request_id)).cancelled

    def list_models(self) -> service_pb2.ListModelsResponse:
        """What can be asked for."""
        return self._call("ListModels", service_pb2.ListModelsRequest())

    def plan(self, photos: int, grid_wh: tuple[int, int], model: str | None = None) -> service_pb2.PlanResponse:
        """What a scene of so many photos would cost, on a working grid of this width and height."""
        return self._call("Plan", plan_request(photos, grid_wh, model))

    def render(
        self, request_id: str, cameras: "Cameras", *, png: bool = False, timeout: float = HOUR
    ) -> Iterator[bytes]:
        """Images of a request's scene, one for each camera, as JPEG or PNG files; each comes when it is drawn.

        Raises:
            SnapsplatError: the cameras cannot be used, or no such scene is kept.
        """
        pictures = Pictures()
        request = render_request(request_id, cameras, png)
        call = self._stub.Render(request, timeout=timeout, metadata=self._metadata)
        try:
            for piece in call:
                whole = pictures.take(piece)
                if whole is not None:
                    yield whole
            pictures.end(len(cameras))
        except grpc.RpcError as error:
            raise error_of(read_refusal(error)) from error
        finally:
            call.cancel()

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=SHORT_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            raise error_of(read_refusal(error)) from error

    def _fetch(self, order: Order, folder: Path, timeout: float, listener: Listener) -> Answer:
        """Call until the files are there; who stops this stops the server's work, too."""
        retries = Retries(timeout)
        try:
            while True:
                try:
                    return self._try(order, folder, retries, listener)
                except grpc.RpcError as error:
                    refusal = read_refusal(error)
                except BrokenAnswerError as error:
                    refusal = Refusal(grpc.StatusCode.DATA_LOSS, str(error))
                time.sleep(retries.pause_after(refusal, order.names))
        except SnapsplatError:
            raise
        except BaseException:  # Ctrl-C, a full disk, a mistake in what the caller wants to be called.
            request = service_pb2.CancelRequestRequest(request_id=order.header.request_id)
            with contextlib.suppress(grpc.RpcError):
                self._stub.CancelRequest(request, timeout=CANCEL_SECONDS, metadata=self._metadata)
            raise

    def _try(self, order: Order, folder: Path, retries: Retries, listener: Listener) -> Answer:
        with (
            contextlib.closing(Receiver(folder, order.header.file_kinds)) as receiver,
            contextlib.closing(self._events(order, retries)) as events,
        ):
            for event in events:
                retries.went_on()
                listener.hear(event)
                receiver.take(event)
            return receiver.answer(order.header.request_id, order.warnings)

    def _events(self, order: Order, retries: Retries) -> Generator[result_pb2.ResultEvent, None, None]:
        """Of one call, whichever is next."""
        upload = Upload(order)
        if retries.sending:
            call = self._stub.Reconstruct(upload.messages(), timeout=retries.seconds_left, metadata=self._metadata)
        else:
            request = service_pb2.GetResultRequest(request_id=order.header.request_id)
            call = self._stub.GetResult(request, timeout=retries.seconds_left, metadata=self._metadata)
        try:
            for answer in call:
                if retries.sending and answer.HasField("accepted"):
                    upload.go_on(wanted=True)
                elif answer.HasField("event"):
                    yield answer.event
        except grpc.RpcError:
            upload.check()
            raise
        finally:
            upload.go_on(wanted=False)
            call.cancel()
