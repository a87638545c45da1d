"""Gives packs to workers, puts what they made in its place, and writes down how each scene went."""

import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recon.batch.crew import Crew, Lost
from recon.batch.fleet import Worker
from recon.batch.folders import put_in_place, remove
from recon.batch.ledger import DISK_FULL, Entry, Ledger, kind_of
from recon.batch.messages import Message, PackEnded, PackOrder, SceneFailed, SceneMade, SceneOrder
from recon.batch.packs import Costs, Pack, Packs
from recon.batch.todo import Agenda, Todo, new_entry
from recon.cost import Measured
from render.errors import OutputError

SAVE_SECONDS = 60.0
"""What was learned of costs in so long may be lost."""
SLOTS = 3
"""Packs that a worker has: one is read, one runs, one is written."""

log = logging.getLogger("recon.batch")


@dataclass
class Tally:
    """How far a run is."""

    total: int
    """Scenes that were to be made."""
    cost_total: float
    """Seconds of a device, as forecast."""
    done: int = 0
    failed: int = 0
    cost_ended: float = 0.0
    since: float = 0.0
    """By `time.monotonic`."""

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.since

    @property
    def seconds_left(self) -> float | None:
        """By what those that have ended took; None before any has."""
        return self.seconds * (self.cost_total / self.cost_ended - 1) if self.cost_ended else None


Watch = Callable[[Entry, Tally], None]
"""Called when a scene has ended."""


