"""The furniture in one small file, for a machine that has no network: fewer triangles, smaller textures."""

from pathlib import Path

import numpy as np

from data_tools.rooms.decimate import decimated, with_small_textures
from data_tools.rooms.furniture_store import Furnishing, load_furniture, manifest_bytes
from data_tools.rooms.mesh_files import encode_mesh, npz_bytes
from render.errors import require
from render.files.atomic import write_atomically

MOST_TRIANGLES = 3000
TEXTURE_SIDE_PX = 128
FEWEST_BYTES = 100_000


def write_pack(path: Path, most_bytes: int, cache: Path | None = None) -> int:
    """Write what fits, smallest first; returns how many models that is.

    Raises:
        SnapsplatError: there is no furniture in the cache, `most_bytes` is too little, or `path` cannot be written.
    """
    require(most_bytes >= FEWEST_BYTES, "megabytes", most_bytes / 1e6, f"at least {FEWEST_BYTES / 1e6}")
    packed: dict[str, bytes] = {}
    pieces: list[Furnishing] = []
    for split in ("train", "validation"):
        furniture = load_furniture(split, cache)
        for piece in furniture:
            mesh = with_small_textures(decimated(furniture.mesh(piece), MOST_TRIANGLES), TEXTURE_SIDE_PX)
            packed[piece.name] = encode_mesh(mesh)
            pieces.append(piece)
    # What the manifest needs of a model is the 1000 below, at most.
    pieces.sort(key=lambda piece: len(packed[piece.name]))
    room = most_bytes
    taken: list[Furnishing] = []
    for piece in pieces:
        room -= len(packed[piece.name]) + 1000
        if room < 0:
            break
        taken.append(piece)
    arrays = {piece.name: np.frombuffer(packed[piece.name], np.uint8) for piece in taken}
    manifest = np.frombuffer(manifest_bytes(taken), np.uint8)
    write_atomically(path, npz_bytes({"manifest": manifest} | arrays))
    return len(taken)
