"""Where the material of rooms lies on this machine, and which of it is for training and which for validation."""

import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from render.errors import FileFormatError, require

Split = Literal["train", "validation"]
SPLITS: tuple[Split, ...] = get_args(Split)

VALIDATION_SHARE = 0.12
SALT = "124:"
"""Of two hundred tried, one that leaves some of every large kind of furniture on both sides. Never to be changed."""


def cache_folder() -> Path:
    """What the environment variable SNAPSPLAT_CACHE names, else `snapsplat/rooms` in the user's cache folder."""
    if named := os.environ.get("SNAPSPLAT_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "snapsplat" / "rooms"


@dataclass(frozen=True, eq=False)
class Cache:
    """Files by their paths inside the cache, from a folder or from one packed file. Can be sent to other processes."""

    place: Path
    packed: dict[str, bytes] | None
    """Everything, where `place` is a packed file."""

    def read(self, path: str) -> bytes | None:
        """None where there is no such file."""
        if self.packed is not None:
            return self.packed.get(path)
        try:
            return (self.place / path).read_bytes()
        except OSError:
            return None


def open_cache(place: Path | None = None) -> Cache:
    """A folder, whether it is there or not, or a file that `--pack` has written; None for `cache_folder()`.

    Raises:
        FileFormatError: it is a file of another kind.
    """
    place = cache_folder() if place is None else place
    if not place.is_file():
        return Cache(place, None)
    try:
        with np.load(place) as archive:
            return Cache(place, {name: archive[name].tobytes() for name in archive.files})
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise FileFormatError(place, f"is not a packed cache ({error}).") from error


def split_of(name: str) -> Split:
    """Which side `name` is on, by its checksum: the same on every machine, whatever else there is."""
    return "validation" if zlib.crc32((SALT + name).encode()) < VALIDATION_SHARE * 2**32 else "train"


def require_split(split: str) -> None:
    """
    Raises:
        ConfigError: there is no such split.
    """
    require(split in SPLITS, "split", split, " or ".join(SPLITS))
