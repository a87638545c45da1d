"""What a batch will cost, by what batches have cost on this machine."""

import asyncio
import threading

from recon.cost import Load, Measured
from recon.cost_file import KeptCosts
from server.jobs import Shape

SAVE_SECONDS = 60.0
"""What was learned in so long may be lost."""


class LearnedForecast:
    """Fulfils `server.engine.Forecast`, and learns while the server runs."""

    def __init__(self, costs: KeptCosts):
        self._costs = costs
        self._unsaved = 0
        self._saving = threading.Lock()

    def seconds(self, shape: Shape, jobs: int) -> float:
        """How long the device will be busy with it, and the camera solvers, which may be beside it."""
        return self._costs.model(shape.model).seconds(_load(shape, jobs))

    def peak_bytes(self, shape: Shape, jobs: int) -> int:
        """Most memory of the device at a time, weights included."""
        return self._costs.model(shape.model).peak_bytes(_load(shape, jobs))

    def learn(self, shape: Shape, jobs: int, seconds: float, peak_bytes: int) -> None:
        """So many jobs took that."""
        self._costs.learn(shape.model, Measured(_load(shape, jobs), seconds, peak_bytes))
        self._unsaved += 1

    def measured(self, model: str) -> int:
        """On how many batches its forecasts rest."""
        return self._costs.model(model).measured

    def save(self) -> None:
        """For the next server, and for `snapsplat plan`."""
        with self._saving:
            self._unsaved = 0
            self._costs.save()

    async def keep_saving(self) -> None:
        """Until cancelled, so that little is lost where the server does not end as it should; a thread writes."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            if self._unsaved:
                await asyncio.to_thread(self.save)


def _load(shape: Shape, jobs: int) -> Load:
    return Load(shape.views, *shape.size_wh, jobs)
