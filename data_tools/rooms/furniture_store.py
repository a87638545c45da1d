"""Furniture that `python -m data_tools.rooms.furniture` has put in the cache, for scenes to be furnished with."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args, overload

import dacite
import numpy as np

from data_tools.rooms.cache import Split, cache_folder
from data_tools.rooms.categories import Category
from data_tools.rooms.mesh_files import decode_mesh
from data_tools.rooms.meshes import Mesh
from render.errors import ConfigError, FileFormatError

FOLDER = "furniture"
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


class Furniture(Sequence[Furnishing]):
    """The models of one split; their triangles are read when asked for. Can be sent to other processes."""

    def __init__(self, pieces: Iterable[Furnishing], files: Path | dict[str, bytes]):
        self.pieces = tuple(pieces)
        self.files = files
        """The folder with a file for each name, or the files themselves."""
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
        mesh = decode_mesh(self.content(piece), piece.name)
        self._decoded[piece.name] = mesh
        if len(self._decoded) > KEPT_IN_MEMORY:
            self._decoded.popitem(last=False)
        return mesh

    def content(self, piece: Furnishing) -> bytes:
        """The model's file, as `encode_mesh` wrote it.

        Raises:
            FileFormatError: it is missing.
        """
        try:
            return self.files[piece.name] if isinstance(self.files, dict) else self._path(piece).read_bytes()
        except (OSError, KeyError) as error:
            raise FileFormatError(piece.name, f"is missing in the cache; `{COMMAND}` makes it.") from error

    def _path(self, piece: Furnishing) -> Path:
        assert isinstance(self.files, Path)
        return self.files / f"{piece.name}.npz"


def load_furniture(split: Split, cache: Path | None = None) -> Furniture:
    """The models for training, or those for validation, which training never sees.

    Args:
        cache: the cache's folder, or a file that `--pack` has written; None for `cache_folder()`.

    Raises:
        ConfigError: there is no furniture there.
        FileFormatError: the manifest, or the pack, is broken.
    """
    if split not in get_args(Split):
        raise ConfigError(f"split is {split!r}; it must be one of {', '.join(get_args(Split))}.")
    cache = cache_folder() if cache is None else cache
    if cache.is_file():
        packed = _read_pack(cache)
        pieces, files = _manifest(packed.pop("manifest", b""), cache), packed
    else:
        manifest = cache / FOLDER / "manifest.json"
        if not manifest.is_file():
            raise ConfigError(
                f"There is no furniture in {cache}; `{COMMAND}` fetches and converts it, once, and SNAPSPLAT_CACHE "
                "may name another folder or a packed file."
            )
        pieces, files = _manifest(manifest.read_bytes(), manifest), cache / FOLDER
    return Furniture([piece for piece in pieces if piece.split == split], files)


def manifest_bytes(pieces: Sequence[Furnishing]) -> bytes:
    """As `load_furniture` reads it."""
    return (json.dumps([asdict(piece) for piece in pieces], indent=1) + "\n").encode()


def _manifest(content: bytes, where: Path) -> list[Furnishing]:
    rules = dacite.Config(cast=[tuple], strict=True)
    try:
        return [dacite.from_dict(Furnishing, row, rules) for row in json.loads(content)]
    except (ValueError, TypeError, AttributeError, dacite.DaciteError) as error:
        raise FileFormatError(where, f"is not a manifest of furniture ({error}); `{COMMAND}` makes one.") from error


def _read_pack(path: Path) -> dict[str, bytes]:
    try:
        with np.load(path) as archive:
            return {name: archive[name].tobytes() for name in archive.files}
    except (OSError, ValueError, EOFError) as error:
        raise FileFormatError(path, f"is not a pack of furniture ({error}); `{COMMAND} --pack` writes one.") from error
