"""What happens in a server that somebody may want to know of: logs, metrics and traces are made of these.

Who tells knows none of them: it calls a `Watch`, in the call or the task that it happens in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Accepted:
    """All files of a request are there, and it is in the queue."""

    photos: int
    size_bytes: int


@dataclass(frozen=True)
class CallBegan:
    """A call of the service, refused ones included."""

    method: str
    """`Reconstruct`, ..."""


@dataclass(frozen=True)
class CallEnded:
    """A call of the service, refused ones included."""

    method: str
    """`Reconstruct`, ..."""
    code: str
    """`OK`, or as in docs/protocol.md."""
    reason: str
    """As in docs/protocol.md; empty where there is none."""
    message: str
    seconds: float
    received_bytes: int
    sent_bytes: int


@dataclass(frozen=True)
class QueueChanged:
    """Or may have."""

    waiting: int
    """Jobs that no engine has."""


@dataclass(frozen=True)
class BatchBegan:
    """An engine was given jobs."""

    jobs: tuple[str, ...]
    """Ids."""
    cost_seconds: float
    """As forecast, of the device and then of the camera solvers."""
    waited_seconds: tuple[float, ...]
    """Of each job, since it came."""


@dataclass(frozen=True)
class BatchEnded:
    """The engine is done with it."""

    jobs: tuple[str, ...]
    """As in `BatchBegan`."""
    seconds: float
    failure: str
    """Class of the error that ended it; empty where it went well."""


@dataclass(frozen=True)
class JobEnded:
    """An accepted request has ended, whether or not anybody listens."""

    reason: str
    """`OK`, or as in docs/protocol.md."""
    seconds: float
    """Since it was accepted."""
    stages: Mapping[str, float]
    """Seconds of each, in order; empty where it failed."""


@dataclass(frozen=True)
class WorkerReplaced:
    """A worker had failed, and there is a new one."""


@dataclass(frozen=True)
class Draining:
    """The server takes nothing new."""

    requests: int
    """That are on their way."""


Event = Accepted | CallBegan | CallEnded | QueueChanged | BatchBegan | BatchEnded | JobEnded | WorkerReplaced | Draining
Watch = Callable[[Event], None]
"""Must be quick, and must not raise."""


def unwatched(_event: Event) -> None:
    """Nobody wants to know."""


def both(first: Watch, second: Watch) -> Watch:
    """Tells two."""

    def tell(event: Event) -> None:
        first(event)
        second(event)

    return tell
