"""One photo file -> upright 8-bit RGB, mask and focal prior; its header is judged before a pixel is decoded."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngImageFile

from recon.photo_bytes import PhotoSource
from render.errors import PhotoError, TooManyPixelsError

MAX_LONG_SIDE = 2048
"""Photos are kept at most this large in memory: all that is looked at while the working grid has up to 1024."""
MAX_MEGAPIXELS = 150
MIN_SHORT_SIDE_PX = 32
MAX_ASPECT = 4
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
FILM_DIAGONAL_MM = 43.27
FOCAL_OVER_DIAGONAL = (0.2, 10.0)
"""Focal lengths that EXIF may claim, in image diagonals: 9 mm to 433 mm on 35 mm film."""

DAMAGE = (
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What Pillow's parsers let out on damaged files, beside the OSError that they promise."""

_TURN_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {_TURN_UPRIGHT[orientation] for orientation in (5, 6, 7, 8)}
_MIRRORED = (2, 4, 5, 7)
_QUARTER_TURNS = {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHECKSUM_BYTES = 4
_MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}


@dataclass(frozen=True)
class DecodedPhoto:
    """What `recon.images.Photo` takes over; see there."""

    rgb: UInt8[np.ndarray, "height width 3"]
    mask: Bool[np.ndarray, "height width"] | None
    original_size_wh: tuple[int, int]
    focal_prior_px: float | None


@dataclass(frozen=True)
class PhotoHeader:
    """What is known of a photo before its pixels are."""

    size_wh: tuple[int, int]
    """Width and height as stored, before EXIF turns the photo; of a TIFF, which Pillow turns by itself, afterwards."""
    quarter_turns: int
    """How often EXIF has the stored pixels turned by 90 degrees, counterclockwise, for an upright photo: 0 to 3."""
    mirrored: bool
    """Whether EXIF has them mirrored as well."""

    @property
    def upright_size_wh(self) -> tuple[int, int]:
        """Width and height of the upright photo."""
        return (self.size_wh[1], self.size_wh[0]) if self.quarter_turns % 2 else self.size_wh


def decode_photo(file: PhotoSource) -> DecodedPhoto:
    """Decode one JPEG, PNG, WebP, TIFF or BMP file; of several frames, the first.

    Raises:
        PhotoError: the file is missing, empty, damaged, of another format, too small, too long or too large.
    """
    with _opened(file) as image:
        return _decode(image, file)


def read_header(file: PhotoSource) -> PhotoHeader:
    """Size and orientation of a photo that `decode_photo` would decode, as far as its header tells.

    Raises:
        PhotoError: the file is missing, empty, damaged, of another format, too small, too long or too large.
    """
    with _opened(file) as image:
        if isinstance(image, PngImageFile) and "exif" not in image.info:
            image.info |= _exif_behind_pixels(image)
        orientation = 1 if image.format == "TIFF" else _exif(image).get(ExifTags.Base.Orientation, 1)
        return PhotoHeader(image.size, _QUARTER_TURNS.get(orientation, 0), orientation in _MIRRORED)


@contextmanager
def _opened(file: PhotoSource) -> Iterator[Image.Image]:
    """The image of which no pixel is decoded yet."""
    try:
        with file.open("rb") as stream:
            if not stream.read(1):
                raise PhotoError(file, "is empty.")
            stream.seek(0)
            image = _open(stream, file)
            _judge_size(file, *image.size)
            yield image
    except OSError as error:
        raise PhotoError(file, f"cannot be opened ({error.strerror or error}).") from error


