"""Libraries of Sweet Home 3D (.sh3f): a zip of OBJ models, a catalogue that says what each is, and a licence."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from render.errors import FileFormatError

CATALOGUE = "PluginFurnitureCatalog.properties"
LARGEST_FILE_BYTES = 200_000_000
FREE_LICENCES = ("CC0", "CC-BY-3.0", "CC-BY-3.0-US", "CC-BY-4.0")
"""Those whose models are used; each allows changes and redistribution, the latter three with credit."""


@dataclass(frozen=True, eq=False)
class CatalogueModel:
    """One row of a catalogue."""

    path: str
    """Of the OBJ file, inside the library."""
    title: str
    category: str
    """As the catalogue has it, such as `Living room`."""
    credit: str
    size_m: tuple[float, float, float]
    """Width, height and depth, along x, y and z."""
    elevation_m: float
    """How far above the floor it hangs; 0 for what stands."""
    opening: bool
    """Whether it is a door or a window."""
    rotation: Float64[np.ndarray, "3 3"]
    """Turns the OBJ file's axes into those of the size."""


class Library:
    """An open library. Files are read from the archive one by one, and nothing is written by their names."""

    def __init__(self, archive: zipfile.ZipFile, name: str):
        self.archive = archive
        self.name = name
        """The file's name without its ending."""

    def read(self, path: str) -> bytes | None:
        """A file of the library, or None where there is none, or it is too large to be meant."""
        inside = posixpath.normpath("/" + path).lstrip("/")
        try:
            info = self.archive.getinfo(inside)
            return self.archive.read(info) if info.file_size <= LARGEST_FILE_BYTES else None
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
            return None

    @property
    def licence(self) -> str:
        """One of `FREE_LICENCES`, or `other`: what the library's own licence file says."""
        return self._licence_in("") or "other"

    def licence_of(self, model: CatalogueModel) -> str:
        """As `licence`; where a licence lies beside the model, it counts instead."""
        return self._licence_in(posixpath.dirname(model.path).lstrip("/")) or self.licence

    def _licence_in(self, folder: str) -> str | None:
        """What the first licence file directly in `folder` grants, None where there is none."""
        for name in self.archive.namelist():
            inside, file = posixpath.split(name)
            if inside == folder and re.search(r"licen[sc]e|copying", file, re.IGNORECASE):
                return licence_of((self.read(name) or b"").decode("utf-8", "replace"))
        return None

    def models(self) -> Iterator[CatalogueModel]:
        """The catalogue's rows; one that lacks its model or has no usable size is passed over."""
        text = (self.read(CATALOGUE) or b"").decode("latin-1")
        rows: dict[int, dict[str, str]] = {}
        for key, number, value in re.findall(r"^(\w+)#(\d+)\s*=[ \t]*(.*?)\s*$", text, re.MULTILINE):
            rows.setdefault(int(number), {})[key] = _unescaped(value)
        for _, row in sorted(rows.items()):
            if (model := _model(row)) is not None:
                yield model


@contextmanager
def open_library(path: Path) -> Iterator[Library]:
    """
    Raises:
        FileFormatError: the file is not a zip archive.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise FileFormatError(path, f"is not a library of Sweet Home 3D ({error}).") from error
    with archive:
        yield Library(archive, path.stem)


def licence_of(text: str) -> str:
    """Which free licence `text` grants, or `other`. A text that speaks of a stricter one is never taken as free."""
    text = " ".join(text.split())
    stricter = r"sharealike|share alike|by-sa|by-nc|by-nd|noncommercial|non-commercial|\bGPL\b|General Public|Free Art"
    if re.search(stricter, text, re.IGNORECASE):
        return "other"
    name, address = r"Creative Commons Attribution ([34])", r"creativecommons\.org/licenses/by/([34])\.0(/us)?"
    if found := re.search(address, text, re.IGNORECASE) or re.search(name, text, re.IGNORECASE):
        return f"CC-BY-{found[1]}.0" + ("-US" if found.lastindex == 2 else "")
    zero = r"Creative Commons Zero|creativecommons\.org/(?:choose|publicdomain)/zero|\bCC-?0\b"
    return "CC0" if re.search(zero, text, re.IGNORECASE) else "other"


def _model(row: dict[str, str]) -> CatalogueModel | None:
    try:
        width, height, depth = (float(row[key]) / 100 for key in ("width", "height", "depth"))
        elevation = float(row.get("elevation") or 0) / 100
        rotation = [float(number) for number in (row.get("modelRotation") or "1 0 0 0 1 0 0 0 1").split()]
        path = row["model"]
    except (KeyError, ValueError):
        return None
    usable = np.isfinite([width, height, depth, elevation, *rotation]).all() and min(width, height, depth) > 0
    if not usable or len(rotation) != 9 or not path.lower().endswith(".obj"):
        return None
    return CatalogueModel(
        path=path,
        title=row.get("name") or posixpath.basename(path),
        category=row.get("category", ""),
        credit=row.get("creator", ""),
        size_m=(width, height, depth),
        elevation_m=elevation,
        opening=row.get("doorOrWindow") == "true",
        rotation=np.array(rotation).reshape(3, 3),
    )


def _unescaped(value: str) -> str:
    """Java's way of writing what is not Latin-1: a backslash, u and four hexadecimal digits."""
    value = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), value)
    return re.sub(r"\\(.)", r"\1", value)
