"""A worker's scheduling, with an engine whose parts are let go by hand: what goes on while cameras are solved."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from recon.network.cameras.hypotheses import Solved
from render.errors import ReconstructionError
from render.files.cameras_json import CamerasFile
from server.errors import EngineError, OutOfMemoryError
from server.messages import (
    BatchEnded,
    BatchOrder,
    HangUp,
    JobsEnded,
    Message,
    SceneAnswer,
    SceneOrder,
    StageDone,
    receive,
    send,
)
from server.networks import Networks
from server.solvers import AtOnce
from server.worker import Worker

SECONDS = 60.0
"""How long anything may take before a test fails; nothing is to be waited for."""
LINES: list[Connection] = []
"""Kept open: a worker goes on to the end of its process, and would say that nobody hears it."""


class Memory:
    """Of a device that has 100 bytes of weights; a look needs 40 and leaves 7, a build needs 50 and takes them away."""

    def __init__(self) -> None:
        self.now_bytes = self.bytes = 100

    def restart(self) -> None:
        self.bytes = self.now_bytes

    def does(self, part: str) -> None:
        need_bytes, leave_bytes = {"look": (40, 7), "build": (50, -7)}[part]
        self.bytes = max(self.bytes, self.now_bytes + need_bytes)
        self.now_bytes += leave_bytes


class Engine:
    """Notes what its device does; a scene's views are its job's name, and so is its question."""

    def __init__(self) -> None:
        self.did: list[tuple[str, str]] = []
        self.fails: dict[tuple[str, str], Exception] = {}
        self.memory = Memory()

    def does(self, part: str, scenes: Sequence[str]) -> None:
        for scene in scenes:
            if part != "solve":
                self.memory.does(part)
            self.did.append((part, scene))
            if (part, scene) in self.fails:
                raise self.fails[part, scene]

    def begin(self, views: Sequence[str], told: Callable[[str, float], None], _found: object) -> Any:
        def look() -> Sequence[str]:
            self.does("look", views)
            told("encoder", 2.0)
            return views

        def build(solved: Sequence[Solved]) -> list[ReconstructionError]:
            told("cameras", 3.0)
            self.does("build", views)
            assert len(solved) == len(views)
            return [ReconstructionError(f"end of {name}") for name in views]

        return SimpleNamespace(look=look, build=build)


class NoNetworks(Networks):
    """One engine that is none."""

    def __init__(self, engine: Engine):
        self.engines: Any = {"small": engine}
        self.device = torch.device("cpu")


class Floor:
    """A worker at work, and the server's end of its line."""

    def __init__(self, cameras: Executor, patch: pytest.MonkeyPatch, solvers: int = 1):
        self.engine = Engine()
        self.let_go: dict[str, threading.Event] = {}
        """Scenes whose cameras are solved once this is set."""
        self.line, far_end = Pipe()
        LINES.append(self.line)
        self.gone = threading.Event()
        self.heard: list[Message] = []
        patch.setattr("server.worker.read_scene", lambda order: SimpleNamespace(views=order.job, seconds=1.0))
        patch.setattr("server.worker.solve", self._solve)
        patch.setattr("server.worker.PeakMemory", lambda _device: self.engine.memory)
        worker = Worker(far_end, NoNetworks(self.engine), cameras, self.gone.set, solvers)
        threading.Thread(target=worker.run, daemon=True).start()

    def _solve(self, question: str, _seed: int) -> Solved:
        self.engine.does("solve", [question])
        if question in self.let_go:
            assert self.let_go[question].wait(SECONDS)
        return Solved((), 5.0)

    def order(self, batch: int, *jobs: str, held: bool = False) -> None:
        if held:
            self.let_go.update({job: threading.Event() for job in jobs})
        nowhere = Path("/nowhere")
        scenes = tuple(SceneOrder(job, (), (), nowhere, nowhere, CamerasFile("relative", {}), 64, ()) for job in jobs)
        send(self.line, BatchOrder(batch, "small", 0, scenes))

    def hear(self, wanted: Callable[[Message], bool]) -> Message:
        """Everything until that, if it has not been heard."""
        for message in self.heard:
            if wanted(message):
                return message
        while True:
            assert self.line.poll(SECONDS), self.heard
            self.heard.append(receive(self.line))
            if wanted(self.heard[-1]):
                return self.heard[-1]

    def end_of(self, batch: int) -> BatchEnded:
        end = self.hear(lambda message: isinstance(message, BatchEnded) and message.batch == batch)
        assert isinstance(end, BatchEnded)
        return end

    def until(self, part: str, job: str) -> None:
        deadline = threading.Event()
        for _ in range(round(SECONDS / 0.005)):
            if (part, job) in self.engine.did:
                return
            deadline.wait(0.005)
        raise AssertionError(self.engine.did)


