"""Furniture that `python -m data_tools.rooms.furniture` has put in the cache, for scenes to be furnished with."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import overload

import dacite

from data_tools.rooms.cache import Cache, Split, open_cache, require_split
from data_tools.rooms.categories import Category
from data_tools.rooms.mesh_files import decode_mesh
from data_tools.rooms.meshes import Mesh
from render.errors import ConfigError, FileFormatError

FOLDER = "furniture"
MANIFEST = f"{FOLDER}/manifest.json"
COMMAND = "python -m data_tools.rooms.furniture"
KEPT_IN_MEMORY = 32
"""Meshes that stay decoded; a few megabytes each at most."""


@dataclass(frozen=True)
class Furnishing:
    """One model, without its triangles."""

    name: str
    """Unique: the library's name and the model's."""
    title: str
    """What the catalogue calls it."""
    category: Category
    size_m: tuple[float, float, float]
    """Along x, y (up) and z, of what is seen of it; its front faces +z."""
    elevation_m: float
    """How far above the floor it hangs; 0 for what stands."""
    triangles: int
    library: str
    licence: str
    """`CC0`, or one of Creative Commons Attribution, which asks to name the `credit`."""
    credit: str
    split: Split

    @property
    def file(self) -> str:
        """Its path inside the cache."""
        return f"{FOLDER}/{self.name}.npz"


class Furniture(Sequence[Furnishing]):
    """The models of one split; their triangles are read when asked for. Can be sent to other processes."""

    def __init__(self, pieces: Iterable[Furnishing], cache: Cache):
        self.pieces = tuple(pieces)
        self.cache = cache
        self._decoded: OrderedDict[str, Mesh] = OrderedDict()

    def __len__(self) -> int:
        return len(self.pieces)

    @overload
    def __getitem__(self, index: int) -> Furnishing: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Furnishing]: ...
    def __getitem__(self, index: int | slice) -> Furnishing | Sequence[Furnishing]:
        return self.pieces[index]

    def mesh(self, piece: Furnishing) -> Mesh:
        """The triangles of one of these models.

        Raises:
            FileFormatError: its file is missing or broken.
        """
        if piece.name in self._decoded:
            self._decoded.move_to_end(piece.name)
            return self._decoded[piece.name]
        content = self.cache.read(piece.file)
        if content is None:
            raise FileFormatError(piece.name, f"is missing in {self.cache.place}; `{COMMAND}` makes it.")
        mesh = decode_mesh(content, piece.name)
        self._decoded[piece.name] = mesh
        if len(self._decoded) > KEPT_IN_MEMORY:
            self._decoded.popitem(last=False)
        return mesh


def load_furniture(split: Split, place: Path | None = None) -> Furniture:
    """The models for training, or those for validation, which training never sees.

    Args:
        place: the cache's folder, or a file that `--pack` has written; None for `cache_folder()`.

    Raises:
        ConfigError: there is no furniture there.
        FileFormatError: the manifest, or the packed file, is broken.
    """
    require_split(split)
    cache = open_cache(place)
    manifest = cache.read(MANIFEST)
    if manifest is None:
        raise ConfigError(
            f"There is no furniture in {cache.place}; `{COMMAND}` fetches and converts it, once, and SNAPSPLAT_CACHE "
            "may name another folder or a packed file."
        )
    return Furniture([piece for piece in _manifest(manifest, cache.place) if piece.split == split], cache)


def manifest_bytes(pieces: Sequence[Furnishing]) -> bytes:
    """As `load_furniture` reads it."""
    return (json.dumps([asdict(piece) for piece in pieces], indent=1) + "\n").encode()


def _manifest(content: bytes, place: Path) -> list[Furnishing]:
    rules = dacite.Config(cast=[tuple], strict=True)
    try:
        return [dacite.from_dict(Furnishing, row, rules) for row in json.loads(content)]
    except (ValueError, TypeError, AttributeError, dacite.DaciteError) as error:
        raise FileFormatError(place / MANIFEST, f"is not as it should be ({error}); `{COMMAND}` makes it.") from error
