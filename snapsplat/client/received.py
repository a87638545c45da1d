"""Events of a request -> files in a folder, held against what their headers say."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from server.pb import camera_pb2, result_pb2
from snapsplat.client.errors import BrokenAnswerError

DEEPEST = 4
"""Parts of a file's name at most: colmap/sparse/0/cameras.bin."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of a request beside its files; the messages' fields stand in proto/snapsplat/v1/."""

    request_id: str
    """For `render`, while the server keeps the result."""
    files: tuple[str, ...]
    """Names in the output folder, in the order in which they came."""
    cameras: camera_pb2.Cameras
    summary: result_pb2.Summary
    warnings: tuple[str, ...]
    """Sentences, of the server and of this client."""


@dataclass(eq=False)
class Listener:
    """Tells a caller how it goes; what is heard again after a stream broke is told once."""

    progress: Callable[[str], None] | None = None
    """Called with the name of each stage when it is done."""
    queued: Callable[[int, float], None] | None = None
    """Called with how many requests are before this one, and the seconds that it will probably wait."""
    _told: set[str] = field(default_factory=set)

    def hear(self, event: result_pb2.ResultEvent) -> None:
        """Pass on what is for the caller."""
        if event.HasField("queued") and self.queued is not None:
            self.queued(event.queued.position, event.queued.expected_wait_seconds)
        if event.HasField("progress") and self.progress is not None and event.progress.stage not in self._told:
            self._told.add(event.progress.stage)
            self.progress(event.progress.stage)


class Receiver:
    """Takes the events of one call, from the first to the last."""

    def __init__(self, folder: Path, kinds: Sequence[str]):
        """`folder` is emptied first; `kinds` are those that were asked for."""
        self._folder = folder
        self._kinds = kinds
        self._cameras: camera_pb2.Cameras | None = None
        self._summary: result_pb2.Summary | None = None
        self._files: list[result_pb2.FileHeader] = []
        self._opened: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._offset = 0
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def close(self) -> None:
        """Let go of a file that is half there."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def take(self, event: result_pb2.ResultEvent) -> None:
        """The next event.

        Raises:
            BrokenAnswerError: it does not fit to those before; OSError: a file cannot be written.
        """
        match event.WhichOneof("event"):
            case "cameras":
                self._cameras = event.cameras
            case "file":
                self._begin(event.file)
            case "chunk":
                self._go_on(event.chunk)
            case "summary":
                self._summary = event.summary

    def answer(self, request_id: str, warnings: Sequence[str]) -> Answer:
        """All of it, once the call has ended well.

        Raises:
            BrokenAnswerError: something is missing.
        """
        missing = set(self._kinds) - {file.kind for file in self._files}
        if self._opened is not None or self._cameras is None or self._summary is None or missing:
            what = f"without {', '.join(sorted(missing))}" if missing else "too early"
            raise BrokenAnswerError(f"The server's answer ended {what}.")
        files = tuple(file.name for file in self._files)
        return Answer(request_id, files, self._cameras, self._summary, (*warnings, *self._summary.warnings))

    def _begin(self, file: result_pb2.FileHeader) -> None:
        name = PurePosixPath(file.name)
        # A name is the server's word: it may lead nowhere but where its kind belongs.
        inside = str(name) == file.name and ".." not in name.parts and len(name.parts) <= DEEPEST
        inside &= file.name.isprintable() and "\\" not in file.name
        if not (inside and file.kind in self._kinds and name.parts[:1] == (file.kind,)):
            raise BrokenAnswerError(f"The server sends a file {file.name!r} of kind {file.kind!r}; none was asked for.")
        if self._opened is not None or any(file.name == other.name for other in self._files):
            raise BrokenAnswerError(f"The server begins {file.name} out of its turn.")
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._files.append(file)
        self._opened, self._hash, self._offset = path.open("wb"), hashlib.sha256(), 0
        self._end_if_whole()

    def _go_on(self, chunk: result_pb2.FileChunk) -> None:
        file = self._files[-1] if self._opened is not None else result_pb2.FileHeader()
        fits = chunk.name == file.name and chunk.offset_bytes == self._offset
        if self._opened is None or not fits or self._offset + len(chunk.content) > file.size_bytes:
            raise BrokenAnswerError(f"The server sends bytes of {chunk.name} out of their turn.")
        self._opened.write(chunk.content)
        self._hash.update(chunk.content)
        self._offset += len(chunk.content)
        self._end_if_whole()

    def _end_if_whole(self) -> None:
        file = self._files[-1]
        if self._offset < file.size_bytes:
            return
        self.close()
        if self._hash.digest() != file.sha256:
            raise BrokenAnswerError(f"{file.name} did not arrive as it was sent.")
