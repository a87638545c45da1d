"""Files where captures are: on this machine, or behind a URL of a kind that fsspec knows."""

import contextlib
import glob
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from recon.images import SUFFIXES, NotThereError
from render.errors import BackendError, ConfigError, InputError, SnapsplatError

REMOTE = "://"
HTTP = ("http://", "https://")
"""Beginnings of URLs behind which nothing can be listed."""
STAMPS = (
    "ETag", "etag", "md5Hash", "Content-MD5", "sha", "mtime", "LastModified", "last_modified", "Last-Modified",
    "created",
)  # fmt: skip
"""What stores call what changes with a file."""


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
        return _name(self.place)


def is_remote(place: str) -> bool:
    """Whether it is a URL."""
    return REMOTE in place


def check_place(place: str) -> None:
    """That it could be a path or a URL at all.

    Raises:
        ConfigError: it has a character that none has.
    """
    try:
        fits = "\0" not in place and bool(place.encode() if is_remote(place) else os.fsencode(place))
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise ConfigError(f"{place!r} has a character that no path and no URL has; a path or a URL is expected.")


def read_file(place: str) -> bytes:
    """All of it.

    Raises:
        InputError: it cannot be read.
        BackendError: nothing installed knows such URLs.
    """
    with _told(place, "read"):
        if not is_remote(place):
            return Path(place).read_bytes()
        system, path = _remote(place)
        return system.cat_file(path)


def look_at(place: str) -> InputFile:
    """Size and stamp of a file.

    Raises:
        InputError: there is none.
        BackendError: nothing installed knows such URLs.
    """
    with _told(place, "looked at"):
        if not is_remote(place):
            facts = Path(place).stat()
            return InputFile(place, facts.st_size, str(facts.st_mtime_ns))
        system, path = _remote(place)
        return _found(place, system.info(path))


def remote_photos(place: str) -> list[InputFile]:
    """What counts as a photo directly in a folder behind a URL; of what is a file, itself.

    Raises:
        InputError: there is nothing, or no knowing what there is.
        BackendError: nothing installed knows such URLs.
    """
    if place.startswith(HTTP):
        if not _is_photo(_name(place)):
            raise InputError(
                f"{place} has no name of a photo, and a web server does not say what a folder holds; name each photo, "
                f"which ends in {', '.join(sorted(SUFFIXES))}."
            )
        return [look_at(place)]
    with _told(place, "looked at"):
        system, path = _remote(place)
        listed = [
            one for one in system.ls(path, detail=True) if one["type"] == "file" and _is_photo(_name(one["name"]))
        ]
        return [_found(system.unstrip_protocol(one["name"]), one) for one in listed]


def folders_in(place: str) -> list[str]:
    """The folders that are captures: those that a glob matches, or those directly in a folder; hidden ones are not.

    Raises:
        InputError: the folder cannot be looked at.
        BackendError: nothing installed knows such URLs.
    """
    is_glob = glob.has_magic(place) and not Path(place).is_dir()
    if place.startswith(HTTP):
        raise InputError(
            f"{place} is no manifest, and a web server does not say which folders it has; write a manifest."
        )
    with _told(place, "looked at"):
        if is_remote(place):
            system, path = _remote(place)
            found = system.glob(path, detail=True).values() if is_glob else system.ls(path, detail=True)
            names = [system.unstrip_protocol(one["name"].rstrip("/")) for one in found if one["type"] == "directory"]
        else:
            # Path.glob takes no absolute pattern.
            found = glob.glob(place, recursive=True) if is_glob else Path(place).iterdir()  # noqa: PTH207
            names = [str(path) for path in map(Path, found) if path.is_dir()]
    return sorted(name for name in names if not PurePosixPath(name).name.startswith("."))


def _name(place: str) -> str:
    """Without folders."""
    if place.startswith(HTTP):
        return PurePosixPath(urlsplit(place).path).name
    return PurePosixPath(place).name if is_remote(place) else Path(place).name


def _is_photo(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def _found(place: str, facts: dict[str, Any]) -> InputFile:
    stamp = next((facts[key] for key in STAMPS if facts.get(key)), None)
    if stamp is None or facts.get("size") is None:
        # Who stores it does not say whether it has changed.
        content = read_file(place)
        return InputFile(place, len(content), hashlib.sha256(content).hexdigest())
    return InputFile(place, int(facts["size"]), str(stamp))


@contextlib.contextmanager
def _told(place: str, done: str) -> Iterator[None]:
    """What goes wrong, in a sentence.

    Raises:
        NotThereError: something did.
    """
    try:
        yield
    except SnapsplatError:
        raise
    except Exception as error:
        # Each store has errors of its own.
        if not is_remote(place) and not isinstance(error, OSError):
            raise
        why = (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"
        raise NotThereError(f"{place} cannot be {done} ({why}).") from error


def _remote(place: str) -> tuple[Any, str]:
    """The file system that knows a URL, and the path in it."""
    try:
        import fsspec.core

        return fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise BackendError(
            f"{place} is a URL that nothing installed can read ({error}); pip install -e '.[batch]', and the package "
            "of fsspec for such URLs (s3fs for s3://, aiohttp for https://)."
        ) from error
