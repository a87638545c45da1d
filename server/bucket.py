"""A limit on a rate that lets bursts pass: a minute's worth may come at once, after a minute without any."""

from server.engine import Clock

SECONDS = 60.0


class Bucket:
    """Fills by itself, and what comes takes out of it."""

    def __init__(self, per_minute: int, clock: Clock):
        self.per_minute = per_minute
        self._clock = clock
        self._level = float(per_minute)
        self._filled = clock()

    def wait_seconds(self, amount: int) -> float:
        """Until there is so much in it; 0 if there is now.

        Raises:
            ValueError: it never holds as much.
        """
        if amount > self.per_minute:
            raise ValueError(f"{amount} are asked of a bucket that holds {self.per_minute} at most.")
        return max(0.0, (amount - self.level) * SECONDS / self.per_minute)

    def take(self, amount: int) -> None:
        """What is not there is owed."""
        self._level = self.level - amount
        self._filled = self._clock()

    @property
    def level(self) -> float:
        """How much is in it."""
        since = self._clock() - self._filled
        return min(float(self.per_minute), self._level + since * self.per_minute / SECONDS)
