"""A scene's folder: made elsewhere, put in its place at one stroke, and known again by the sizes of its files."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from recon.output_folder import refused
from render.errors import OutputError

STAGING = ".batch-"
"""Beginning of the names of folders in which scenes are until they are whole."""


def make_staging(out: Path, share: str) -> Path:
    """A new folder of one run; those that earlier ones of this share left are to be gone by then.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=f"{STAGING}{share}-", dir=out))
    except OSError as error:
        raise refused(out, error) from error


def drop_staging(out: Path, share: str) -> None:
    """Those of runs that have ended, in whatever way."""
    for left in out.glob(f"{STAGING}{share}-*"):
        shutil.rmtree(left, ignore_errors=True)


def checksums(folder: Path) -> dict[str, tuple[int, str]]:
    """Path in it -> bytes and sha256, of every file."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): _checksum(file) for file in files}


def is_whole(folder: Path, made: Mapping[str, tuple[int, str]]) -> bool:
    """Whether all files are there with their sizes; nothing is read."""
    try:
        return bool(made) and all((folder / name).stat().st_size == size for name, (size, _) in made.items())
    except OSError:
        return False


def put_in_place(staged: Path, folder: Path) -> None:
    """At one stroke; `folder` is not there yet.

    Raises:
        OutputError: it cannot be.
    """
    try:
        staged.rename(folder)
    except OSError as error:
        raise refused(folder, error) from error


def remove(folder: Path, staging: Path) -> None:
    """At one stroke as well, by way of `staging`: no half of it is ever in its place.

    Raises:
        OutputError: it cannot be.
    """
    try:
        gone = Path(tempfile.mkdtemp(prefix="gone-", dir=staging))
        with contextlib.suppress(FileNotFoundError):
            folder.rename(gone / folder.name)
        shutil.rmtree(gone, ignore_errors=True)
    except OSError as error:
        raise refused(folder, error) from error


def refuse_strangers(folder: Path, made: Mapping[str, tuple[int, str]]) -> None:
    """What no run of this ledger has made, in the place of a scene that is to be made, is not to be replaced.

    Args:
        folder: the scene's.
        made: what the ledger made of it; nothing is read, and an empty file, as a power cut leaves, is nobody's work.

    Raises:
        OutputError: there is such a thing.
    """
    if folder.is_symlink() or (folder.exists() and not (made and folder.is_dir())):
        raise OutputError(
            f"{folder} exists, and the ledger beside it did not make it; name another OUT, or move it away."
        )
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_dir():
            size, _ = made.get(file.relative_to(folder).as_posix(), (0, ""))
            if file.is_symlink() or file.stat().st_size not in (0, size):
                raise OutputError(
                    f"{file} is not as the ledger beside it knows it, and its scene is to be made anew; move it away."
                )


def _checksum(file: Path) -> tuple[int, str]:
    content = file.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()
