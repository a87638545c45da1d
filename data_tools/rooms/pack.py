"""The cache in one small file, for a machine that has no network: fewer triangles, smaller textures and pictures."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import numpy as np

from data_tools.rooms.cache import SPLITS
from data_tools.rooms.decimate import decimated, with_small_textures
from data_tools.rooms.furniture_store import MANIFEST as FURNITURE_MANIFEST
from data_tools.rooms.furniture_store import Furnishing, load_furniture
from data_tools.rooms.looks import shrunk
from data_tools.rooms.mesh_files import encode_mesh, jpeg_bytes, npz_bytes
from data_tools.rooms.picture_store import MANIFEST as PICTURES_MANIFEST
from data_tools.rooms.picture_store import PictureRow, load_pictures
from render.errors import require
from render.files.atomic import write_atomically

MOST_TRIANGLES = 3000
TEXTURE_SIDE_PX = 128
PICTURE_SIDE_PX = 320
PICTURE_SHARE = 0.25
"""Of the file; what pictures don't fill is left to furniture."""
FEWEST_BYTES = 100_000
BYTES_BESIDE = 800
"""At most what the archive and the manifest need of one file."""

Row = TypeVar("Row", Furnishing, PictureRow)


def write_pack(path: Path, most_bytes: int, place: Path | None = None) -> int:
    """Write what fits, leaving the largest of each kind out; returns how many models and pictures that is.

    Raises:
        SnapsplatError: there is no furniture in the cache, `most_bytes` is too little, or `path` cannot be written.
    """
    require(most_bytes >= FEWEST_BYTES, "megabytes", most_bytes / 1e6, f"at least {FEWEST_BYTES / 1e6}")
    pictures: list[tuple[PictureRow, bytes]] = []
    models: list[tuple[Furnishing, bytes]] = []
    for split in SPLITS:
        found = load_pictures(split, place)
        pictures += [(row, jpeg_bytes(shrunk(found[n], PICTURE_SIDE_PX))) for n, row in enumerate(found.rows)]
        furniture = load_furniture(split, place)
        for piece in furniture:
            mesh = with_small_textures(decimated(furniture.mesh(piece), MOST_TRIANGLES), TEXTURE_SIDE_PX)
            models.append((piece, encode_mesh(mesh)))
    pictures, used = _fitting(pictures, int(most_bytes * PICTURE_SHARE))
    models, _ = _fitting(models, most_bytes - used)
    files = {
        FURNITURE_MANIFEST: json.dumps([asdict(row) for row, _ in models]).encode(),
        PICTURES_MANIFEST: json.dumps([asdict(row) for row, _ in pictures]).encode(),
    }
    files |= {row.file: content for row, content in models} | {row.file: content for row, content in pictures}
    write_atomically(path, npz_bytes({name: np.frombuffer(content, np.uint8) for name, content in files.items()}))
    return len(models) + len(pictures)


def _fitting(files: list[tuple[Row, bytes]], room: int) -> tuple[list[tuple[Row, bytes]], int]:
    """As many as fit, and how much room they take."""
    files = sorted(files, key=lambda file: len(file[1]))
    kinds = [row.category if isinstance(row, Furnishing) else row.kind for row, _ in files]
    # How far up each file is among its own kind, so that plants, which are large, are left out no more than plates.
    heights = [(kinds[:place].count(kind) + 0.5) / kinds.count(kind) for place, kind in enumerate(kinds)]
    files = [files[place] for place in np.argsort(heights, kind="stable")]
    ends = np.cumsum([len(content) + BYTES_BESIDE for _, content in files])
    many = int(np.searchsorted(ends, room, side="right"))
    return files[:many], int(ends[many - 1]) if many else 0
