"""What to do after a call has failed: give up, send the request again, or ask for its result. Does nothing by itself.

Every try has the same request id, so nothing runs twice: a server that has the request lets the call join it.
"""

import random
import time
from collections.abc import Callable, Sequence

from grpc import StatusCode

from snapsplat.client.refusal import Refusal, error_of

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0
"""Doubled each time; of each, a random share from a half up, so that clients that failed together come back apart."""
FAILURES = 10
"""So many in a row end it, with nothing heard in between: some 40 seconds."""
FEW_FAILURES = 4
"""As above, of a server from which nothing was ever heard: more probably none is there. And of an upload that does not
arrive as it was announced: more probably a file has changed meanwhile."""

BROKEN = frozenset(
    {
        StatusCode.UNAVAILABLE,
        StatusCode.INTERNAL,
        StatusCode.UNKNOWN,
        StatusCode.ABORTED,
        StatusCode.CANCELLED,
        StatusCode.DATA_LOSS,
    }
)
"""Codes with which a call ends that broke on its way, if no server of ours has given a reason."""
UPLOAD = frozenset({"UPLOAD_INCOMPLETE", "CHECKSUM_MISMATCH"})
SEND_AGAIN = frozenset({"QUEUE_FULL", "DRAINING", *UPLOAD})
"""Reasons for which the request is sent again after a pause."""


class Retries:
    """Of one request."""

    def __init__(
        self, seconds: float, clock: Callable[[], float] = time.monotonic, chance: random.Random | None = None
    ):
        """`seconds` are for all tries together."""
        self.sending = True
        """Whether the next call sends the request; otherwise it asks for the result of what was sent."""
        self._clock = clock
        self._until = clock() + seconds
        self._chance = chance or random.Random()
        self._heard = False
        self._failures = 0
        self._pauses = 0

    @property
    def seconds_left(self) -> float:
        """0 or more."""
        return max(0.0, self._until - self._clock())

    def went_on(self) -> None:
        """Something came of the request: whatever fails from now on is a new failure."""
        self._heard = True
        self._failures = self._pauses = 0

    def pause_after(self, refusal: Refusal, names: Sequence[str] = ()) -> float:
        """For how many seconds to wait before the next call; `sending` says which that is.

        Raises:
            SnapsplatError: there is nothing to be gained by another, or no time left for it.
        """
        self._heard |= bool(refusal.reason)
        if refusal.reason == "REQUEST_UNKNOWN" and not self.sending:
            self.sending = True
            return 0.0
        broken = not refusal.reason and refusal.code in BROKEN
        told_when = refusal.reason == "PRINCIPAL_LIMIT" and refusal.retry_seconds is not None
        if not (broken or told_when or refusal.reason in SEND_AGAIN):
            raise error_of(refusal, names)
        self.sending = not broken
        # A full queue is no failure, nor is a share that is used up: they are waited for as long as there is time.
        self._failures += not told_when and refusal.reason != "QUEUE_FULL"
        pause = min(FIRST_PAUSE_SECONDS * 2**self._pauses, LONGEST_PAUSE_SECONDS) * self._chance.uniform(0.5, 1)
        self._pauses += 1
        if told_when:
            pause = max(pause, refusal.retry_seconds or 0.0)
        most = FAILURES if self._heard and refusal.reason not in UPLOAD else FEW_FAILURES
        if self._failures >= most or pause >= self.seconds_left:
            raise error_of(refusal, names)
        return pause
