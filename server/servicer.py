"""The service's calls: what a client sends becomes a request, and what becomes of it goes back in events."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import grpc

from server.config import LimitsConfig
from server.desk import Desk, key_of
from server.drawing import Draughtsman, read_drawing
from server.errors import DrainingError, RequestError
from server.pb import request_pb2, result_pb2, service_pb2, service_pb2_grpc
from server.plan import read_plan
from server.principals import Principals
from server.request import check_id, read_header
from server.run import Run, Send
from server.status import STATUS, row_of, status_of
from server.stored import Result, StoredFile
from server.upload import MAX_CHUNK_BYTES, first_of, receive

log = logging.getLogger(__name__)


class Servicer(service_pb2_grpc.SnapsplatServiceServicer):
    """Of `proto/snapsplat/v1/service.proto`."""

    def __init__(self, desk: Desk, limits: LimitsConfig, principals: Principals):
        """`limits` are those of one request, `principals` those of one caller."""
        self.draining = False
        """Whether new requests are refused."""
        self._desk = desk
        self._limits = limits
        self._principals = principals
        self._draughtsman = Draughtsman()

    async def Reconstruct(self, request_iterator, context):
        """See service.proto."""

        async def send(event: result_pb2.ResultEvent) -> None:
            await context.write(service_pb2.ReconstructResponse(event=event))

        names: list[str] = []
        async with _refusing(context, names):
            deadline = self._deadline(context)
            found, joined = await self._received(aiter(request_iterator), deadline, names, context)
            with self._principals.download(own=not joined) as count:
                await self._tell(found, deadline, send, count)

    async def GetResult(self, request, context):
        """See service.proto."""

        async def send(event: result_pb2.ResultEvent) -> None:
            await context.write(service_pb2.GetResultResponse(event=event))

        names: list[str] = []
        async with _refusing(context, names):
            check_id(request.request_id)
            found = self._desk.find(request.request_id)
            names += found.request.names if isinstance(found, Run) else []
            with self._principals.download() as count:
                await self._tell(found, self._deadline(context), send, count)

    async def CancelRequest(self, request, context):
        """See service.proto."""
        async with _refusing(context):
            check_id(request.request_id)
            return service_pb2.CancelRequestResponse(cancelled=self._desk.cancel(request.request_id))

    async def Render(self, request, context):
        """See service.proto."""
        names: list[str] = []
        async with _refusing(context, names):
            check_id(request.request_id)
            drawing = read_drawing(request, self._limits)
            found = self._desk.find(request.request_id)
            names += found.request.names if isinstance(found, Run) else []
            with self._principals.download() as count:
                if isinstance(found, Run):
                    await found.follow(_hear_nothing)
                with self._desk.results.reading(key_of(found)) as (result, folder):
                    async for piece in self._draughtsman.draw(drawing, result, folder):
                        count(len(piece.content))
                        await context.write(piece)
                self._desk.fetched(found)

    async def ListModels(self, _request, _context):
        """See service.proto."""
        offer = self._desk.workshop.offer
        models = [
            service_pb2.Model(
                name=model.name,
                description=model.description,
                min_photos=model.photos[0],
                max_photos=model.photos[-1],
            )
            for model in offer.models
        ]
        return service_pb2.ListModelsResponse(models=models, file_kinds=offer.file_kinds)

    async def Plan(self, request, context):
        """See service.proto."""
        async with _refusing(context):
            plan = self._desk.plan(read_plan(request, self._desk.workshop.offer))
            return service_pb2.PlanResponse(
                seconds=plan.seconds,
                gigabytes=plan.peak_bytes / 1e9,
                expected_wait_seconds=plan.wait_seconds,
                refusal=plan.refusal,
            )

    def _deadline(self, context: Any) -> float:
        """By the batcher's clock, when the client of a call stops to wait."""
        seconds = context.time_remaining()
        # gRPC's 0 is an int.
        return self._desk.deadline(None if seconds is None else float(seconds))

    async def _received(
        self,
        stream: AsyncIterator[request_pb2.ReconstructRequest],
        deadline: float,
        names: list[str],
        context: Any,
    ) -> tuple[Run | Result, bool]:
        """What the stream asks for, running or done before, and whether it was there. `names` gets those of its photos.

        Bytes are asked for once nothing is against the header: what a client that waits for that sends meets no refusal
        half-way, which some gRPC libraries take for a failure of their own.
        """
        first = await first_of(stream, self._limits.header_seconds)
        if first is None or first.WhichOneof("part") != "header":
            raise RequestError("header", "is missing: the first message has it.")
        request = read_header(first.header, self._desk.workshop.offer, self._limits)
        names += request.names
        known = self._desk.joined(request)
        if known is not None:
            return known, True
        if self.draining:
            raise DrainingError("The server is about to stop and takes no new requests; try again later.")
        place = self._principals.take(self._desk.places, len(request.names), request.size_bytes)
        found: Run | Result | None = None
        try:
            await context.write(service_pb2.ReconstructResponse(accepted=service_pb2.Accepted()))
            images = await receive(stream, request, self._limits.upload_seconds)
            found = await self._desk.start(request, images, place, deadline)
            return found, False
        finally:
            # Whoever came to nothing, or joined another who was faster, needs none.
            if not (isinstance(found, Run) and found.place is place):
                place.release()

    async def _tell(self, found: Run | Result, deadline: float, send: Send, count: Callable[[int], None]) -> None:
        """How it goes while it runs, then files and summary; the cameras as soon as they are there.

        Who listens wants it until `deadline`; `count` is told what is sent.
        """
        told_cameras = False

        async def note(event: result_pb2.ResultEvent) -> None:
            nonlocal told_cameras
            told_cameras |= event.WhichOneof("event") == "cameras"
            await send(event)

        if isinstance(found, Run):
            self._desk.put_off(found.request.id, deadline)
            await found.follow(note)
        with self._desk.results.reading(key_of(found)) as (result, folder):
            if not told_cameras:
                await send(result_pb2.ResultEvent.FromString(bytes.fromhex(result.cameras)))
            for file in result.files:
                await _send_file(file, folder, send, count)
            await send(result_pb2.ResultEvent.FromString(bytes.fromhex(result.summary)))
        self._desk.fetched(found)