def _open(stream: io.BufferedReader | io.BytesIO, file: PhotoSource) -> Image.Image:
    try:
        return Image.open(stream, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise TooManyPixelsError(
            file, f"has too many pixels ({error}); at most {MAX_MEGAPIXELS} megapixels are decoded."
        ) from error
    except Image.UnidentifiedImageError as error:
        raise PhotoError(file, f"is not a photo that can be read; {', '.join(FORMATS)} can.") from error
    except (OSError, *DAMAGE) as error:
        raise PhotoError(file, f"is damaged: its header cannot be read ({error}).") from error


def _judge_size(file: PhotoSource, width: int, height: int) -> None:
    has = f"has {width} x {height} pixels"
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise TooManyPixelsError(file, f"{has}; at most {MAX_MEGAPIXELS} megapixels are decoded.")
    if min(width, height) < MIN_SHORT_SIDE_PX:
        wanted = f"the short side must have {MIN_SHORT_SIDE_PX} or more"
    elif max(width, height) > MAX_ASPECT * min(width, height):
        wanted = f"one side may be at most {MAX_ASPECT} times the other"
    else:
        return
    raise PhotoError(file, f"{has}; {wanted}.")


def _decode(image: Image.Image, file: PhotoSource) -> DecodedPhoto:
    size_wh = image.size
    # JPEG can decode straight to a half, a quarter or an eighth, which saves most of the time and the memory.
    image.draft(None, _reduced(size_wh))
    try:
        image.load()
        exif = _exif(image)
        pixels = _eight_bit(image)
    except (OSError, *DAMAGE) as error:
        raise PhotoError(file, f"is damaged or cut short: its pixels cannot be decoded ({error}).") from error
    if pixels is None:
        raise PhotoError(file, f"has pixels of kind {image.mode!r}; 8-bit or 16-bit unsigned ones are read.")
    if max(size_wh) > MAX_LONG_SIDE:
        pixels = pixels.resize(_reduced(size_wh), Image.Resampling.BOX)
    # Pillow turns TIFF by itself and then drops the tag; size_wh is the turned one there already.
    turn = _TURN_UPRIGHT.get(exif.get(ExifTags.Base.Orientation, 1))
    upright = np.asarray(pixels if turn is None else pixels.transpose(turn))
    mask = upright[..., 3] > 127 if upright.shape[2] == 4 else None
    if mask is not None and not mask.any():
        raise PhotoError(file, "is transparent everywhere; some part of it must show something.")
    return DecodedPhoto(
        rgb=np.ascontiguousarray(upright[..., :3]),
        mask=None if mask is None or mask.all() else mask,
        original_size_wh=(size_wh[1], size_wh[0]) if turn in _SIDEWAYS else size_wh,
        focal_prior_px=_focal_prior_px(exif, size_wh),
    )


def _reduced(size_wh: tuple[int, int]) -> tuple[int, int]:
    factor = min(1.0, MAX_LONG_SIDE / max(size_wh))
    return max(1, round(size_wh[0] * factor)), max(1, round(size_wh[1] * factor))


def _eight_bit(image: Image.Image) -> Image.Image | None:
    """RGB, or RGBa (colours multiplied by alpha: the photo on black); None for pixels of no known range."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        return None
    return image.convert("RGBA").convert("RGBa") if image.has_transparency_data else image.convert("RGB")


def _exif(image: Image.Image) -> dict[int, Any]:
    """The tags that matter here, or none where the block is damaged: a photo is more than its EXIF."""
    try:
        # A PNG's own would decode all pixels, since EXIF may stand behind them.
        exif = Image.Image.getexif(image)
        return {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except (OSError, *DAMAGE):
        return {}


def _exif_behind_pixels(image: PngImageFile) -> dict[str, bytes]:
    """What a PNG has of EXIF, as Pillow would have it in `info` once it had decoded the pixels."""
    stream = image.fp
    assert stream is not None
    stream.seek(len(_PNG_SIGNATURE))
    while len(start := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", start)
        if kind == b"eXIf":
            return {"exif": b"Exif\0\0" + stream.read(length)}
        stream.seek(length + _PNG_CHECKSUM_BYTES, io.SEEK_CUR)
    return {}


def _focal_prior_px(exif: dict[int, Any], size_wh: tuple[int, int]) -> float | None:
    """Focal length by CIPA DCG-001's equivalence of diagonals, else by the sensor's pitch (EXIF 2.3, 4.6.5)."""
    diagonal_px = float(np.hypot(*size_wh))
    on_film_mm = _number(exif, ExifTags.Base.FocalLengthIn35mmFilm)
    if on_film_mm is not None:
        return _plausible(on_film_mm / FILM_DIAGONAL_MM * diagonal_px, diagonal_px)
    focal_mm = _number(exif, ExifTags.Base.FocalLength)
    pixels_per_unit = _number(exif, ExifTags.Base.FocalPlaneXResolution)
    unit_mm = _MM_PER_UNIT.get(exif.get(ExifTags.Base.FocalPlaneResolutionUnit, 2))
    if focal_mm is None or pixels_per_unit is None or unit_mm is None:
        return None
    # The resolution is that of the picture as taken; who shrinks a photo mostly leaves it as it was.
    sides = [_number(exif, tag) for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)]
    shrunk = max(size_wh) / max(side or max(size_wh) for side in sides)
    return _plausible(focal_mm * pixels_per_unit / unit_mm * shrunk, diagonal_px)


def _number(exif: dict[int, Any], tag: int) -> float | None:
    try:
        value = float(exif[tag])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return value if np.isfinite(value) and value > 0 else None


def _plausible(focal_px: float, diagonal_px: float) -> float | None:
    low, high = FOCAL_OVER_DIAGONAL
    return focal_px if low <= focal_px / diagonal_px <= high else None
