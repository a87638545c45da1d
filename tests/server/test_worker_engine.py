"""A real worker process: what it writes is what the library writes, and it may die."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recon.cost_file import KeptCosts
from recon.outputs import FILE_KINDS, save_reconstruction
from recon.reconstructor import Reconstructor
from render.errors import PhotoError
from server.batcher import Batcher
from server.config import BatcherConfig, EngineConfig, LimitsConfig
from server.dispatcher import Dispatcher
from server.engine import Engine
from server.errors import JobCancelledError
from server.forecast import LearnedForecast
from server.jobs import Answer, Ending, Job, Shape
from server.messages import JobsEnded, Message
from server.pb import result_pb2
from server.places import Places
from server.request import read_header
from server.upload import ReceivedImage
from server.work import Outcome, Work, Workshop
from server.worker_engine import WorkerEngine
from server.workshop import PhotoWorkshop
from tests.server.fakes import GB
from tests.server.sent import header_of

PHOTOS = sorted((Path(__file__).parents[2] / "examples" / "banana").glob("*.jpg"))[:2]
SIZE = 64
WORKSHOP = PhotoWorkshop(["classical"], LimitsConfig())


class Hall:
    """A worker, the loop that it is known to, and a folder."""

    def __init__(self, folder: Path):
        self.runner = asyncio.Runner()
        self.folder = folder
        self.clock = self.runner.get_loop().time
        self.forecast = LearnedForecast(KeptCosts("test", folder / "cost.json"))
        self.engine = self.runner.run(self._start())

    async def _start(self) -> WorkerEngine:
        engine = WorkerEngine(EngineConfig(models=("classical",)), "cpu", self.forecast)
        await engine.start()
        return engine

    def job(
        self,
        name: str,
        told: list[result_pb2.ResultEvent],
        photos: list[bytes] | None = None,
        kinds: Sequence[str] = FILE_KINDS,
    ) -> Job:
        """Asks for these kinds of files."""
        contents = photos or [photo.read_bytes() for photo in PHOTOS]
        files = [(content, None) for content in contents]
        header = header_of(files, name, file_kinds=kinds, options={"size_px": SIZE})
        for image, photo in zip(header.images, PHOTOS, strict=True):
            image.name = photo.name
        request = read_header(header, WORKSHOP.offer, LimitsConfig())
        images = tuple(
            ReceivedImage(p.name, bytearray(content), None) for p, content in zip(PHOTOS, contents, strict=True)
        )
        folder = self.folder / name / "files"
        folder.mkdir(parents=True)
        work = Work(request, images, folder, told.append)
        shape = Shape("classical", 2, (64, 48), 0)
        job = Job(name, shape, work, Places(1, 1).take(1), lambda _: None)
        job.arrived = self.clock()
        return job

    def run(self, *jobs: Job) -> dict[str, Any]:
        async def answers() -> dict[str, Any]:
            return {job.id: answer async for job, answer in self.engine.run(jobs[0].shape, jobs)}

        return self.runner.run(answers())

    @contextmanager
    def dispatching(self, job: Job, endings: list[Ending]) -> Iterator[Dispatcher]:
        """That does what `job` needs; how that ends is noted."""
        config = BatcherConfig(100 * GB, hang_factor=1.0, hang_seconds=8.0)
        batcher = Batcher(config, self.forecast, [self.engine], self.clock)
        dispatcher = Dispatcher(batcher, self.clock)
        job.place, job.on_end = batcher.places.take(1), endings.append
        serving = asyncio.create_task(dispatcher.serve())
        yield dispatcher
        serving.cancel()

    def kill(self, how: signal.Signals) -> int:
        """The worker; says which process it was."""
        process = self.engine.process_id
        assert process is not None
        os.kill(process, how)
        return process


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    hall = Hall(tmp_path_factory.mktemp("hall"))
    yield hall
    hall.runner.run(hall.engine.end())
    hall.runner.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def timeless(report: bytes) -> Any:
    """A report without what differs from run to run: seconds and memory."""
    found = json.loads(report)
    return {**found, "seconds": None, "stages": list(found["stages"])}


def test_files_are_bit_for_bit_those_of_the_library(hall: Hall, tmp_path: Path):
    told: list[result_pb2.ResultEvent] = []
    kinds = WORKSHOP.offer.file_kinds
    job = hall.job("alone", told, kinds=kinds)
    answer = hall.run(job)["alone"]
    assert isinstance(answer, Outcome)
    assert (answer.summary.photos, answer.cameras.photos[0].name) == (2, PHOTOS[0].name)
    assert isinstance(job.payload, Work)
    own = contents(job.payload.folder)
    assert not job.payload.scratch.exists()
    save_reconstruction(Reconstructor("classical", SIZE).reconstruct(PHOTOS), tmp_path, kinds)
    library = contents(tmp_path)
    assert timeless(own.pop("report.json")) == timeless(library.pop("report.json"))
    assert own == library
    said = [event.progress.stage or event.WhichOneof("event") for event in told]
    stages = ["depth", "gaussians", "fuse", "files"]
    assert said == ["photos", "encoder", "cameras", "cameras", *stages], "the stage, at once what it found, the rest"
    assert told[3].cameras == answer.cameras
    assert [stage.stage for stage in answer.summary.stages] == ["photos", "encoder", "cameras", *stages]
    assert hall.forecast.measured("classical") == 1


def test_a_bad_photo_and_a_cancelled_job_leave_the_rest_of_the_batch_alone(hall: Hall):
    bad = PHOTOS[1].read_bytes()
    jobs = [hall.job("fine", []), hall.job("bad", [], [PHOTOS[0].read_bytes(), bad[:5000]]), hall.job("gone", [])]
    jobs[2].end(JobCancelledError("The request was cancelled."))
    answers = hall.run(*jobs)
    assert isinstance(answers["fine"], Outcome)
    assert isinstance(answers["bad"], PhotoError)
    assert answers["bad"].file == PHOTOS[1].name
    assert isinstance(answers["gone"], JobCancelledError), "its place is free before the batch ends"


def test_a_worker_hears_at_once_whom_nobody_wants(hall: Hall, monkeypatch: pytest.MonkeyPatch):
    said: list[Message] = []
    monkeypatch.setattr(hall.engine, "_say", said.append)

    async def body() -> None:
        jobs = [hall.job("wanted", []), hall.job("unwanted", [])]
        answers = hall.engine.run(jobs[0].shape, jobs)
        running = asyncio.ensure_future(anext(answers))
        while not said:
            await asyncio.sleep(0.01)
        jobs[0].end(Answer("done"))
        jobs[1].end(JobCancelledError("The request was cancelled."))
        for _ in range(3):
            await asyncio.sleep(0)
        assert [message.jobs for message in said if isinstance(message, JobsEnded)] == [("unwanted",)]
        running.cancel()
        await asyncio.wait({running})
        await answers.aclose()

    hall.runner.run(body())


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_dies_or_hangs_is_replaced_and_the_job_answered_once(hall: Hall, ended_by: signal.Signals):
    endings: list[Ending] = []

    async def body() -> None:
        told: list[result_pb2.ResultEvent] = []
        job = hall.job(ended_by.name, told)
        with hall.dispatching(job, endings) as dispatcher:
            dispatcher.submit(job)
            while not told:
                await asyncio.sleep(0.01)
            hall.kill(ended_by)
            while not endings:
                await asyncio.sleep(0.05)
        assert job.failures == 1

    hall.runner.run(body())
    assert len(endings) == 1
    assert isinstance(endings[0], Answer)
    assert isinstance(endings[0].value, Outcome)


def test_a_sigterm_to_all_processes_lets_a_worker_finish(hall: Hall):
    endings: list[Ending] = []

    async def body() -> None:
        told: list[result_pb2.ResultEvent] = []
        job = hall.job("finished", told)
        with hall.dispatching(job, endings) as dispatcher:
            dispatcher.submit(job)
            while not told:
                await asyncio.sleep(0.01)
            process = hall.kill(signal.SIGTERM)
            while not endings:
                await asyncio.sleep(0.05)
        assert (job.failures, hall.engine.process_id) == (0, process)

    hall.runner.run(body())
    assert isinstance(endings[0], Answer)
    assert isinstance(endings[0].value, Outcome)


def test_a_worker_that_dies_idle_is_replaced_and_costs_no_job_a_try(hall: Hall):
    endings: list[Ending] = []

    async def body() -> None:
        job = hall.job("next", [])
        with hall.dispatching(job, endings) as dispatcher:
            before = hall.kill(signal.SIGKILL)
            # That it is there nobody asks: the engine hears of it.
            while hall.engine.process_id in (before, None):
                await asyncio.sleep(0.05)
            dispatcher.submit(job)
            while not endings:
                await asyncio.sleep(0.05)
        assert job.failures == 0

    hall.runner.run(body())
    assert isinstance(endings[0], Answer)
    assert isinstance(endings[0].value, Outcome)


def test_it_is_what_the_dispatcher_and_the_desk_expect(hall: Hall):
    assert isinstance(hall.engine, Engine)
    assert isinstance(WORKSHOP, Workshop)
