"""Files arrive whole however they are cut, and nothing else does."""

import asyncio
import hashlib
import random
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable

import pytest

from server.config import LimitsConfig
from server.errors import ChecksumError, IncompleteUploadError, UploadError
from server.pb import request_pb2
from server.request import read_header
from server.upload import MAX_CHUNK_BYTES, Upload, receive
from tests.server.sent import OFFER, chunks_of, header_of, request_of, some_files, stream_of

Chunk = request_pb2.ImageChunk
FILES = [(b"one photo", None), (b"another photo", b"its mask")]


def cut(chunk_bytes: int) -> list[Chunk]:
    """Chunks of FILES, `chunk_bytes` each."""
    chunks = []
    for i, part, content in ((0, 1, FILES[0][0]), (1, 1, FILES[1][0]), (1, 2, FILES[1][1])):
        pieces = range(0, len(content or b""), chunk_bytes)
        chunks += [
            Chunk(image_index=i, part=part, offset_bytes=p, content=content[p : p + chunk_bytes]) for p in pieces
        ]  # type: ignore[index, arg-type]
    return chunks


@pytest.mark.parametrize("seed", range(20))
def test_files_arrive_whole_however_they_are_cut(seed: int):
    chance = random.Random(seed)
    files = some_files(chance)
    images = asyncio.run(receive(stream_of(chunks_of(files, chance)), request_of(files), 10))
    assert [(image.photo, image.mask) for image in images] == files
    assert [image.name for image in images] == [image.name for image in header_of(files).images]


@pytest.mark.parametrize("seed", range(40))
def test_chunks_in_any_other_order_or_number_are_refused(seed: int):
    chance = random.Random(seed)
    chunks = cut(chance.choice([1, 3, 100]))
    i, j = chance.randrange(len(chunks)), chance.randrange(len(chunks))
    spoilt = {
        "dropped": lambda: chunks.pop(i),
        "doubled": lambda: chunks.insert(i, chunks[i]),
        "moved": lambda: chunks.insert(j if j != i else i - 1, chunks.pop(i)),
        "ended early": lambda: chunks.__delitem__(slice(i, None)),
        "emptied": lambda: chunks[i].ClearField("content"),
    }
    before = list(chunks)
    spoilt[chance.choice(list(spoilt))]()
    if chunks == before and all(chunk.content for chunk in chunks):
        return
    with pytest.raises(UploadError):
        asyncio.run(receive(stream_of(chunks), request_of(FILES), 10))


def changed(**fields: object) -> Callable[[Chunk], None]:
    def spoil(chunk: Chunk) -> None:
        for name, value in fields.items():
            setattr(chunk, name, value)

    return spoil


HOSTILE = [
    (changed(image_index=1), r"^images\[0\]\.photo goes on at byte 0, but the chunk is of images\[1\]\.photo at"),
    (changed(part=2), r"but the chunk is of images\[0\]\.mask at byte 0"),
    (changed(part=77), r"but the chunk is of images\[0\]\.part at byte 0"),
    (changed(offset_bytes=2**64 - 1), r"at byte 18446744073709551615\.$"),
    (changed(content=b""), r"^images\[0\]\.photo goes on at byte 0 with a chunk of 0 bytes; 1 to 9 are expected"),
    (changed(content=b"ten bytes!"), "with a chunk of 10 bytes; 1 to 9"),
    (changed(content=b"one phot0"), r"^images\[0\]\.photo has the sha256 .*; .* was announced\.$"),
]


@pytest.mark.parametrize(("spoil", "sentence"), HOSTILE)
def test_a_hostile_chunk_is_refused_with_its_field(spoil: Callable[[Chunk], None], sentence: str):
    chunks = cut(100)
    spoil(chunks[0])
    with pytest.raises(UploadError, match=sentence) as refused:
        asyncio.run(receive(stream_of(chunks), request_of(FILES), 10))
    assert refused.value.field == "images[0].photo"


def test_wrong_bytes_are_told_from_missing_ones():
    chunks = cut(100)
    chunks[1].content = b"x" * len(chunks[1].content)
    with pytest.raises(ChecksumError, match=r"^images\[1\]\.photo"):
        asyncio.run(receive(stream_of(chunks), request_of(FILES), 10))
    with pytest.raises(IncompleteUploadError, match=r"^images\[1\]\.mask ended after 0 of 8 bytes\.$"):
        asyncio.run(receive(stream_of(cut(100)[:2]), request_of(FILES), 10))
    with pytest.raises(IncompleteUploadError, match=r"^images\[0\]\.photo ended after 4 of 9 bytes\.$"):
        asyncio.run(receive(stream_of(cut(4)[:1]), request_of(FILES), 10))


def test_nothing_may_follow_the_last_byte():
    with pytest.raises(UploadError, match="follows the last byte"):
        asyncio.run(receive(stream_of([*cut(100), Chunk(content=b"x")]), request_of(FILES), 10))


@pytest.mark.parametrize(
    "message", [request_pb2.ReconstructRequest(header=header_of(FILES)), request_pb2.ReconstructRequest()]
)
def test_after_the_header_there_are_only_chunks(message: request_pb2.ReconstructRequest):
    async def stream() -> AsyncIterator[request_pb2.ReconstructRequest]:
        yield message

    with pytest.raises(UploadError, match="after the header, every message has one"):
        asyncio.run(receive(stream(), request_of(FILES), 10))


def test_who_takes_too_long_is_refused():
    async def stream() -> AsyncIterator[request_pb2.ReconstructRequest]:
        yield request_pb2.ReconstructRequest(chunk=cut(100)[0])
        await asyncio.sleep(60)

    with pytest.raises(IncompleteUploadError, match=r"still to come after 0\.01 seconds"):
        asyncio.run(receive(stream(), request_of(FILES), 0.01))


def test_memory_is_what_was_announced():
    size = 4_000_000
    chance = random.Random(0)
    request = request_of([(chance.randbytes(size), None)])

    async def receiving() -> int:
        upload = Upload(request.parts)
        tracemalloc.start()
        try:
            for offset in range(0, size - MAX_CHUNK_BYTES, MAX_CHUNK_BYTES):
                await upload.take(Chunk(offset_bytes=offset, content=chance.randbytes(MAX_CHUNK_BYTES)))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert asyncio.run(receiving()) < size + 4 * MAX_CHUNK_BYTES


def test_the_event_loop_goes_on_while_a_large_file_is_hashed():
    content = random.Random(0).randbytes(30 * 2**20)
    chunks = [Chunk(offset_bytes=i, content=content[i : i + 2**20]) for i in range(0, len(content), 2**20)]
    request = read_header(header_of([(content, None)]), OFFER, LimitsConfig())
    hashing: list[str] = []

    class Watched:
        def __init__(self) -> None:
            self.true = hashlib.sha256()
            self.digest = self.true.digest

        def update(self, piece: memoryview) -> None:
            hashing.append(threading.current_thread().name)
            self.true.update(piece)

    upload = Upload(request.parts)
    upload._hash = Watched()  # type: ignore[assignment]

    async def receiving() -> None:
        for chunk in chunks:
            await upload.take(chunk)

    asyncio.run(receiving())
    assert upload.images(request.names)[0].photo == content
    assert len(hashing) == 8
    assert threading.main_thread().name not in hashing
