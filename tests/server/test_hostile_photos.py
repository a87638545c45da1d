"""Photos that are none, too many pixels, or odd: judged by the library's own reader, over the wire."""

import asyncio
import io
import struct
import tempfile
import zlib
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from bench.simulated import GB, AnyPhotos, Cost, Simulated, reply_of, service
from recon.photo_file import decode_photo, read_header
from render.errors import PhotoError
from server.config import BatcherConfig
from server.jobs import Job, Shape
from server.request import Request
from server.upload import ReceivedImage
from server.work import Work


def judged(images: Sequence[ReceivedImage], judge) -> None:
    """As the library judges files, with the photo's name in the error."""
    with tempfile.TemporaryDirectory() as folder:
        for image in images:
            file = Path(folder, image.name)
            file.write_bytes(image.photo)
            try:
                judge(file)
            except PhotoError as error:
                raise PhotoError(image.name, str(error).removeprefix(f"{file} ")) from error


QUICK = Cost(0.0, 0.001)
pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")


class Photos(AnyPhotos):
    """Reads every photo's header before the request is taken in."""

    async def shape(self, request: Request, images: Sequence[ReceivedImage]) -> Shape:
        judged(images, read_header)
        return await super().shape(request, images)


class Decoding(Simulated):
    """Decodes the photos before it pretends the rest."""

    async def run(self, shape: Shape, jobs: Sequence[Job]) -> AsyncGenerator[tuple[Job, object], None]:
        async for job, value in super().run(shape, jobs):
            assert isinstance(job.payload, Work)
            try:
                judged(job.payload.images, decode_photo)
            except PhotoError as error:
                yield job, error
                continue
            yield job, value


def encoded(kind: str, mode: str = "RGB", size_wh: tuple[int, int] = (64, 48), **how: object) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size_wh).save(stream, kind, **how)
    return stream.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it has so many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pieces = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in pieces]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


REFUSED = {
    "bomb": claiming(60_000, 60_000),
    "bomb that Pillow lets pass": claiming(13_000, 13_000),
    "zero pixels": claiming(0, 0),
    "1 x 1": encoded("PNG", size_wh=(1, 1)),
    "long and thin": encoded("PNG", size_wh=(6400, 40)),
    "no photo": b"GIF89a, or not",
    "text": b"<svg/>",
    "header alone": encoded("PNG")[:20],
    "cut short": encoded("JPEG", size_wh=(640, 480))[:700],
    "32-bit numbers": encoded("TIFF", "F"),
    "transparent everywhere": encoded("PNG", "RGBA"),
}
TAKEN = {
    "animated": encoded("WEBP", save_all=True, append_images=[Image.new("RGB", (64, 48), "red")]),
    "CMYK": encoded("JPEG", "CMYK"),
    "16-bit": encoded("PNG", "I;16"),
    "palette": encoded("PNG", "P"),
}


def test_odd_photos_are_taken_and_hostile_ones_refused_by_their_place(tmp_path: Path):
    async def main() -> None:
        good = encoded("JPEG")
        async with service(tmp_path, [Decoding(QUICK)], BatcherConfig(100 * GB), workshop=Photos()) as running:
            for i, (name, photo) in enumerate(REFUSED.items()):
                reply = await reply_of(running.send([good, photo], request_id=f"refused-{i}"))
                assert reply.blame == ("INVALID_ARGUMENT", "PHOTO_UNUSABLE", "images[1].photo"), name
            for i, (name, photo) in enumerate(TAKEN.items()):
                reply = await reply_of(running.send([good, photo], request_id=f"taken-{i}"))
                assert reply.code == "OK", name
            await running.desk.empty()
            assert (len(running.batcher.places), running.staged) == (0, 0)

    asyncio.run(main())


@pytest.mark.parametrize("name", ["bomb", "bomb that Pillow lets pass", "zero pixels", "no photo"])
def test_the_worst_never_reach_an_engine(tmp_path: Path, name: str):
    async def main() -> None:
        engine = Decoding(QUICK)
        async with service(tmp_path, [engine], BatcherConfig(100 * GB), workshop=Photos()) as running:
            assert (await reply_of(running.send([REFUSED[name]]))).reason == "PHOTO_UNUSABLE"
            assert engine.ran == []

    asyncio.run(main())
