"""Photos as they are given -> ImageSet: upright, 8-bit RGB, with a focal prior and a mask each.

How one file is decoded stands in `recon/photo_file.py`.
"""

import re
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from recon.photo_bytes import PhotoSource
from recon.photo_file import decode_photo
from render.errors import InputError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
"""Endings, in small letters, of what counts as a photo inside a folder."""
UNREAD_SUFFIXES = frozenset(
    {".heic", ".heif", ".avif", ".jxl", ".gif", ".dng", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"}
)
"""What cameras and phones write besides, and is not read."""
MIN_PHOTOS, MAX_PHOTOS = 2, 16
NEEDED = f"a scene needs {MIN_PHOTOS} to {MAX_PHOTOS} photos of the same place"


class NotThereError(InputError):
    """Photos, or the folder that had them, are not there or cannot be got at, as where a disk is not."""


@dataclass(frozen=True)
class Photo:
    """One upright photo."""

    name: str
    """File name without folders, as it appears in every output."""
    rgb: UInt8[np.ndarray, "height width 3"]
    """sRGB, turned upright by EXIF, transparent parts composited on black. A photo with a longer side than
    `recon.photo_file.MAX_LONG_SIDE` is reduced to that."""
    mask: Bool[np.ndarray, "height width"] | None
    """True where the photo shows something; None where all of it counts. Made from an alpha channel."""
    original_size_wh: tuple[int, int]
    """Width and height of the whole upright photo in the file: what intrinsics are in pixels of."""
    focal_prior_px: float | None
    """Focal length that EXIF suggests, in pixels of `original_size_wh`; a prior only."""


@dataclass(frozen=True)
class ImageSet:
    """The photos of one scene, in the order given, with unique names."""

    photos: tuple[Photo, ...]

    def __len__(self) -> int:
        return len(self.photos)


def find_photos(paths: Sequence[Path | str] | Path | str, fewest: int = MIN_PHOTOS) -> list[Path]:
    """The photo files that `paths` name: files as they are, folders as the photos directly inside.

    A folder's photos come in natural order (`2.jpg` before `10.jpg`); hidden files and those that
    end in none of `SUFFIXES` are passed over.

    Raises:
        InputError: nothing was named, a path does not exist, a folder holds no photo, two files share a name,
            or there are fewer photos than `fewest` or more than sixteen.
    """
    paths = [paths] if isinstance(paths, str | Path) else paths
    if len(paths) == 0:
        raise InputError(f"No photos were given; name {MIN_PHOTOS} to {MAX_PHOTOS} files, or a folder that holds them.")
    found = [file for path in paths for file in _photos_at(Path(path))]
    _refuse_equal_names(found)
    if len(found) < fewest:
        raise one_is_too_few(str(found[0]))
    if len(found) > MAX_PHOTOS:
        raise InputError(f"{len(found)} photos were given; {NEEDED}.")
    return found


def one_is_too_few(name: str) -> InputError:
    """What is said of a photo that was given alone where depth was not learned."""
    return InputError(f"{name} alone was given; {NEEDED}, or learned depth (--model small), which is a guess from one.")


def unread_photos(paths: Sequence[Path | str]) -> list[Path]:
    """Photos of formats that are not read, in the folders among `paths`; `find_photos` passes them over."""
    folders = [Path(path) for path in paths if Path(path).is_dir()]
    files = [file for folder in folders for file in folder.iterdir() if file.suffix.lower() in UNREAD_SUFFIXES]
    return sorted((file for file in files if not file.name.startswith(".")), key=natural_order)


def load_images(paths: Sequence[Path | str] | Path | str, fewest: int = MIN_PHOTOS) -> ImageSet:
    """Decode the photos (JPEG, PNG, WebP, TIFF, BMP) that `find_photos` finds at `paths`, `fewest` at least.

    Raises:
        InputError: they are no set that a scene could be made of; see `find_photos`.
        PhotoError: one is empty, damaged, of another format, too small or has too many pixels.
    """
    return decode_images(find_photos(paths, fewest))


def decode_images(files: Sequence[PhotoSource]) -> ImageSet:
    """Decode what has been found.

    Raises:
        PhotoError: see `load_images`.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=2) as pool:
        # What Pillow warns of is either refused here in a sentence, or of no consequence to the pixels.
        warnings.simplefilter("ignore")
        return ImageSet(tuple(pool.map(_load, files)))


def _load(file: PhotoSource) -> Photo:
    decoded = decode_photo(file)
    return Photo(file.name, decoded.rgb, decoded.mask, decoded.original_size_wh, decoded.focal_prior_px)


def _photos_at(path: Path) -> list[Path]:
    try:
        if path.is_file():
            return [path]
        if not path.is_dir():
            raise NotThereError(f"{path} does not exist; name photos, or a folder that holds them.")
        inside = [p for p in path.iterdir() if not p.name.startswith(".")]
        photos = [p for p in inside if p.suffix.lower() in SUFFIXES and p.is_file()]
    except OSError as error:
        raise NotThereError(f"{path} cannot be looked at ({error.strerror}).") from error
    if not photos:
        others = sorted(p.name for p in inside)
        instead = f" It holds {', '.join(others[:3])}{' and more' if len(others) > 3 else ''}." if others else ""
        wanted = ", ".join(sorted(SUFFIXES))
        raise NotThereError(f"{path} holds no photo; what ends in {wanted} counts as one.{instead}")
    return sorted(photos, key=natural_order)


def natural_order(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts `2.jpg` before `10.jpg`."""
    parts = re.findall(r"(\d+)|(\D+)", path.name.lower())
    return [(int(digits), "") if digits else (-1, text) for digits, text in parts], path.name


def _refuse_equal_names(files: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        other = seen.setdefault(file.name, file)
        if other is not file:
            raise InputError(f"{other} and {file} share the name {file.name}, which outputs go by; rename one of them.")
