"""Scenes that can run together, and how many of them at a time: as many as memory and a number of seconds allow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from recon.batch.todo import Todo
from recon.cost import Load, Measured


@runtime_checkable
class Costs(Protocol):
    """What a pack costs; `recon.cost_file.KeptCosts` learns it."""

    def model(self, name: str) -> "Forecasts":
        """Of one network."""
        ...

    def learn(self, name: str, measured: Measured) -> None:
        """A pack has run."""
        ...

    def save(self) -> None:
        """For the next run."""
        ...


@runtime_checkable
class Forecasts(Protocol):
    """See `recon.cost.CostModel`."""

    def seconds(self, load: Load) -> float:
        """That the device will be busy."""
        ...

    def peak_bytes(self, load: Load) -> int:
        """Most memory that it will need."""
        ...


@dataclass(frozen=True)
class Pack:
    """What one worker gets at a time: scenes of one network, seed, number of photos and grid."""

    scenes: tuple[Todo, ...]

    @property
    def model(self) -> str:
        """Name of the network, by which costs go."""
        return self.scenes[0].scene.options.model

    @property
    def load(self) -> Load:
        """All of it."""
        return replace(self.scenes[0].load, scenes=len(self.scenes))


class Packs:
    """Hands out what is still to be done, the dearest first: what is cheap fills the end of the run evenly."""

    def __init__(self, todo: Sequence[Todo], costs: Costs, batch_seconds: float, most_bytes: int, workers: int = 1):
        self._costs = costs
        self._batch_seconds = batch_seconds
        self._most_bytes = most_bytes
        self._workers = workers
        self._seconds_left = sum(self._alone(one) for one in todo)
        groups: dict[tuple[object, ...], list[Todo]] = {}
        for one in todo:
            groups.setdefault(_group(one), []).append(one)
        # Scenes of one network stay together, since a worker holds one at a time.
        self._groups = sorted(groups.values(), key=self._rank)

    def __len__(self) -> int:
        """Scenes left."""
        return sum(map(len, self._groups))

    def next(self) -> Pack | None:
        """Taken from the front, by what costs are known to be now."""
        if not self._groups:
            return None
        group = self._groups[0]
        count = 1
        while count < len(group) and self._fits(group[: count + 1]):
            count += 1
        pack = Pack(tuple(group[:count]))
        self._seconds_left -= sum(map(self._alone, pack.scenes))
        del group[:count]
        if not group:
            del self._groups[0]
        return pack

    def ran_out(self, pack: Pack) -> None:
        """Its device's memory did not do: no pack that is forecast to need as much is made again."""
        half = replace(pack.load, scenes=max(1, len(pack.scenes) // 2))
        self._most_bytes = min(self._most_bytes, self._costs.model(pack.model).peak_bytes(half))

    def _fits(self, scenes: Sequence[Todo]) -> bool:
        pack = Pack(tuple(scenes))
        cost = self._costs.model(pack.model)
        fits = cost.seconds(pack.load) <= self._batch_seconds and cost.peak_bytes(pack.load) <= self._most_bytes
        if self._workers == 1:
            return fits
        # Several workers share what is left: none is to have so much of it that the others wait for it at the end. As
        # if each ran alone, like the sum that they are a share of: what packing saves is no reason to take more.
        return fits and sum(map(self._alone, scenes)) <= self._seconds_left / (2 * self._workers)

    def _alone(self, one: Todo) -> float:
        return self._costs.model(one.scene.options.model).seconds(one.load)

    def _rank(self, group: list[Todo]) -> tuple[str, float, str]:
        options = group[0].scene.options
        return repr(options.config.network), -self._alone(group[0]), group[0].scene.id


def _group(one: Todo) -> tuple[object, ...]:
    config = one.scene.options.config
    return config.network, one.scene.options.model, config.seed, len(one.inputs.photos), one.grid_wh
