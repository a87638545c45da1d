"""The service over loopback, with an engine that only pretends: a batch takes as long as a stated function says.

What goes wrong is written in a request's first photo: see `FAULTS`.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from render.errors import OutputError, ReconstructionError
from server.batcher import Batcher
from server.config import BatcherConfig, LimitsConfig, ResultsConfig
from server.desk import Desk
from server.dispatcher import Dispatcher
from server.engine import Engine
from server.errors import OutOfMemoryError
from server.jobs import Job, Shape
from server.pb import camera_pb2, request_pb2, result_pb2, service_pb2, service_pb2_grpc
from server.request import Request
from server.results import Results
from server.serving import Serving, serving
from server.upload import MAX_CHUNK_BYTES, ReceivedImage
from server.work import Outcome, Work, Workshop
from tests.server.sent import OFFER, header_of

GB = 10**9
CORE = "Internal error from Core"
"""What grpc.aio makes of a call that ends, by refusal or by deadline, while the client writes."""
BROKEN = "stream broke"
FAULTS = {
    b"die once": "its worker dies, after the answers for what was before it in the batch; the second time all is well",
    b"die": "its worker dies each time",
    b"hang": "its worker says nothing more",
    b"crowded": "the device runs out of memory, unless the request is alone in its batch",
    b"run out": "the device runs out of memory, always",
    b"no scene": "no scene can be made of it",
}
"""First word of a photo -> what goes wrong."""


@dataclass(frozen=True)
class Cost:
    """Of a batch on the simulated device."""

    batch_seconds: float = 0.05
    scene_seconds: float = 0.02

    def seconds(self, _shape: Shape, jobs: int) -> float:
        """See `server.engine.Forecast`."""
        return self.batch_seconds + self.scene_seconds * jobs

    def peak_bytes(self, _shape: Shape, jobs: int) -> int:
        """See `server.engine.Forecast`."""
        return GB * (1 + jobs)


@dataclass
class Simulated:
    """An engine without a device."""

    cost: Cost = field(default_factory=Cost)
    scene_bytes: int = 1000
    """Of scene.ply: the photos, one after the other, then zeros."""
    slots: int = 2
    overlaps: bool = False
    replace_seconds: float = 600.0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is done while it is shut."""
    ran: list[int] = field(default_factory=list)
    """Jobs of each batch."""
    replaced: int = 0
    on_loss: Callable[[], None] = lambda: None
    """It never dies idle."""
    _died: set[str] = field(default_factory=set)
    _device: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.gate.set()

    async def run(self, shape: Shape, jobs: Sequence[Job]) -> AsyncGenerator[tuple[Job, object], None]:
        """See `server.engine.Engine`."""
        self.ran.append(len(jobs))
        faults = [_fault(job) for job in jobs]
        async with self._device:
            await asyncio.sleep(self.cost.seconds(shape, len(jobs)))
            await self.gate.wait()
            if b"hang" in faults:
                await asyncio.Event().wait()
            if b"run out" in faults or (b"crowded" in faults and len(jobs) > 1):
                raise OutOfMemoryError("The device ran out of memory.")
        for job, fault in zip(jobs, faults, strict=True):
            self._perhaps_die(job, fault)
            if job.ending is None:
                yield job, self._answer(job, fault)

    def _perhaps_die(self, job: Job, fault: bytes) -> None:
        request_id, _, _ = job.id.partition("#")
        if fault == b"die" or (fault == b"die once" and request_id not in self._died):
            self._died.add(request_id)
            raise RuntimeError("The worker died.")

    def _answer(self, job: Job, fault: bytes) -> object:
        assert isinstance(job.payload, Work)
        request, images = job.payload.request, job.payload.images
        if fault == b"no scene":
            return ReconstructionError("No two photos show the same.")
        cameras = camera_pb2.Cameras(photos=[camera_pb2.PlacedPhoto(name=name) for name in request.names])
        job.payload.tell(result_pb2.ResultEvent(cameras=cameras))
        try:
            with (job.payload.folder / "scene.ply").open("wb") as file:
                file.write(b"".join(image.photo for image in images))
                file.truncate(self.scene_bytes)
        except OSError as error:
            return OutputError(f"The scene cannot be written ({error.strerror or error}).")
        return Outcome(cameras, result_pb2.Summary(photos=len(images)))

    async def replace(self) -> None:
        """See `server.engine.Engine`."""
        self.replaced += 1


def _fault(job: Job) -> bytes:
    assert isinstance(job.payload, Work)
    word = bytes(job.payload.images[0].photo[:20]).partition(b":")[0]
    return word if word in FAULTS else b""


class AnyPhotos:
    """A workshop that takes all bytes for photos."""

    offer = OFFER

    async def shape(self, request: Request, _images: Sequence[ReceivedImage]) -> Shape:
        """See `server.work.Workshop`."""
        return Shape(request.model.name, len(request.names), (request.size_px, request.size_px), request.seed)


