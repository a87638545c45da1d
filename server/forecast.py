"""What a batch will cost, by what batches have cost on this machine."""

from recon.cost import Load, Measured
from recon.cost_file import KeptCosts
from server.jobs import Shape


class LearnedForecast:
    """Fulfils `server.engine.Forecast`, and learns while the server runs."""

    def __init__(self, costs: KeptCosts):
        self._costs = costs

    def seconds(self, shape: Shape, jobs: int) -> float:
        """How long the device will be busy with it."""
        return self._costs.model(shape.model).seconds(_load(shape, jobs))

    def peak_bytes(self, shape: Shape, jobs: int) -> int:
        """Most memory of the device at a time, weights included."""
        return self._costs.model(shape.model).peak_bytes(_load(shape, jobs))

    def learn(self, shape: Shape, jobs: int, seconds: float, peak_bytes: int) -> None:
        """So many jobs took that."""
        self._costs.learn(shape.model, Measured(_load(shape, jobs), seconds, peak_bytes))

    def measured(self, model: str) -> int:
        """On how many batches its forecasts rest."""
        return self._costs.model(model).measured

    def save(self) -> None:
        """For the next server, and for `snapsplat plan`."""
        self._costs.save()


def _load(shape: Shape, jobs: int) -> Load:
    return Load(shape.views, *shape.size_wh, jobs)
