"""A path -> the captures at it: one folder, or every folder directly inside; each is known by what it holds."""

import warnings
from collections.abc import Callable
from pathlib import Path

from data_tools.captures.cameras_json import find_cameras_json, read_cameras_folder
from data_tools.captures.capture import Capture
from data_tools.captures.colmap import find_colmap, read_colmap
from data_tools.captures.files import listed
from data_tools.captures.transforms_json import find_transforms, read_transforms
from render.errors import InputError

FORMATS: tuple[tuple[Callable[[Path], Path | None], Callable[[Path, Path, str], Capture]], ...] = (
    (find_cameras_json, read_cameras_folder),
    (find_transforms, read_transforms),
    (find_colmap, read_colmap),
)
"""How each kind is found and read, in the order tried: what says the most comes first."""
LOOKED_FOR = (
    "cameras.json, transforms.json (or transforms_train.json), or a COLMAP model (cameras and images, .bin or .txt, in "
    "sparse/0, sparse or the folder itself)"
)


def find_captures(path: Path) -> list[Path]:
    """The folders that hold a capture: `path` itself, otherwise those directly inside, by name.

    Raises:
        InputError: there is none, or `path` is no folder.
    """
    try:
        if not path.is_dir():
            problem = "is a file" if path.exists() else "does not exist"
            raise InputError(f"{path} {problem}; name the folder of a capture, or a folder of such folders.")
        inside = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        if _is_capture(path):
            return [path]
        found = [folder for folder in inside if folder.is_dir() and _is_capture(folder)]
    except OSError as error:
        raise InputError(f"{path} cannot be looked at ({error.strerror or error}).") from error
    if not found:
        holds = f"It holds {listed([entry.name for entry in inside])}." if inside else "It is empty."
        raise InputError(
            f"{path} holds no capture, and neither does a folder inside: looked for was {LOOKED_FOR}. {holds}"
        )
    return found


def read_capture(folder: Path) -> Capture:
    """What a folder's files say of its cameras; named as the folder is. No photo is decoded.

    Raises:
        InputError: the folder holds no capture, or none of its photos is there.
        FileFormatError: a file is malformed.
        CamerasError: a camera is of a kind that is not read, or cannot be.
    """
    name = folder.resolve().name
    with warnings.catch_warnings():
        # Pillow warns of large photos; those too large are refused when they are decoded.
        warnings.simplefilter("ignore")
        for find, read in FORMATS:
            found = find(folder)
            if found is not None:
                return read(folder, found, name)
    raise InputError(f"{folder} holds no capture: looked for was {LOOKED_FOR}.")


def _is_capture(folder: Path) -> bool:
    return any(find(folder) for find, _ in FORMATS)