@pytest.fixture
def floor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    with ThreadPoolExecutor(2) as pool:
        floor = Floor(pool, monkeypatch)
        yield floor
        for event in floor.let_go.values():
            event.set()


def test_the_device_goes_on_with_other_batches_while_cameras_are_solved(floor: Floor):
    floor.order(0, "old", held=True)
    floor.until("solve", "old")
    floor.order(1, "new")
    floor.end_of(1)
    assert floor.engine.did == [("look", "old"), ("solve", "old"), ("look", "new"), ("solve", "new"), ("build", "new")]
    floor.let_go["old"].set()
    end = floor.end_of(0)
    assert floor.engine.did[-1] == ("build", "old")
    assert (end.failure, end.ran) == (None, 1)


def test_what_rests_of_other_batches_is_not_taken_for_a_batchs_own(floor: Floor):
    floor.order(0, "old", held=True)
    floor.until("solve", "old")
    floor.order(1, "new")
    assert floor.end_of(1).peak_bytes == 100 + 7 + 50
    floor.let_go["old"].set()
    assert floor.end_of(0).peak_bytes == 100 + 7 + 50


def test_a_batch_is_built_when_the_last_of_its_scenes_is_solved(floor: Floor):
    floor.order(0, "a", "b", held=True)
    floor.until("solve", "b")
    floor.let_go["b"].set()
    floor.order(1, "c")
    floor.end_of(1)
    assert ("build", "a") not in floor.engine.did
    floor.let_go["a"].set()
    floor.end_of(0)
    assert floor.engine.did[-2:] == [("build", "a"), ("build", "b")]


def test_each_stage_is_told_with_its_own_seconds_and_the_batch_with_all_that_it_took(floor: Floor):
    floor.order(0, "a", "b")
    end = floor.end_of(0)
    told = [(m.job, m.stage, m.seconds) for m in floor.heard if isinstance(m, StageDone)]
    stages = [("photos", 1.0)] * 2 + [("encoder", 2.0)] * 2 + [("cameras", 3.0)] * 2
    assert told == [(job, *stage) for job, stage in zip("ab" * 3, stages, strict=True)]
    assert 2 * 5.0 <= end.seconds < 2 * 5.0 + 1.0


@pytest.mark.parametrize(("jobs", "seconds"), [("a", 5.0), ("ab", 5.0), ("abc", 7.5)])
def test_scenes_that_are_solved_side_by_side_take_the_time_of_one(
    monkeypatch: pytest.MonkeyPatch, jobs: str, seconds: float
):
    floor = Floor(AtOnce(), monkeypatch, solvers=2)
    floor.order(0, *jobs)
    assert seconds <= floor.end_of(0).seconds < seconds + 1.0


@pytest.mark.parametrize("part", ["look", "solve", "build"])
@pytest.mark.parametrize(
    ("error", "told"),
    [(RuntimeError("CUDA out of memory"), OutOfMemoryError), (ValueError("a mistake"), EngineError)],
)
def test_what_fails_in_any_part_ends_its_batch_alone(floor: Floor, part: str, error: Exception, told: type[Exception]):
    floor.engine.fails[part, "bad"] = error
    floor.order(0, "good", held=True)
    floor.until("solve", "good")
    floor.order(1, "bad")
    end = floor.end_of(1)
    assert type(end.failure) is told
    assert end.ran == 0
    floor.let_go["good"].set()
    assert (floor.end_of(0).failure, floor.engine.did[-1]) == (None, ("build", "good"))