async def _hear_nothing(_event: result_pb2.ResultEvent) -> None:
    pass


async def _send_file(file: StoredFile, folder: Path, send: Send, count: Callable[[int], None]) -> None:
    header = result_pb2.FileHeader(
        name=file.name, kind=file.kind, size_bytes=file.size_bytes, sha256=bytes.fromhex(file.sha256)
    )
    await send(result_pb2.ResultEvent(file=header))
    for offset in range(0, file.size_bytes, MAX_CHUNK_BYTES):
        content = await asyncio.to_thread(_read, folder / file.name, offset)
        chunk = result_pb2.FileChunk(name=file.name, offset_bytes=offset, content=content)
        # Not before: where the stream breaks, what was not sent is not owed.
        count(len(content))
        await send(result_pb2.ResultEvent(chunk=chunk))


def _read(path: Path, offset: int) -> bytes:
    """A chunk. A client that fetches slowly keeps no file open."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(MAX_CHUNK_BYTES)


@contextlib.asynccontextmanager
async def _refusing(context: Any, names: Sequence[str] = ()) -> AsyncIterator[None]:
    """A failure inside ends the call as the table of `server/status.py` says; `names` are those of the photos."""
    try:
        yield
        return
    except Exception as error:  # noqa: BLE001 - the table has a row for each
        refusal = error
    if context.done():
        # The client is gone, which makes writing fail, and nobody is to be told.
        return
    if isinstance(refusal, grpc.aio.InternalError):
        # gRPC could not write: the client has gone, though the context does not know it yet.
        with contextlib.suppress(grpc.aio.InternalError):
            await context.abort_with_status(status_of(refusal, names))
        return
    if row_of(type(refusal)) is STATUS[Exception]:
        log.error("A call failed unexpectedly.", exc_info=refusal)
    await context.abort_with_status(status_of(refusal, names))
