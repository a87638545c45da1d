"""One request as it is sent: a header, then the bytes of every file."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, get_args

from render.errors import require
from server.pb import request_pb2
from snapsplat.client.known import NOTHING_KNOWN, known_cameras
from snapsplat.client.photos import Content, Given, SentPhoto, photos_to_send

Priority = Literal["low", "normal", "high"]


class Asked(TypedDict, total=False):
    """What can be said of a request beside its photos; the server has a default for each."""

    cameras: str | Path | None
    """`cameras.json` with what is known of the photos' cameras, any part of it."""
    masks: Sequence[Given | None] | None
    """For each photo None, a PNG file of 8-bit grey, or an array, height x width: 0 or False where it shows nothing."""
    model: str | None
    """A name that `list_models` gives."""
    size: int | None
    """Long side of the working grid in pixels."""
    seed: int | None
    """Of the robust solvers: the same photos, options and seed give the same scene."""
    priority: Priority
    """Who goes first where there is a queue."""
    request_id: str | None
    """By which the request can be asked for and cancelled; without it, one that nobody else has."""


@dataclass(frozen=True, eq=False)
class Order:
    """What is sent, as often as it takes."""

    header: request_pb2.ReconstructHeader
    photos: Sequence[SentPhoto]
    warnings: Sequence[str]
    """Sentences about what is not sent."""

    @property
    def names(self) -> list[str]:
        """Of the photos."""
        return [photo.name for photo in self.photos]

    def first(self) -> request_pb2.ReconstructRequest:
        """The message that comes first."""
        return request_pb2.ReconstructRequest(header=self.header)

    def chunks(self) -> Iterator[request_pb2.ReconstructRequest]:
        """The messages that follow once the server wants them.

        Raises:
            PhotoError: a file cannot be read any more.
        """
        for i, photo in enumerate(self.photos):
            parts = ((request_pb2.IMAGE_PART_PHOTO, photo.photo), (request_pb2.IMAGE_PART_MASK, photo.mask))
            for part, content in parts:
                for offset, piece in content.pieces() if content is not None else ():
                    chunk = request_pb2.ImageChunk(image_index=i, part=part, offset_bytes=offset, content=piece)
                    yield request_pb2.ReconstructRequest(chunk=chunk)

    def photo_files(self, folder: Path) -> list[Path]:
        """Every photo as a file; those that were arrays are written into `folder`."""
        return [_as_file(photo, folder) for photo in self.photos]


def make_order(
    photos: Sequence[Given] | str | Path,
    files: Sequence[str],
    cameras: str | Path | None = None,
    masks: Sequence[Given | None] | None = None,
    model: str | None = None,
    size: int | None = None,
    seed: int | None = None,
    priority: Priority = "normal",
    request_id: str | None = None,
) -> Order:
    """Read what is to be sent as far as the header needs it; see `Asked`. `files` are the kinds that are to come back.

    Raises:
        ConfigError: an option cannot be sent; InputError, CamerasError: the photos or cameras cannot.
    """
    for name, value in (("size", size), ("seed", seed)):
        require(value is None or 0 <= value < 2**32, name, value, "0 or more, below 2^32")
    require(priority in get_args(Priority), "priority", priority, "low, normal or high")
    sent = photos_to_send(photos, masks)
    names = [photo.name for photo in sent]
    scale, known, warnings = NOTHING_KNOWN if cameras is None else known_cameras(Path(cameras), names)
    header = request_pb2.ReconstructHeader(
        request_id=uuid.uuid4().hex if request_id is None else request_id,
        options=request_pb2.ReconstructOptions(model=model, size_px=size, seed=seed),
        images=[
            request_pb2.ImageHeader(
                name=photo.name,
                photo=_payload(photo.photo),
                camera=known.get(photo.name),
                mask=None if photo.mask is None else _payload(photo.mask),
            )
            for photo in sent
        ],
        scale=f"SCALE_{scale.upper()}",
        file_kinds=files,
        priority=f"PRIORITY_{priority.upper()}",
    )
    return Order(header, sent, warnings)


def _payload(content: Content) -> request_pb2.Payload:
    return request_pb2.Payload(size_bytes=content.size_bytes, sha256=content.sha256)


def _as_file(photo: SentPhoto, folder: Path) -> Path:
    source = photo.photo.source
    if isinstance(source, Path):
        return source
    path = folder / photo.name
    path.write_bytes(source)
    return path
