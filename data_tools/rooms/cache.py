"""Where the material of rooms lies on this machine, and which of it is for training and which for validation."""

import os
import zlib
from pathlib import Path
from typing import Literal

Split = Literal["train", "validation"]

VALIDATION_SHARE = 0.12


def cache_folder() -> Path:
    """What the environment variable SNAPSPLAT_CACHE names, else `snapsplat/rooms` in the user's cache folder."""
    if named := os.environ.get("SNAPSPLAT_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "snapsplat" / "rooms"


def split_of(name: str) -> Split:
    """Which side `name` is on, by its checksum: the same on every machine, whatever else there is.

    Numbers at the end don't count: `chair2` and `chair3` are often one design in two colours, and training must not
    see what validation measures.
    """
    family = name.lower().rstrip("0123456789-_ .")
    return "validation" if zlib.crc32(family.encode()) < VALIDATION_SHARE * 2**32 else "train"
