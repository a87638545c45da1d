"""Finished results on disk, found again after a restart: the oldest go when there are too many bytes of them.

A folder belongs to one server at a time. Results come into it, and leave it, by a rename: what a server that died left
half-written, or half-removed, has a name that begins with a dot. What has left is removed by a thread of its own: the
event loop has no time for a large folder.
"""

import contextlib
import logging
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from render.errors import FileFormatError, OutputError
from render.files.lock import locked
from server.caller import chosen
from server.config import ResultsConfig
from server.engine import Clock
from server.errors import UnknownRequestError
from server.stored import FILES, Result, read_manifest

LOCK = ".lock"

log = logging.getLogger(__name__)


class Results:
    """All calls come from one thread."""

    def __init__(self, folder: Path, config: ResultsConfig, clock: Clock = time.time):
        """`clock` gives seconds since 1970, which go on while no server runs.

        Raises:
            OutputError: the folder cannot be written, another server has it, or no server made what it holds.
        """
        self.folder = folder
        self._config = config
        self._clock = clock
        self._kept: dict[str, tuple[Result, Path]] = {}
        """By request id, the oldest first."""
        self.size_bytes = 0
        """Of all that can be found."""
        self._readers: Counter[Path] = Counter()
        self._leaving: set[Path] = set()
        """Out of the index, but somebody reads them."""
        self._removing = ThreadPoolExecutor(1, "removing")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._check_ours()
            self._lock = locked(folder / LOCK, f"{folder} is used by another server; each needs a folder of its own.")
            self._find_again()
        except OSError as error:
            raise OutputError(f"{folder} cannot be used for results ({error.strerror or error}).") from error

    def _check_ours(self) -> None:
        """What is no result is removed, so that a folder of somebody's own must never be taken for this."""
        there = sorted(path.name for path in self.folder.iterdir())
        if there and LOCK not in there:
            raise OutputError(
                f"{self.folder} holds {there[0]}, and no server has used it; name a new folder, an empty one, or one "
                "that a server has made."
            )

    def _find_again(self) -> None:
        found = []
        for path in self.folder.iterdir():
            if path.name == LOCK:
                continue
            try:
                if path.name.startswith("."):
                    raise FileFormatError(path, "was never finished.")
                found.append((read_manifest(path), path))
            except FileFormatError as error:
                log.warning("Removed: %s", error)
                self._remove(path)
        for result, path in sorted(found, key=lambda each: each[0].finished):
            self._put(result, path)
        self.sweep()

    def close(self) -> None:
        """Let another server have the folder, once all is gone that is to go."""
        self.settle()
        self._lock.close()

    def settle(self) -> None:
        """Wait until all is gone that has left: one goes after the other."""
        self._removing.submit(bool).result()

    def stage(self) -> Path:
        """A new folder, in whose `FILES` an engine writes; it is to be kept or discarded.

        Raises:
            OutputError: there is no room.
        """
        staging = None
        try:
            staging = Path(tempfile.mkdtemp(prefix=".", dir=self.folder))
            (staging / FILES).mkdir()
        except OSError as error:
            if staging is not None:
                self.discard(staging)
            raise OutputError(f"There is no room for a result ({error.strerror or error}).") from error
        return staging

    def discard(self, staging: Path) -> None:
        """Remove what was staged, whatever is in it."""
        self._removing.submit(_remove, staging)

    def keep(self, staging: Path, result: Result) -> None:
        """From now on what was staged, its manifest with it, is found, instead of any other of its id; older ones go
        where that makes too many bytes.

        Raises:
            OutputError: the disk is full.
        """
        path = staging.with_name(staging.name.removeprefix("."))
        try:
            staging.rename(path)
        except OSError as error:
            raise OutputError(f"The result cannot be kept ({error.strerror or error}).") from error
        self._put(result, path)
        self.sweep()

    def _put(self, result: Result, path: Path) -> None:
        self._drop(result.request_id)
        self._kept[result.request_id] = result, path
        self.size_bytes += result.size_bytes

    def find(self, request_id: str) -> Result | None:
        """The result of a request, if it is kept."""
        self.sweep()
        if request_id in self._kept and not self._kept[request_id][1].is_dir():
            # Removed by hand, to make room.
            self._forget(request_id)
        return self._kept[request_id][0] if request_id in self._kept else None

    @contextlib.contextmanager
    def reading(self, request_id: str) -> Iterator[tuple[Result, Path]]:
        """A result and the folder of its files, which stay there meanwhile.

        Raises:
            UnknownRequestError: it is not kept.
        """
        if self.find(request_id) is None:
            raise UnknownRequestError(chosen(request_id))
        result, path = self._kept[request_id]
        self._readers[path] += 1
        try:
            yield result, path / FILES
        finally:
            self._readers[path] -= 1
            if not self._readers[path]:
                del self._readers[path]
                if path in self._leaving:
                    self._leaving.remove(path)
                    self._remove(path)

    def sweep(self) -> None:
        """Drop what is too old, then the oldest while there are too many bytes; the newest stays."""
        too_old = self._clock() - self._config.keep_seconds
        for request_id in [name for name, (result, _) in self._kept.items() if result.finished < too_old]:
            self._drop(request_id)
        while len(self._kept) > 1 and self.size_bytes > self._config.max_bytes:
            self._drop(next(iter(self._kept)))

    def _forget(self, request_id: str) -> Path:
        result, path = self._kept.pop(request_id)
        self.size_bytes -= result.size_bytes
        return path

    def _drop(self, request_id: str) -> None:
        if request_id not in self._kept:
            return
        path = self._forget(request_id)
        if self._readers[path]:
            self._leaving.add(path)
        else:
            self._remove(path)

    def _remove(self, path: Path) -> None:
        """By way of a name that nobody takes for a result: a server may die half-way."""
        gone = path if path.name.startswith(".") else path.with_name(f".{path.name}")
        try:
            path.rename(gone)
        except OSError:
            # Who asks for another result is not to suffer.
            log.exception("%s cannot be removed.", path)
            return
        self._removing.submit(_remove, gone)


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        log.exception("%s cannot be removed.", path)
