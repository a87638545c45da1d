"""Photos that `python -m data_tools.rooms.pictures` has put in the cache, to be looked at by training scenes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import cv2
import dacite
import numpy as np
from jaxtyping import UInt8

from data_tools.rooms.cache import Cache, Split, open_cache, require_split
from data_tools.rooms.picture_sources import Kind
from render.errors import FileFormatError

FOLDER = "pictures"
MANIFEST = f"{FOLDER}/manifest.json"
COMMAND = "python -m data_tools.rooms.pictures"

Picture = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class PictureRow:
    """One picture, without its pixels."""

    name: str
    """Unique: the package's name and the file's."""
    kind: Kind
    package: str
    """Of Debian or PyPI."""
    licence: str
    credit: str
    split: Split

    @property
    def file(self) -> str:
        """Its path inside the cache."""
        return f"{FOLDER}/{self.name}.jpg"


class Pictures(Sequence[Picture]):
    """The pictures of one split, RGB; decoded when asked for. Can be sent to other processes."""

    def __init__(self, rows: Iterable[PictureRow], cache: Cache):
        self.rows = tuple(rows)
        """In the same order as the pictures."""
        self.cache = cache

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Picture: ...
    @overload
    def __getitem__(self, index: slice) -> "Pictures": ...
    def __getitem__(self, index: int | slice) -> "Picture | Pictures":
        """
        Raises:
            FileFormatError: the picture's file is missing or broken.
        """
        if isinstance(index, slice):
            return Pictures(self.rows[index], self.cache)
        row = self.rows[index]
        content = self.cache.read(row.file)
        image = None if not content else cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        if image is None:
            raise FileFormatError(self.cache.place / row.file, f"is missing or broken; `{COMMAND}` makes it.")
        return image

    def of_kind(self, kind: Kind) -> "Pictures":
        """Those of one kind alone."""
        return Pictures([row for row in self.rows if row.kind == kind], self.cache)


def load_pictures(split: Split, place: Path | None = None) -> Pictures:
    """The pictures for training, or those for validation; none where the command was never run.

    Args:
        place: the cache's folder, or a packed file; None for `cache_folder()`.

    Raises:
        ConfigError: there is no such split.
        FileFormatError: the manifest is broken.
    """
    require_split(split)
    cache = open_cache(place)
    content = cache.read(MANIFEST)
    if content is None:
        return Pictures([], cache)
    try:
        rows = [dacite.from_dict(PictureRow, row, dacite.Config(strict=True)) for row in json.loads(content)]
    except (ValueError, TypeError, AttributeError, dacite.DaciteError) as error:
        raise FileFormatError(
            cache.place / MANIFEST, f"is not as it should be ({error}); `{COMMAND}` makes it."
        ) from error
    return Pictures([row for row in rows if row.split == split], cache)
