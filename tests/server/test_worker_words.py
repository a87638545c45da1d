"""What the engine makes of a worker's words, in any order, with a worker that only speaks."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from recon.cost_file import KeptCosts
from server.config import EngineConfig
from server.errors import DeadlineError
from server.forecast import LearnedForecast
from server.jobs import Job
from server.messages import BatchEnded, BatchOrder, Message, Placed, Ready, SceneAnswer, StageDone
from server.pb import result_pb2
from server.places import Places
from server.upload import ReceivedImage
from server.work import Outcome, Work
from server.worker_engine import WorkerEngine
from tests.server.fakes import SMALL
from tests.server.sent import request_of

REPORT: dict[str, Any] = {
    "photos": 1,
    "registered": 1,
    "gaussians": 5,
    "verdict": "good",
    "quality": 0.9,
    "verdict_because": [],
    "stages": {"photos": {"seconds": 0.1}},
    "warnings": [],
}


class Speaking:
    """In the place of `server.worker_process.WorkerProcess`: of each batch it says what `words` makes of its order."""

    dead = False
    words: ClassVar[Callable[[BatchOrder], list[Message]]]

    def __init__(self, _config: EngineConfig, _device: str, hear: Callable[[Message | None], None]):
        self._hear = hear

    async def start(self) -> Ready:
        return Ready("none")

    def say(self, message: Message) -> None:
        if isinstance(message, BatchOrder):
            for word in type(self).words(message):
                self._hear(word)


def a_job(folder: Path, name: str, told: list[result_pb2.ResultEvent]) -> Job:
    request = request_of([(b"photo", None)])
    images = (ReceivedImage(request.names[0], bytearray(b"photo"), None),)
    (folder / name).mkdir()
    work = Work(request, images, folder / name / "files", told.append)
    job = Job(name, SMALL, work, Places(1, 1).take(1), lambda _: None)
    job.arrived = 0.0
    return job


def placed(batch: int, job: str) -> Placed:
    eye = np.eye(3, dtype=np.float32)[None]
    return Placed(batch, job, ("solved",), eye, np.eye(4, dtype=np.float32)[None], np.array([[4, 3]]), "relative")


@pytest.mark.parametrize("ended", [False, True])
def test_a_job_that_ends_while_its_files_are_written_leaves_its_batch_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool
):
    monkeypatch.setattr("server.worker_engine.WorkerProcess", Speaking)
    told: list[result_pb2.ResultEvent] = []

    def words(order: BatchOrder) -> list[Message]:
        said: list[Message] = []
        for scene in order.scenes:
            said += [StageDone(order.batch, scene.job, "photos", 0.1), placed(order.batch, scene.job)]
            said += [SceneAnswer(order.batch, scene.job, REPORT)]
        return [*said, BatchEnded(order.batch, None, 2, 0.5, 1)]

    monkeypatch.setattr(Speaking, "words", staticmethod(words), raising=False)

    async def body() -> dict[str, object]:
        forecast = LearnedForecast(KeptCosts("test", tmp_path / "cost.json"))
        engine = WorkerEngine(EngineConfig(), "cpu", forecast)
        await engine.start()
        jobs = [a_job(tmp_path, "one", told), a_job(tmp_path, "other", [])]
        if ended:
            # Before the worker hears of it.
            jobs[0].end(DeadlineError("late"))
        return {job.id: answer async for job, answer in engine.run(SMALL, jobs)}

    answers = asyncio.run(body())
    assert isinstance(answers["other"], Outcome)
    assert len(answers["other"].cameras.photos) == 1
    assert bool(told) == (not ended), "nobody listens to a job that has ended"
