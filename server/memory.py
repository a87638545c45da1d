"""How much memory of the device a batch may be forecast to need: all there is, less what was learned by running out."""

from server.engine import Clock


class Ceiling:
    """Falls when memory runs out, and rises again by itself: who else was on the device may have left."""

    def __init__(self, device_bytes: int, half_life_seconds: float, clock: Clock):
        """In `half_life_seconds`, half of what was learned is forgotten."""
        self.device_bytes = device_bytes
        self._half_life_seconds = half_life_seconds
        self._clock = clock
        self._missing_bytes = 0.0
        self._learned_at = clock()

    @property
    def now_bytes(self) -> int:
        """What may be needed at this time."""
        forgotten = 0.5 ** ((self._clock() - self._learned_at) / self._half_life_seconds)
        return self.device_bytes - round(self._missing_bytes * forgotten)

    def lower(self, to_bytes: int) -> None:
        """Nothing that needs more than this is to be tried for now."""
        self._missing_bytes = float(self.device_bytes - min(to_bytes, self.now_bytes))
        self._learned_at = self._clock()