class Runner:
    """One run over one ledger."""

    def __init__(
        self, out: Path, staging: Path, ledger: Ledger, agenda: Agenda, packs: Packs, costs: Costs, watch: Watch
    ):
        """`staging` is a folder in `out` that is this run's alone; `packs` are of the agenda's scenes."""
        self._out = out
        self._staging = staging
        self._ledger = ledger
        self._packs = packs
        self._costs = costs
        self._watch = watch
        self._numbers = itertools.count()
        self._running: dict[int, Pack] = {}
        self._open: dict[str, tuple[Todo, Entry]] = {}
        self._suspects: list[Todo] = []
        self._saved = time.monotonic()
        self._tried_alone: set[str] = set()
        self._agenda = agenda
        # As it is known now: what is left is told by the share of these that has ended.
        self._forecast = {one.scene.id: costs.model(one.scene.options.model).seconds(one.load) for one in agenda.todo}
        scenes = len(agenda.todo) + len(agenda.refused)
        self.tally = Tally(scenes, sum(self._forecast.values(), 0.0), since=time.monotonic())

    @property
    def to_make(self) -> int:
        """Scenes that need a worker."""
        return len(self._forecast)

    def run(self, crew: Crew) -> None:
        """Until every scene has ended.

        Raises:
            OutputError: the ledger cannot be written, or the disk is full.
            BackendError: no worker can work here.
        """
        for entry in self._agenda.refused:
            self._drop_outdated(entry.id)
            self._count(replace(entry, ended_at=time.time()))
        while self._packs or self._suspects or self._running:
            self._feed(crew)
            for event in crew.hear():
                self._take(event)

    def forecast_seconds(self, orders: Sequence[PackOrder]) -> float:
        """How long a worker should take for what it has."""
        packs = [self._running[order.number] for order in orders]
        return sum((self._costs.model(pack.model).seconds(pack.load) for pack in packs), 0.0)

    def _feed(self, crew: Crew) -> None:
        # In turns, since the first packs are the largest.
        for slot, worker in itertools.product(range(SLOTS), crew.workers):
            free = worker.ready and not worker.alone and len(worker.packs) <= slot
            if free and (pack := self._packs.next()):
                self._begin(worker, pack)
        for worker in crew.workers:
            # Who was there when a worker died is tried again when all others are through, and by itself.
            if worker.ready and not worker.packs and self._suspects:
                worker.alone = True
                todo = self._suspects.pop()
                self._tried_alone.add(todo.scene.id)
                self._begin(worker, Pack((todo,)))

    def _begin(self, worker: Worker, pack: Pack) -> None:
        number = next(self._numbers)
        orders, entries = [], []
        for todo in pack.scenes:
            id = todo.scene.id
            self._drop_outdated(id)
            staged = self._staging / f"{number}-{id}"
            entry = new_entry(todo.scene, todo.inputs, self._attempt(todo))
            entry = replace(entry, state="running", grid="{}x{}".format(*todo.grid_wh))
            self._open[id] = todo, entry
            entries.append(entry)
            size = todo.scene.options.config.size
            orders.append(SceneOrder(id, todo.inputs.photos, todo.inputs.cameras, size, staged))
        self._ledger.put(*entries)
        self._running[number] = pack
        config = pack.scenes[0].scene.options.config
        worker.give(PackOrder(number, config.network, config.seed, tuple(orders)))

    def _drop_outdated(self, id: str) -> None:
        """Made of other files or options: it is not to be taken for the new one, should that fail."""
        if id in self._agenda.made:
            remove(self._out / id, self._staging)

    def _attempt(self, todo: Todo) -> int:
        return todo.attempt + 1 + (todo.scene.id in self._tried_alone)

    def _take(self, event: Message | Lost) -> None:
        if isinstance(event, SceneMade):
            self._made(event)
        elif isinstance(event, SceneFailed):
            if event.trace:
                log.error("%s: %s\n%s", event.id, event.sentence, event.trace)
            self._fail(event.id, event.kind, event.sentence)
        elif isinstance(event, PackEnded):
            self._pack_ended(event)
        elif isinstance(event, Lost):
            self._lost(event)

    def _made(self, made: SceneMade) -> None:
        todo, entry = self._open[made.id]
        files = [(f.name, f.bytes, f.stamp, sha256) for f, sha256 in zip(todo.inputs.files, made.sha256, strict=True)]
        staged = f"{self._staging.name}/{made.pack}-{made.id}"
        entry = entry.made_of(files, made.outputs, staged)
        entry = replace(
            entry, seconds=made.seconds, peak_bytes=made.peak_bytes, quality=made.quality, verdict=made.verdict
        )
        # Written down first: whoever finds the files whole, here or there, knows that they are.
        self._ledger.put(entry)
        try:
            put_in_place(self._out / staged, self._out / made.id)
        except OutputError as error:
            self._fail(made.id, kind_of(error), str(error))
            return
        self._end(replace(entry, state="done", staged=None, ended_at=time.time()))

    def _fail(self, id: str, kind: str, sentence: str) -> None:
        _, entry = self._open[id]
        self._end(replace(entry.failed(kind, sentence), ended_at=time.time()))
        if kind == DISK_FULL:
            # All others would fail of it as well.
            raise OutputError(f"{sentence} What is done is kept, and the same command goes on from there.")

    def _end(self, entry: Entry) -> None:
        del self._open[entry.id]
        self.tally.cost_ended += self._forecast[entry.id]
        self._count(entry)

    def _count(self, entry: Entry) -> None:
        self._ledger.put(entry)
        self.tally.done += entry.state == "done"
        self.tally.failed += entry.state == "failed"
        self._watch(entry, self.tally)

    def _pack_ended(self, ended: PackEnded) -> None:
        pack = self._running.pop(ended.pack)
        if ended.ran_out:
            self._packs.ran_out(pack)
        elif ended.ran:
            load = replace(pack.load, scenes=ended.ran)
            self._costs.learn(pack.model, Measured(load, ended.seconds, ended.peak_bytes))
            if time.monotonic() > self._saved + SAVE_SECONDS:
                self._saved = time.monotonic()
                self._costs.save()

    def _lost(self, lost: Lost) -> None:
        for order in lost.packs:
            del self._running[order.number]
            for id in [scene.id for scene in order.scenes if scene.id in self._open]:
                if id in self._tried_alone:
                    sentence = f"Its worker died twice, the second time with this scene alone ({lost.how})."
                    self._fail(id, "WorkerDied", sentence)
                else:
                    todo, _ = self._open.pop(id)
                    self._suspects.append(todo)
