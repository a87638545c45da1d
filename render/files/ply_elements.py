"""A little-endian .ply of several elements, each with properties of one scalar type -> arrays."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from render.errors import FileFormatError

HEADER_LIMIT = 65536
"""No header has more bytes."""
TYPES = {"float": "<f4", "uint": "<u4", "uchar": "u1"}
"""Types that are read, and NumPy's name for each."""


@dataclass(frozen=True, eq=False)
class Element:
    """One table of the file."""

    name: str
    kind: str
    """Type of every property."""
    properties: tuple[str, ...]
    rows: np.ndarray
    """As many as the header says, a column for each property."""

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def must_be(self, path: Path, kind: str, layouts: tuple[tuple[str, ...], ...]) -> None:
        """Nothing, or:

        Raises:
            FileFormatError: the properties are none of `layouts`, or not of the type `kind`.
        """
        if self.kind != kind or self.properties not in layouts:
            right = " or ".join(f"{len(layout)} from {layout[0]} to {layout[-1]}" for layout in layouts)
            raise FileFormatError(
                path,
                f"the element {self.name} has {len(self.properties)} properties of type {self.kind}; {right}, of type "
                f"{kind}, are right.",
            )


def header_of(path: Path, file: BinaryIO) -> list[str]:
    """The statements between `ply` and `end_header`, comments left out. Leaves `file` at the body.

    Raises:
        FileFormatError: there is no header.
    """
    start = file.read(HEADER_LIMIT)
    end = re.search(rb"\nend_header\r?\n", start)
    if not start.startswith((b"ply\n", b"ply\r\n")) or end is None:
        raise FileFormatError(path, "this is no .ply file: it must start with 'ply' and have an 'end_header' line.")
    file.seek(end.end())
    lines = start[: end.start()].decode("ascii", errors="replace").splitlines()[1:]
    return [line for line in lines if line.split()[:1] not in ([], ["comment"], ["obj_info"])]


def read_elements(path: Path) -> list[Element]:
    """All elements, in the file's order.

    Raises:
        FileFormatError: the header is none of such a file, or the body has not the size that it says.
    """
    with path.open("rb") as file:
        tables = _tables(path, header_of(path, file))
        expected = sum(count * len(names) * np.dtype(TYPES[kind]).itemsize for _, count, kind, names in tables)
        received = path.stat().st_size - file.tell()
        # Compared before memory is taken: headers can claim anything.
        if received != expected:
            what = "is cut off" if received < expected else "goes on after its last row"
            raise FileFormatError(path, f"the file {what}: {expected} bytes should follow the header, {received} do.")
        return [
            Element(name, kind, names, np.fromfile(file, TYPES[kind], count * len(names)).reshape(count, len(names)))
            for name, count, kind, names in tables
        ]


def _tables(path: Path, statements: list[str]) -> list[tuple[str, int, str, tuple[str, ...]]]:
    """Name, number of rows, type and properties of each element."""
    if statements[:1] != ["format binary_little_endian 1.0"]:
        received = statements[0] if statements else "nothing"
        raise FileFormatError(path, f"the header says {received!r}; 'format binary_little_endian 1.0' is right.")
    tables: list[tuple[str, int, list[str], list[str]]] = []
    for statement in statements[1:]:
        element = re.fullmatch(r"element (\w+) (\d{1,15})", statement)
        listed = re.fullmatch(r"property (\w+) (\w+)", statement)
        if element:
            tables.append((element[1], int(element[2]), [], []))
        elif listed and tables and listed[1] in TYPES:
            tables[-1][2].append(listed[1])
            tables[-1][3].append(listed[2])
        else:
            raise FileFormatError(
                path, f"the header says {statement!r}; elements of properties of {', '.join(TYPES)} are right."
            )
    for name, _, kinds, _ in tables:
        if len(set(kinds)) != 1:
            raise FileFormatError(path, f"the element {name} has properties of {len(set(kinds))} types; one is right.")
    return [(name, count, kinds[0], tuple(names)) for name, count, kinds, names in tables]
