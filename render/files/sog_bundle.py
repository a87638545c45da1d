"""The zip that a .sog is: `meta.json` and the pictures that it names, none of it believed."""

import json
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Float64, UInt8

from render.errors import FileFormatError
from render.files.values import most_unfolded
from render.files.webp import from_webp, size_of_webp

MOST_ENTRIES = 64
LARGEST_TEXT = 1 << 20
"""Bytes of `meta.json`: memory for JSON is many times its size."""


class SogBundle:
    """One file, open; what it says is checked where it is asked for."""

    def __init__(self, path: Path):
        self._path = path
        self._room = most_unfolded(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            raise FileFormatError(path, f"this is no .sog file, or one that is cut off ({error}).") from error
        try:
            self._meta = self._read_meta()
            self.count = self.number(None, "count", 1, self._room // 4)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "SogBundle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def has(self, part: str) -> bool:
        """Whether `meta.json` speaks of it."""
        return part in self._meta

    def number(self, part: str | None, key: str, least: int, most: int) -> int:
        """A whole number between two.

        Raises:
            FileFormatError: something else stands there.
        """
        value = self._part(part).get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise FileFormatError(self._path, f'"{key}" is {str(value)[:40]}; {least} to {most} is right.')
        return value

    def numbers(self, part: str, key: str, count: int) -> Float64[np.ndarray, "_"]:
        """A list of finite numbers; where it has fewer than `count`, the last stands for those that are missing.

        Raises:
            FileFormatError: something else stands there.
        """
        values = self._part(part).get(key)
        if not isinstance(values, list) or not 0 < len(values) <= count or not all(map(_is_number, values)):
            raise FileFormatError(self._path, f'"{key}" of {part} is no list of up to {count} finite numbers.')
        return np.pad(np.array(values, np.float64), (0, count - len(values)), mode="edge")

    def pixels(self, part: str, which: int) -> UInt8[np.ndarray, "n 4"]:
        """One pixel for each Gaussian.

        Raises:
            FileFormatError: the picture is missing, damaged, or has fewer.
        """
        return self.picture(part, which).reshape(-1, 4)[: self.count]

    def picture(self, part: str, which: int) -> UInt8[np.ndarray, "height width 4"]:
        """A picture as it is.

        Raises:
            FileFormatError: it is missing, damaged, has fewer pixels than there are Gaussians, or far too many.
        """
        files = self._part(part).get("files")
        if not isinstance(files, list) or len(files) <= which or not isinstance(files[which], str):
            raise FileFormatError(self._path, f'"files" of {part} names no picture number {which}.')
        name = files[which][:80]
        content = self._content(name, self._path.stat().st_size)
        width, height = size_of_webp(self._path, name, content)
        if 4 * width * height > self._room:
            raise FileFormatError(self._path, f"{name} is {width} x {height}, which no file of its size holds.")
        if width * height < self.count and not (part == "shN" and which == 0):
            raise FileFormatError(self._path, f"{name} is {width} x {height}, too small for {self.count} Gaussians.")
        return from_webp(self._path, name, content)

    def _part(self, part: str | None) -> dict[str, Any]:
        found = self._meta if part is None else self._meta.get(part)
        if not isinstance(found, dict):
            raise FileFormatError(self._path, f'its meta.json has no object "{part}".')
        return found

    def _read_meta(self) -> dict[str, Any]:
        if len(self._zip.infolist()) > MOST_ENTRIES:
            raise FileFormatError(self._path, f"it has {len(self._zip.infolist())} entries; {MOST_ENTRIES} is much.")
        try:
            meta = json.loads(self._content("meta.json", LARGEST_TEXT))
        except (ValueError, RecursionError) as error:
            raise FileFormatError(self._path, f"its meta.json is not JSON ({error}).") from error
        if not isinstance(meta, dict) or meta.get("version") != 2:
            version = meta.get("version") if isinstance(meta, dict) else "none"
            raise FileFormatError(self._path, f"its version is {str(version)[:40]}; 2 is read.")
        return meta

    def _content(self, name: str, most: int) -> bytes:
        """Of one entry, if it has no more bytes than these: pictures are not compressed a second time."""
        try:
            entry = self._zip.getinfo(name)
        except KeyError as error:
            raise FileFormatError(self._path, f"it holds no {name}.") from error
        if entry.file_size > most or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileFormatError(
                self._path, f"{name} unfolds to {entry.file_size} bytes, or not by deflate; at most {most} are right."
            )
        try:
            with self._zip.open(entry) as file:
                content = file.read(entry.file_size)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError) as error:
            raise FileFormatError(self._path, f"{name} is damaged ({error}).") from error
        if len(content) != entry.file_size:
            raise FileFormatError(self._path, f"{name} is cut off: {len(content)} of {entry.file_size} bytes.")
        return content


def _is_number(value: object) -> bool:
    # Written so that NaN, which compares with nothing, is none.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