def test_what_is_cancelled_while_it_is_solved_needs_the_device_no_more(floor: Floor):
    floor.order(0, "a", "b", "c", held=True)
    floor.until("solve", "b")
    send(floor.line, JobsEnded(0, ("a", "b", "c")))
    floor.order(1, "next")
    # So the worker has heard what was said before, and its device has gone on.
    floor.until("look", "next")
    for event in floor.let_go.values():
        event.set()
    end = floor.end_of(0)
    assert (end.failure, end.ran) == (None, 0)
    floor.end_of(1)
    did = set(floor.engine.did)
    assert ("solve", "c") not in did, "nobody had begun with it"
    assert not did & {("build", job) for job in "abc"}


def test_a_cpu_solves_no_more_of_a_batch_that_nobody_wants(monkeypatch: pytest.MonkeyPatch):
    floor = Floor(AtOnce(), monkeypatch)
    floor.order(0, "a", "b", held=True)
    floor.until("solve", "a")
    send(floor.line, JobsEnded(0, ("a", "b")))
    floor.order(1, "next")
    floor.hear(lambda message: isinstance(message, StageDone) and message.job == "next")
    for event in floor.let_go.values():
        event.set()
    floor.end_of(1)
    assert ("solve", "b") not in floor.engine.did


def test_photos_of_a_batch_that_has_ended_are_in_memory_no_more(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    class Photos(SimpleNamespace):
        """Others can't be referred to weakly."""

    read: list[weakref.ref[Photos]] = []

    def photos(order: SceneOrder) -> Photos:
        found = Photos(views=order.job, seconds=1.0)
        read.append(weakref.ref(found))
        return found

    monkeypatch.setattr("server.worker.read_scene", photos)
    gc.disable()
    try:
        floor.order(0, "a", "b", held=True)
        floor.until("solve", "b")
        for event in floor.let_go.values():
            event.set()
        floor.end_of(0)
        assert [one() for one in read] == [None, None]
    finally:
        gc.enable()


def test_one_of_a_batch_that_is_cancelled_leaves_the_others_alone(floor: Floor):
    floor.order(0, "gone", "stays", held=True)
    floor.until("solve", "stays")
    send(floor.line, JobsEnded(0, ("gone",)))
    floor.order(1, "next")
    floor.hear(lambda message: isinstance(message, StageDone) and message.job == "next")
    for event in floor.let_go.values():
        event.set()
    assert floor.end_of(0).ran == 2
    end = floor.hear(lambda message: isinstance(message, BatchEnded) and message.batch == 0)
    freed = floor.hear(lambda message: isinstance(message, SceneAnswer) and message.job == "gone")
    assert floor.heard.index(freed) < floor.heard.index(end)
    assert sum(isinstance(m, SceneAnswer) and m.batch == 0 for m in floor.heard) == 2
    after = [m.job for m in floor.heard if isinstance(m, StageDone) and m.batch == 0 and m.stage == "cameras"]
    assert after == ["stays"]


def test_a_cpu_is_done_with_one_batch_before_it_looks_at_the_next(monkeypatch: pytest.MonkeyPatch):
    floor = Floor(AtOnce(), monkeypatch)
    floor.order(0, "old", held=True)
    floor.order(1, "new")
    floor.hear(lambda message: isinstance(message, StageDone) and message.job == "new")
    floor.let_go["old"].set()
    floor.end_of(1)
    assert floor.engine.did == [(part, job) for job in ("old", "new") for part in ("look", "solve", "build")]


def test_a_server_that_hangs_up_is_heard_while_cameras_are_solved(floor: Floor):
    floor.order(0, "held", held=True)
    floor.until("solve", "held")
    send(floor.line, HangUp())
    assert floor.gone.wait(SECONDS)
