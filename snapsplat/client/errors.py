"""How a request may fail that is nobody's mistake; what is the caller's to mend is of `render/errors.py`."""

from render.errors import SnapsplatError


class ServiceError(SnapsplatError):
    """The service did not do it: no server there, no place in its queue, not in time, stopped by somebody.

    `reason` is what docs/protocol.md calls it; empty where no server of ours has spoken.
    """


class BrokenAnswerError(ServiceError):
    """What came back is not whole. It is asked for again; one that is seen outside was so each time."""
