"""Photos and masks as they are given -> files to send: those that are files as they are, arrays as PNG."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from recon.images import find_photos
from render.errors import InputError, PhotoError

Given = str | Path | np.ndarray
"""A file, or pixels: uint8, height x width x 3, sRGB; with a fourth channel, alpha."""
CHUNK_BYTES = 2**20


@dataclass(frozen=True, eq=False)
class Content:
    """Bytes to send."""

    source: Path | bytes
    size_bytes: int
    sha256: bytes

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Where each begins, and itself.

        Raises:
            PhotoError: the file cannot be read any more.
        """
        try:
            with _opened(self.source) as file:
                for offset in range(0, self.size_bytes, CHUNK_BYTES):
                    yield offset, file.read(min(CHUNK_BYTES, self.size_bytes - offset))
        except OSError as error:
            raise PhotoError(self.source, f"cannot be read ({error.strerror or error}).") from error


@dataclass(frozen=True, eq=False)
class SentPhoto:
    """A photo, and its mask if it has one."""

    name: str
    """By which outputs go: that of the file, or `0003.png` for the fourth photo where that is an array."""
    photo: Content
    mask: Content | None


def photos_to_send(photos: Sequence[Given] | str | Path, masks: Sequence[Given | None] | None) -> list[SentPhoto]:
    """The photos in order; folders stand for what is in them.

    Args:
        masks: for each photo None, a PNG file of 8-bit grey, or an array, height x width: False or 0 where the photo
            shows nothing. No photo may be a folder then.

    Raises:
        InputError: there are none, or other counts of masks; PhotoError: one cannot be read, or is no such array.
    """
    named = _named([photos] if isinstance(photos, str | Path) else photos)
    masks = [None] * len(named) if masks is None else masks
    if len(masks) != len(named):
        raise InputError(f"{len(masks)} masks were given for {len(named)} photos; one for each, or None, is expected.")
    return [
        SentPhoto(
            name=name,
            photo=_content(name, photo, _rgb),
            mask=None if mask is None else _content(f"the mask of {name}", mask, _grey),
        )
        for (name, photo), mask in zip(named, masks, strict=True)
    ]


def _named(photos: Sequence[Given]) -> list[tuple[str, Given]]:
    files = [photo for photo in photos if not isinstance(photo, np.ndarray)]
    if len(files) == len(photos):
        return [(file.name, file) for file in find_photos(files, fewest=1)]
    names = (f"{i:04}.png" if isinstance(photo, np.ndarray) else Path(photo).name for i, photo in enumerate(photos))
    return list(zip(names, photos, strict=True))


def _content(name: str, given: Given, checked: Callable[[str, np.ndarray], np.ndarray]) -> Content:
    if isinstance(given, np.ndarray):
        buffer = io.BytesIO()
        Image.fromarray(checked(name, given)).save(buffer, "PNG")
        content = buffer.getvalue()
        return Content(content, len(content), hashlib.sha256(content).digest())
    path = Path(given)
    try:
        with path.open("rb") as file:
            return Content(path, path.stat().st_size, hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise PhotoError(path, f"cannot be read ({error.strerror or error}).") from error


def _rgb(name: str, pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        right = "uint8, height x width x 3, sRGB, is expected, or x 4 with alpha"
        raise PhotoError(name, f"is an array of {pixels.dtype}, {pixels.shape}; {right}.")
    return np.ascontiguousarray(pixels)


def _grey(name: str, mask: np.ndarray) -> np.ndarray:
    if mask.dtype not in (np.uint8, np.bool_) or mask.ndim != 2:
        right = "bool or uint8, height x width, is expected"
        raise PhotoError(name, f"is an array of {mask.dtype}, {mask.shape}; {right}.")
    return np.where(mask, 255, 0).astype(np.uint8) if mask.dtype == np.bool_ else np.ascontiguousarray(mask)


def _opened(source: Path | bytes) -> io.BufferedIOBase:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