@dataclass
class Client:
    """Of any server."""

    stub: Any

    def send(
        self, photos: Sequence[bytes], *, content: Sequence[bytes] = (), seconds: float = 20, **header: Any
    ) -> Any:
        """A call that sends all; `content` instead of what the header says of `photos`."""

        async def stream() -> AsyncIterator[request_pb2.ReconstructRequest]:
            yield announced(photos, **header)
            for i, photo in enumerate(content or photos):
                for offset in range(0, len(photo), MAX_CHUNK_BYTES):
                    piece = photo[offset : offset + MAX_CHUNK_BYTES]
                    chunk = request_pb2.ImageChunk(image_index=i, offset_bytes=offset, content=piece)
                    yield request_pb2.ReconstructRequest(chunk=chunk)

        return self.stub.Reconstruct(stream(), timeout=seconds)

    async def announce(self, photos: Sequence[bytes], *, seconds: float = 20, **header: Any) -> Any:
        """A call that has sent its header, and no byte yet."""
        call = self.stub.Reconstruct(timeout=seconds)
        await call.write(announced(photos, **header))
        return call

    def get(self, request_id: str, seconds: float = 20) -> Any:
        """A call of GetResult."""
        return self.stub.GetResult(service_pb2.GetResultRequest(request_id=request_id), timeout=seconds)

    async def cancel(self, request_id: str) -> bool:
        """Whether it was still on its way."""
        request = service_pb2.CancelRequestRequest(request_id=request_id)
        return (await self.stub.CancelRequest(request, timeout=20)).cancelled


@dataclass
class Service(Client):
    """A server, and a client of it."""

    desk: Desk
    batcher: Batcher
    server: Serving
    dispatching: asyncio.Task[None]
    folder: Path

    @property
    def staged(self) -> int:
        """Folders of results that are not finished."""
        self.desk.results.settle()
        return sum(path.is_dir() and path.name.startswith(".") for path in self.folder.iterdir())


def announced(photos: Sequence[bytes], **header: Any) -> request_pb2.ReconstructRequest:
    """A request's first message."""
    return request_pb2.ReconstructRequest(header=header_of([(photo, None) for photo in photos], **header))


@contextlib.asynccontextmanager
async def service(
    folder: Path,
    engines: Sequence[Engine],
    config: BatcherConfig,
    *,
    workshop: Workshop | None = None,
    cost: Cost | None = None,
    limits: LimitsConfig | None = None,
) -> AsyncIterator[Service]:
    """A server on loopback, as `snapsplat serve` puts it together."""
    clock = asyncio.get_running_loop().time
    batcher = Batcher(config, cost or Cost(), engines, clock)
    dispatcher = Dispatcher(batcher, clock)
    results = Results(folder, ResultsConfig())
    desk = Desk(batcher, dispatcher, workshop or AnyPhotos(), results, clock)
    dispatching = asyncio.create_task(dispatcher.serve())
    try:
        async with (
            serving(desk, limits or LimitsConfig(), "127.0.0.1:0") as server,
            grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
        ):
            stub: Any = service_pb2_grpc.SnapsplatServiceStub(channel)  # type: ignore[no-untyped-call]
            yield Service(stub, desk, batcher, server, dispatching, folder)
    finally:
        dispatching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dispatching
        await desk.empty()
        results.close()


@dataclass(frozen=True)
class Reply:
    """How a call ended."""

    code: str
    """Name of the status code; OK where a summary came."""
    reason: str = ""
    path: str = ""
    """Of what is to blame."""
    files: dict[str, bytes] = field(default_factory=dict)
    summary: result_pb2.Summary | None = None

    @property
    def blame(self) -> tuple[str, str, str]:
        """Code, reason and path."""
        return self.code, self.reason, self.path


async def reply_of(call: Any, pause_seconds: float = 0.0) -> Reply:
    """Read a call to its end, every file checked; between chunks a slow client pauses."""
    files: dict[str, bytearray] = {}
    headers: list[result_pb2.FileHeader] = []
    summary = None
    try:
        async for answer in call:
            event = answer.event
            if event.HasField("file"):
                headers.append(event.file)
                files[event.file.name] = bytearray()
            elif event.HasField("chunk"):
                assert event.chunk.offset_bytes == len(files[event.chunk.name])
                files[event.chunk.name] += event.chunk.content
                await asyncio.sleep(pause_seconds)
            elif event.HasField("summary"):
                summary = event.summary
    except grpc.aio.AioRpcError as error:
        return _refusal(error)
    except asyncio.CancelledError:
        # The call's own, not that of who reads it.
        if not call.cancelled():
            raise
        return Reply(BROKEN)
    assert all(hashlib.sha256(files[header.name]).digest() == header.sha256 for header in headers)
    return Reply("OK", files={name: bytes(content) for name, content in files.items()}, summary=summary)


def _refusal(error: grpc.aio.AioRpcError) -> Reply:
    status: Any = rpc_status.from_call(error)  # type: ignore[arg-type]
    info, bad = ErrorInfo(), BadRequest()
    for detail in () if status is None else status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    if error.details() == CORE:
        return Reply(BROKEN)
    return Reply(error.code().name, info.reason, bad.field_violations[0].field if bad.field_violations else "")
