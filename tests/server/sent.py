"""Requests as a client sends them."""

import hashlib
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from server.config import LimitsConfig
from server.offer import Model, Offer
from server.pb import request_pb2
from server.request import Request, read_header

OFFER = Offer(
    models=(Model("small", "A model.", range(1, 5)), Model("big", "Another.", range(2, 4))),
    file_kinds=(
        "scene.ply",
        "cameras.json",
        "depth",
        "confidence",
        "preview.png",
        "report.json",
        "colmap",
        "points.ply",
    ),
    sizes_px=range(64, 1025),
    default_size_px=384,
)
LIMITS = LimitsConfig(max_file_bytes=5_000_000, max_request_bytes=8_000_000)
IDENTITY = [1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]

Files = Sequence[tuple[bytes, bytes | None]]
"""A photo and its mask, if it has one, each."""


def payload(content: bytes) -> request_pb2.Payload:
    return request_pb2.Payload(size_bytes=len(content), sha256=hashlib.sha256(content).digest())


def header_of(files: Files, request_id: str = "a", **fields: Any) -> request_pb2.ReconstructHeader:
    images = [
        request_pb2.ImageHeader(name=f"{i:04}.jpg", photo=payload(photo), mask=None if mask is None else payload(mask))
        for i, (photo, mask) in enumerate(files)
    ]
    return request_pb2.ReconstructHeader(request_id=request_id, images=images, **fields)


def chunks_of(files: Files, chance: random.Random) -> list[request_pb2.ImageChunk]:
    """Cut anywhere."""
    chunks = []
    for i, parts in enumerate(files):
        for kind, content in zip((request_pb2.IMAGE_PART_PHOTO, request_pb2.IMAGE_PART_MASK), parts, strict=True):
            offset = 0
            while content is not None and offset < len(content):
                piece = content[offset : offset + chance.choice([1, 10, 1000, 2**18, 2**20])]
                # The first of an enum may be left out.
                chosen = chance.choice([kind, 0]) if kind == request_pb2.IMAGE_PART_PHOTO else kind
                chunks.append(request_pb2.ImageChunk(image_index=i, part=chosen, offset_bytes=offset, content=piece))
                offset += len(piece)
    return chunks


def some_files(chance: random.Random, most_bytes: int = 20_000) -> Files:
    """One to four photos, some with masks."""

    def one() -> bytes:
        return chance.randbytes(chance.choice([1, 2, chance.randint(1, most_bytes)]))

    return [(one(), chance.choice([None, one()])) for _ in range(chance.randint(1, 4))]


def request_of(files: Files) -> Request:
    return read_header(header_of(files), OFFER, LIMITS)


async def stream_of(chunks: Iterable[request_pb2.ImageChunk]) -> AsyncIterator[request_pb2.ReconstructRequest]:
    for chunk in chunks:
        yield request_pb2.ReconstructRequest(chunk=chunk)
