"""How many jobs are held at a time, and how many bytes: waiting, running, or still being received."""

from collections.abc import Callable
from dataclasses import dataclass

from server.errors import QueueFullError, TooLargeError


@dataclass(eq=False)
class Place:
    """Room for one job."""

    places: "Places"
    """That it is one of."""
    size_bytes: int
    """Of the job's payload."""
    on_release: Callable[[], None] | None = None
    """Called when it has been given back."""

    def release(self) -> None:
        """Give it back, once.

        Raises:
            KeyError: it was given back before.
        """
        self.places.put_back(self)
        if self.on_release is not None:
            self.on_release()


class Places:
    """Taken before a body is read, so that what does not fit is refused at the cost of a header."""

    def __init__(self, max_jobs: int, max_bytes: int):
        self.max_jobs = max_jobs
        self.max_bytes = max_bytes
        self._taken: set[Place] = set()
        self.held_bytes = 0

    def __len__(self) -> int:
        """How many are taken."""
        return len(self._taken)

    def take(self, size_bytes: int) -> Place:
        """A place for a job of so many bytes.

        Raises:
            TooLargeError: no server that is empty would have room.
            QueueFullError: there is none now.
        """
        if size_bytes > self.max_bytes:
            raise TooLargeError(f"The request has {size_bytes} bytes; at most {self.max_bytes} are taken.")
        if len(self) >= self.max_jobs:
            raise QueueFullError(f"All {self.max_jobs} places are taken; try again later.")
        if self.held_bytes + size_bytes > self.max_bytes:
            raise QueueFullError(
                f"The request has {size_bytes} bytes, and {self.max_bytes - self.held_bytes} of {self.max_bytes} are "
                "free; try again later."
            )
        place = Place(self, size_bytes)
        self._taken.add(place)
        self.held_bytes += size_bytes
        return place

    def put_back(self, place: Place) -> None:
        """What `Place.release` does."""
        self._taken.remove(place)
        self.held_bytes -= place.size_bytes
