"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path

from render.errors import OutputError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` under a temporary name beside `path`, then put it in place; the temporary file never stays.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            # mkstemp makes files that only their owner may read; outputs are as readable as any other file.
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error}).") from error


def make_folder(folder: Path) -> None:
    """Make `folder`, and those it lies in, where they are not there yet.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror or error}).") from error


def check_parent(path: Path) -> None:
    """Find out before long work whether there is a folder that `path` can be written into.

    Raises:
        OutputError: there is none, or it cannot be written into.
    """
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written (there is no folder {path.parent}).")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path} cannot be written (nothing may be put into {path.parent}).")


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
