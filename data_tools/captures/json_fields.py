"""JSON of a stranger: read up to a size, and every value that is used held to its type."""

import json
from pathlib import Path
from typing import Any

from render.errors import FileFormatError

MAX_MEGABYTES = 64
"""Some ten thousand cameras take ten."""


def read_object(path: Path) -> dict[str, Any]:
    """The object that a file holds.

    Raises:
        FileFormatError: it cannot be read, is too large, is not JSON, or holds something else.
    """
    try:
        refuse_large(path)
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FileFormatError(path, f"it cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError) as error:
        raise FileFormatError(path, f"it is not JSON ({error}).") from error
    if not isinstance(content, dict):
        raise FileFormatError(path, f"it holds {_shown(content)}; an object {{...}} is expected.")
    return content


def refuse_large(path: Path) -> None:
    """Raises:
    OSError: there is no such file.
    FileFormatError: it is larger than any that is read.
    """
    if path.stat().st_size > MAX_MEGABYTES * 1_000_000:
        raise FileFormatError(path, f"it has {path.stat().st_size} bytes; {MAX_MEGABYTES} MB are read at most.")


def number(entry: dict[str, Any], key: str, path: Path) -> float | None:
    """A number, or None where the key is missing. Whether it is finite is judged where it is used.

    Raises:
        FileFormatError: something else stands there.
    """
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FileFormatError(path, f'"{key}" is {_shown(value)}; a number is expected.')
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def text(entry: dict[str, Any], key: str, path: Path) -> str | None:
    """A text, or None where the key is missing.

    Raises:
        FileFormatError: something else stands there.
    """
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise FileFormatError(path, f'"{key}" is {_shown(value)}; a text is expected.')
    return value


def matrix(entry: dict[str, Any], key: str, path: Path) -> list[list[float]]:
    """Three or four rows of four numbers.

    Raises:
        FileFormatError: something else stands there, or nothing.
    """
    rows = entry.get(key)
    if not isinstance(rows, list) or len(rows) not in (3, 4) or any(not _is_row(row) for row in rows):
        raise FileFormatError(path, f'"{key}" is {_shown(rows)}; three or four rows of four numbers are expected.')
    return [[number({key: value}, key, path) or 0.0 for value in row] for row in rows]


def _is_row(row: object) -> bool:
    return isinstance(row, list) and len(row) == 4 and None not in row


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
