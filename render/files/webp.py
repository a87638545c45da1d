"""Numbers in lossless WebP pictures: written so that no byte changes, read only where the size is believable.

A lossless picture is `RIFF`, uint32 size, `WEBP`, `VP8L`, uint32 size, the byte 0x2f, then 14 bits of width - 1 and 14
of height - 1. Other kinds (lossy, animated, extended) are refused: numbers would not survive the first, and nobody
needs the others for numbers.
"""

import io
import warnings
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from render.errors import FileFormatError

LARGEST_SIDE = 16383
EFFORT = 40
"""Of libwebp's 0 to 100: twice the time for some percent less."""


def to_webp(pixels: UInt8[np.ndarray, "height width channel"]) -> bytes:
    """A picture of three or four channels; `exact` keeps colours that an alpha of 0 hides."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", lossless=True, exact=True, quality=EFFORT, method=2)
    return buffer.getvalue()


def size_of_webp(path: Path, name: str, content: bytes) -> tuple[int, int]:
    """Width and height, by the header alone.

    Raises:
        FileFormatError: it is no lossless WebP; `path` and `name` are told of.
    """
    if len(content) < 25 or content[:4] + content[8:16] != b"RIFFWEBPVP8L" or content[20] != 0x2F:
        raise FileFormatError(path, f"{name} is no lossless WebP picture, which it must be.")
    bits = int.from_bytes(content[21:25], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def from_webp(path: Path, name: str, content: bytes) -> UInt8[np.ndarray, "height width 4"]:
    """The pixels of a picture whose size was judged before.

    Raises:
        FileFormatError: it is damaged.
    """
    size = size_of_webp(path, name, content)
    try:
        with warnings.catch_warnings():
            # The size was judged already.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("WEBP",)) as picture:
                pixels = np.asarray(picture.convert("RGBA"))
    except (OSError, ValueError, EOFError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileFormatError(path, f"{name} is damaged ({error}).") from error
    if pixels.shape[:2] != size[::-1]:
        raise FileFormatError(path, f"{name} unfolds to {pixels.shape[1]} x {pixels.shape[0]}, its header says {size}.")
    return pixels
