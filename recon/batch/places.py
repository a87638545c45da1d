"""Files where captures are: on this machine, or behind a URL of a kind that fsspec knows."""

import glob
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from render.errors import BackendError, InputError

REMOTE = "://"


@dataclass(frozen=True)
class InputFile:
    """One file of a capture, as it was when it was looked at."""

    place: str
    """Path or URL."""
    bytes: int
    stamp: str
    """Another one where the file was written anew: its time, or what the store says of its content."""

    @property
    def name(self) -> str:
        """Without folders."""
        return PurePosixPath(self.place).name if is_remote(self.place) else Path(self.place).name


def is_remote(place: str) -> bool:
    """Whether it is a URL."""
    return REMOTE in place


def read_file(place: str) -> bytes:
    """All of it.

    Raises:
        InputError: it cannot be read.
        BackendError: nothing installed knows such URLs.
    """
    try:
        return _remote(place)[0].cat_file(_remote(place)[1]) if is_remote(place) else Path(place).read_bytes()
    except OSError as error:
        raise InputError(f"{place} cannot be read ({error.strerror or error}).") from error


def look_at(place: str) -> InputFile:
    """Size and stamp of a file.

    Raises:
        InputError: there is none.
        BackendError: nothing installed knows such URLs.
    """
    try:
        if is_remote(place):
            system, path = _remote(place)
            return _found(place, system.info(path))
        facts = Path(place).stat()
        return InputFile(place, facts.st_size, str(facts.st_mtime_ns))
    except OSError as error:
        raise InputError(f"{place} cannot be looked at ({error.strerror or error}).") from error


def remote_files(folder: str) -> list[InputFile]:
    """The files directly in a folder behind a URL; of what is a file, itself.

    Raises:
        InputError: there is nothing.
        BackendError: nothing installed knows such URLs.
    """
    system, path = _remote(folder)
    try:
        listed = system.ls(path, detail=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be looked at ({error.strerror or error}).") from error
    return [_found(system.unstrip_protocol(one["name"]), one) for one in listed if one["type"] == "file"]


def folders_in(place: str) -> list[str]:
    """The folders that are captures: those that a glob matches, or those directly in a folder; hidden ones are not.

    Raises:
        InputError: the folder cannot be looked at.
        BackendError: nothing installed knows such URLs.
    """
    is_glob = glob.has_magic(place)
    try:
        if is_remote(place):
            system, path = _remote(place)
            found = system.glob(path, detail=True).values() if is_glob else system.ls(path, detail=True)
            names = [system.unstrip_protocol(one["name"].rstrip("/")) for one in found if one["type"] == "directory"]
        else:
            # Path.glob takes no absolute pattern.
            found = glob.glob(place, recursive=True) if is_glob else Path(place).iterdir()  # noqa: PTH207
            names = [str(path) for path in map(Path, found) if path.is_dir()]
    except OSError as error:
        raise InputError(f"{place} cannot be looked at ({error.strerror or error}).") from error
    return sorted(name for name in names if not PurePosixPath(name).name.startswith("."))


def _found(place: str, facts: dict[str, Any]) -> InputFile:
    told = next(
        (facts[key] for key in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "created") if key in facts), ""
    )
    return InputFile(place, int(facts.get("size") or 0), str(told))


def _remote(place: str) -> tuple[Any, str]:
    """The file system that knows a URL, and the path in it."""
    try:
        import fsspec.core

        return fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise BackendError(
            f"{place} is a URL that nothing installed can read ({error}); pip install -e '.[batch]', and the package "
            "of fsspec for such URLs (s3fs for s3://)."
        ) from error
