"""The bytes of a request: chunks in order, held against what the header announced."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from server.errors import ChecksumError, IncompleteUploadError, UploadError
from server.pb import request_pb2
from server.request import Part, Request

MAX_CHUNK_BYTES = 2**20
HASH_BYTES = 4 * 2**20
"""So many are hashed at a time."""
ASIDE_BYTES = 2**18
"""Of so many on, that is done beside the event loop: fewer cost it no more than a thread does."""


@dataclass(frozen=True)
class ReceivedImage:
    """One photo of a request, as it was sent: nothing is decoded."""

    name: str
    photo: bytearray
    mask: bytearray | None


class Upload:
    """Takes chunks until all files are there. It holds as many bytes as were announced, whatever is sent."""

    def __init__(self, parts: Sequence[Part]):
        """`parts` in the order in which they follow."""
        self._parts = parts
        self._files: list[bytearray] = []
        self._offset = 0
        self._hashed = 0
        self._hash = hashlib.sha256()

    @property
    def complete(self) -> bool:
        """Whether every file is there, to its last byte."""
        return len(self._files) == len(self._parts) and not self._offset

    @property
    def _turn(self) -> Part:
        """What the next chunk is of."""
        return self._parts[len(self._files) - (1 if self._offset else 0)]

    async def take(self, chunk: request_pb2.ImageChunk) -> None:
        """The next piece.

        Raises:
            UploadError: it is empty, too large, not the one whose turn it is, or more than was announced.
            ChecksumError: it ends a file that is another than announced.
        """
        if self.complete:
            raise UploadError("chunk", "follows the last byte of the last file; nothing more is expected.")
        part = self._turn
        size = len(chunk.content)
        self._check(chunk, part)
        if not self._offset:
            # Zeroed memory takes room only where it is written.
            self._files.append(bytearray(part.size_bytes))
        self._files[-1][self._offset : self._offset + size] = chunk.content
        self._offset += size
        ended = self._offset == part.size_bytes
        if ended or self._offset - self._hashed >= HASH_BYTES:
            await self._hash_rest()
        if ended:
            self._end(part)

    async def _hash_rest(self) -> None:
        rest = memoryview(self._files[-1])[self._hashed : self._offset]
        self._hashed = self._offset
        if len(rest) < ASIDE_BYTES:
            self._hash.update(rest)
        else:
            await asyncio.to_thread(self._hash.update, rest)

    def _check(self, chunk: request_pb2.ImageChunk, part: Part) -> None:
        given = (chunk.image_index, chunk.part == request_pb2.IMAGE_PART_MASK, chunk.offset_bytes)
        if chunk.part not in request_pb2.ImagePart.values() or given != (part.image, part.is_mask, self._offset):
            kind = "mask" if given[1] else "photo" if chunk.part <= request_pb2.IMAGE_PART_PHOTO else "part"
            raise UploadError(
                part.field,
                f"goes on at byte {self._offset}, but the chunk is of images[{given[0]}].{kind} at byte {given[2]}.",
            )
        size, left = len(chunk.content), part.size_bytes - self._offset
        if not 1 <= size <= min(MAX_CHUNK_BYTES, left):
            right = f"1 to {min(MAX_CHUNK_BYTES, left)} are expected"
            raise UploadError(part.field, f"goes on at byte {self._offset} with a chunk of {size} bytes; {right}.")

    def _end(self, part: Part) -> None:
        found = self._hash.digest()
        if found != part.sha256:
            raise ChecksumError(part.field, f"has the sha256 {found.hex()}; {part.sha256.hex()} was announced.")
        self._hash, self._offset, self._hashed = hashlib.sha256(), 0, 0

    def images(self, names: Sequence[str]) -> tuple[ReceivedImage, ...]:
        """All files, by photo.

        Raises:
            IncompleteUploadError: some are missing.
        """
        if not self.complete:
            part = self._turn
            raise IncompleteUploadError(part.field, f"ended after {self._offset} of {part.size_bytes} bytes.")
        files = {(part.image, part.is_mask): file for part, file in zip(self._parts, self._files, strict=True)}
        return tuple(ReceivedImage(name, files[i, False], files.get((i, True))) for i, name in enumerate(names))


async def first_of(
    stream: AsyncIterator[request_pb2.ReconstructRequest], within_seconds: float
) -> request_pb2.ReconstructRequest | None:
    """The message that has the header; None where the stream ends without any.

    Raises:
        IncompleteUploadError: it does not come.
    """
    try:
        async with asyncio.timeout(within_seconds):
            return await anext(stream, None)
    except TimeoutError as error:
        raise IncompleteUploadError("header", f"was still to come after {within_seconds:g} seconds.") from error


async def receive(
    stream: AsyncIterator[request_pb2.ReconstructRequest], request: Request, within_seconds: float
) -> tuple[ReceivedImage, ...]:
    """All files of a request, whose header has been read from `stream`, to the stream's end.

    Raises:
        UploadError: what comes is not what was announced, not in order, or not complete when it is time.
    """
    upload = Upload(request.parts)
    try:
        async with asyncio.timeout(within_seconds):
            async for message in stream:
                if message.WhichOneof("part") != "chunk":
                    raise UploadError("chunk", "is missing: after the header, every message has one.")
                await upload.take(message.chunk)
    except TimeoutError as error:
        raise IncompleteUploadError("chunk", f"was still to come after {within_seconds:g} seconds.") from error
    return upload.images(request.names)
