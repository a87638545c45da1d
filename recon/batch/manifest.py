"""A list of captures: folders, or a manifest (CSV, JSON lines, Parquet) -> rows as they were written."""

import csv
import glob
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from recon.batch.places import folders_in, is_remote, read_file
from render.errors import BackendError, ConfigError, InputError

COLUMNS = ("id", "images", "cameras", "model", "size", "seed", "options")
MANIFESTS = (".csv", ".jsonl", ".ndjson", ".parquet")
IMAGES = "images"
"""Folder in that of a capture, or instead of it, which has the photos."""
SEPARATOR = ";"
"""Between photos in one cell."""


@dataclass(frozen=True)
class Row:
    """One line of a list."""

    where: str
    """Which line of which list, for sentences."""
    values: dict[str, Any]
    """By column, those that are not empty."""
    base: str = ""
    """What relative paths start from."""


def read_captures(captures: str, out: Path | None = None) -> list[Row]:
    """The rows of a folder of folders, of a glob that matches folders, or of a manifest; `out` is no capture.

    A folder that holds a folder `images` is a capture of the photos in there; a `cameras.json` in it is taken.

    Raises:
        InputError: there is nothing, or it cannot be read.
        ConfigError: a manifest is malformed.
        BackendError: what would read it is not installed.
    """
    suffix = PurePosixPath(captures).suffix.lower()
    if suffix in MANIFESTS:
        base = captures.rpartition("/")[0] if is_remote(captures) else str(Path(captures).parent)
        lines = {".csv": _csv, ".parquet": _parquet}.get(suffix, _json_lines)(read_file(captures))
        try:
            rows = [Row(f"{captures}, {where}", values, base) for where, values in lines]
        except ConfigError as error:
            raise ConfigError(f"{captures}: {error}") from error
    elif is_remote(captures) or glob.has_magic(captures) or Path(captures).is_dir():
        rows = [Row(folder, _folder(folder)) for folder in folders_in(captures) if not _same(folder, out)]
    else:
        raise InputError(
            f"{captures} is no folder of captures, no glob and no manifest; manifests end in {', '.join(MANIFESTS)}."
        )
    if not rows:
        raise InputError(f"{captures} holds no capture; a folder for each, or a row for each, is expected.")
    return rows


def _same(folder: str, out: Path | None) -> bool:
    return out is not None and not is_remote(folder) and Path(folder).resolve() == out.resolve()


def _folder(folder: str) -> dict[str, Any]:
    if is_remote(folder):
        path = PurePosixPath(folder)
        # What it holds is not known without asking; whoever has more to say of it writes a manifest.
        return {"id": path.parent.name if path.name == IMAGES else path.name, "images": folder}
    path = Path(folder)
    capture = path.parent if path.name == IMAGES else path
    inside = capture / IMAGES
    values = {"id": capture.name, "images": str(inside if inside.is_dir() else capture)}
    cameras = capture / "cameras.json"
    return {**values, "cameras": str(cameras)} if cameras.is_file() else values


def _csv(content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        for cells in reader:
            where = f"line {reader.line_num}"
            if None in cells:
                raise ConfigError(f"{where} has more cells than the first line has columns.")
            values = {name.strip(): cell.strip() for name, cell in cells.items() if cell is not None and cell.strip()}
            if isinstance(images := values.get("images"), str):
                values["images"] = [one.strip() for one in images.split(SEPARATOR) if one.strip()]
            yield where, values
    except csv.Error as error:
        raise ConfigError(f"line {reader.line_num} is not CSV ({error}).") from error


def _json_lines(content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(_text(content).split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"line {number} is not JSON ({error}).") from error
        if not isinstance(values, dict):
            raise ConfigError(f"line {number} is a {type(values).__name__}; an object for each scene is expected.")
        yield f"line {number}", {name: value for name, value in values.items() if value not in (None, "")}


def _parquet(content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise BackendError("Parquet needs pyarrow, which is not installed: pip install -e '.[batch]'.") from error
    try:
        rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise ConfigError(f"the manifest is not Parquet ({error}).") from error
    for number, values in enumerate(rows, 1):
        yield f"row {number}", {name: value for name, value in values.items() if value not in (None, "")}


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the manifest is not UTF-8 ({error}).") from error
