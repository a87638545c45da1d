"""What an engine of the service gets for a job, and gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from server.jobs import Shape
from server.offer import Offer
from server.pb import camera_pb2, result_pb2
from server.request import Request
from server.upload import ReceivedImage


@dataclass(frozen=True, eq=False)
class Work:
    """The payload of a `server.jobs.Job`."""

    request: Request
    images: tuple[ReceivedImage, ...]
    folder: Path
    """Where the files go that were asked for, by their names in the output folder; others there are removed. It is
    there until the job has been given back, or its batch has ended. A full disk is no failure of the engine: the job's
    answer is an OutputError then."""
    tell: Callable[[result_pb2.ResultEvent], None]
    """Tells whoever listens how it goes: progress, cameras. May be called until the job's answer is there."""

    @property
    def scratch(self) -> Path:
        """Beside `folder`, for what an engine needs meanwhile; it is to be gone when the job is answered."""
        return self.folder.with_name("scratch")


@dataclass(frozen=True, eq=False)
class Outcome:
    """The answer for a job that went well; of one that did not, it is the error."""

    cameras: camera_pb2.Cameras
    summary: result_pb2.Summary
    """All but `seconds` and `queued_seconds`."""


@runtime_checkable
class Workshop(Protocol):
    """What the engines of a server have in common."""

    offer: Offer

    async def shape(self, request: Request, images: Sequence[ReceivedImage]) -> Shape:
        """What the request may run with, from the headers of its photos.

        Raises:
            PhotoError: a photo cannot be read, or has too many pixels; `file` is its name.
        """
        ...
