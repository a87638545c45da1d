"""Furniture for random rooms: Debian's package of models for Sweet Home 3D, made into meshes in a cache folder.

    python -m data_tools.rooms.furniture [FILE.deb]
    python -m data_tools.rooms.furniture --pack FILE.npz --megabytes 20

The first fetches and converts; without apt-get, name a copy of sweethome3d-furniture_1.8-1_all.deb. The second writes
what fits of it, made smaller, into one file for a machine without a network. SNAPSPLAT_CACHE names the folder, or such
a file. Nothing of it belongs in this repository; every model's licence and credit stand in the cache's manifest.json.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from data_tools.rooms.cache import cache_folder, split_of
from data_tools.rooms.categories import category_of
from data_tools.rooms.convert import convert
from data_tools.rooms.debian import check_sha256, download_deb, unpack_deb
from data_tools.rooms.decimate import triangles_of
from data_tools.rooms.furniture_store import FOLDER, MANIFEST, Furnishing, load_furniture, manifest_bytes
from data_tools.rooms.mesh_files import encode_mesh
from data_tools.rooms.pack import write_pack
from data_tools.rooms.sh3f import FREE_LICENCES, Library, open_library
from render.errors import FileFormatError, SnapsplatError
from render.files.atomic import write_atomically

__all__ = ["load_furniture", "main", "make_cache"]

PACKAGE = "sweethome3d-furniture=1.8-1"
SHA256 = "3ccb90c63f9525e887a767b9cd5c8b6933b8b6b2973a615a5359ee68a2118668"


def main() -> None:
    """Read the arguments, make what they ask for, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("deb", type=Path, nargs="?", help="the package's file, where it lies already")
    parser.add_argument("--pack", type=Path, metavar="FILE.npz", help="write a small copy of the cache to this file")
    parser.add_argument("--megabytes", type=float, default=20.0, help="how large that copy may be")
    arguments = parser.parse_args()
    try:
        if arguments.pack is not None:
            pieces = write_pack(arguments.pack, int(arguments.megabytes * 1e6))
            print(f"{arguments.pack}: {pieces} models and pictures, {arguments.pack.stat().st_size / 1e6:.1f} MB.")
        else:
            make_cache(cache_folder(), arguments.deb)
    except SnapsplatError as error:
        raise SystemExit(str(error)) from error


def make_cache(cache: Path, deb: Path | None = None) -> None:
    """Fetch where `deb` is None, check, convert; the manifest comes last, so that half a cache is none.

    Raises:
        SnapsplatError: the package cannot be had, is another, or the folder cannot be written.
    """
    if deb is None:
        deb = download_deb(PACKAGE, cache / "downloads", SHA256)
    else:
        check_sha256(deb, SHA256)
    (cache / FOLDER).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as unpacked:
        unpack_deb(deb, Path(unpacked))
        pieces = []
        for path in sorted(Path(unpacked).rglob("*.sh3f")):
            with open_library(path) as library:
                pieces += convert_library(library, cache)
    write_atomically(cache / MANIFEST, manifest_bytes(pieces))
    print(f"{cache / FOLDER}: {len(pieces)} models.")


def convert_library(library: Library, cache: Path) -> Iterator[Furnishing]:
    """Write the library's models into `cache`, one file each; what is left out is told, and why."""
    if library.licence not in FREE_LICENCES:
        print(f"{library.name}: left out, since its licence is not one of {', '.join(FREE_LICENCES)}.")
        return
    made, left_out = set(), 0
    for model in library.models():
        stem = _plain_name(PurePosixPath(model.path).stem)
        name = _plain_name(f"{library.name}-{stem}")
        licence = library.licence_of(model)
        try:
            if licence not in FREE_LICENCES:
                raise FileFormatError(f"{library.name}: {model.path}", "has a licence of its own that is not known.")
            if name in made:
                continue
            mesh = convert(library, model, name)
        except FileFormatError as error:
            print(f"left out: {error}")
            left_out += 1
            continue
        width, height, depth = mesh.size.tolist()
        piece = Furnishing(
            name=name,
            title=model.title,
            category=category_of(model.title, model.category, model.opening),
            size_m=(width, height, depth),
            elevation_m=model.elevation_m,
            triangles=triangles_of(mesh),
            library=library.name,
            licence=licence,
            credit=model.credit,
            # Numbered models are often one design twice; what validation measures must be new to training.
            split=split_of(stem.rstrip("0123456789-")),
        )
        write_atomically(cache / piece.file, encode_mesh(mesh))
        made.add(name)
        yield piece
    print(f"{library.name} ({library.licence}): {len(made)} models, {left_out} left out.")


def _plain_name(name: str) -> str:
    """Letters and digits with dashes between: a file name on any system, whatever the archive says."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


if __name__ == "__main__":
    main()
