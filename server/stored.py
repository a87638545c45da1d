"""One finished result as a folder: its files, and `result.json`, which says what they are."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from render.errors import FileFormatError, OutputError

MANIFEST = "result.json"
FILES = "files"
"""The folder inside, in which an engine writes."""


@dataclass(frozen=True)
class StoredFile:
    """One file of a result."""

    name: str
    """Path in the output folder: `depth/0001.jpg.npy`."""
    kind: str
    """What it was asked for as: `depth`."""
    size_bytes: int
    sha256: str
    """Of its content, 64 hexadecimal digits."""


@dataclass(frozen=True)
class Result:
    """Everything that a client is sent of a finished request."""

    request_id: str
    """As `server.caller.claim` has it."""
    fingerprint: str
    """Of the request's header."""
    finished: float
    """Seconds since 1970."""
    cameras: str
    """A message for the client; only who sends it knows what it says."""
    summary: str
    """As `cameras`."""
    files: tuple[StoredFile, ...]
    """In the order in which they are sent."""

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)


def stored_files(folder: Path, kinds: Sequence[str]) -> tuple[StoredFile, ...]:
    """The files in `folder`, which an engine wrote, in the order of `kinds`; those of other kinds are removed.

    A kind is the name of a file, or of the folder that holds it. Reads every file, so it takes a while.

    Raises:
        OutputError: a kind is missing, or the disk fails.
    """
    found: dict[str, list[StoredFile]] = {kind: [] for kind in kinds}
    try:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder)
            if name.parts[0] not in found:
                path.unlink()
                continue
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[name.parts[0]].append(StoredFile(name.as_posix(), name.parts[0], path.stat().st_size, digest))
    except OSError as error:
        raise OutputError(f"The result cannot be read back ({error.strerror or error}).") from error
    missing = [kind for kind, files in found.items() if not files]
    if missing:
        raise OutputError(f"The engine wrote no {missing[0]}, and was asked for it.")
    return tuple(file for files in found.values() for file in files)


def write_manifest(folder: Path, result: Result) -> None:
    """Put it beside the result's files.

    Raises:
        OutputError: the disk is full.
    """
    try:
        (folder / MANIFEST).write_text(json.dumps(asdict(result)))
    except OSError as error:
        raise OutputError(f"The result cannot be kept ({error.strerror or error}).") from error


def read_manifest(folder: Path) -> Result:
    """What a folder holds, if it holds what it says.

    Raises:
        FileFormatError: it does not.
    """
    try:
        fields = json.loads((folder / MANIFEST).read_text())
        files = tuple(StoredFile(**file) for file in fields.pop("files"))
        result = Result(**fields, files=files)
        right = all((folder / FILES / file.name).stat().st_size == file.size_bytes for file in files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FileFormatError(folder, f"is no result ({error}).") from error
    if not right:
        raise FileFormatError(folder, "is no result: a file has another size than it had.")
    return result
