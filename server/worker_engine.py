"""A worker as the dispatcher sees it: batches in, answers out, and a new process where the old one failed."""

import asyncio
import functools
import itertools
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from render.errors import OutputError
from server.config import EngineConfig
from server.errors import EngineError
from server.forecast import LearnedForecast
from server.jobs import Job, Shape
from server.messages import (
    BatchEnded,
    BatchOrder,
    HangUp,
    JobsEnded,
    Message,
    Placed,
    Ready,
    Refused,
    SceneAnswer,
    SceneOrder,
    StageDone,
    mask_file,
    photo_file,
)
from server.outcome import cameras_of, progress_of, summary_of
from server.pb import camera_pb2, result_pb2
from server.work import Outcome, Work
from server.worker_process import END_SECONDS, WorkerProcess

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Running:
    """A batch that the worker has, or is about to get."""

    shape: Shape
    jobs: dict[str, Job]
    heard: asyncio.Queue[Message | None] = field(default_factory=asyncio.Queue)
    cameras: dict[str, camera_pb2.Cameras] = field(default_factory=dict)


class WorkerEngine:
    """Fulfils `server.engine.Engine`."""

    def __init__(self, config: EngineConfig, device: str, forecast: LearnedForecast):
        """`forecast` learns from each batch."""
        self._config = config
        self._device = device
        self._forecast = forecast
        # While one has the device, the photos of the next are read; beside CUDA the cameras of a third are solved, too.
        self.overlaps = device != "cpu"
        self.slots = 3 if self.overlaps else 2
        # The old one's end included, also where it must be killed.
        self.replace_seconds = config.start_seconds + 2 * END_SECONDS
        self._up = asyncio.Event()
        self._worker: WorkerProcess | None = None
        self._count = itertools.count()
        self._running: dict[int, _Running] = {}
        self.on_loss: Callable[[], None] = _nobody_minds

    @property
    def process_id(self) -> int | None:
        """Of the worker, if there is one."""
        return None if self._worker is None else self._worker.process_id

    async def start(self) -> Ready:
        """Come back when the worker is ready; batches that come before wait for it.

        Raises:
            SnapsplatError: it cannot work.
        """
        self._worker = WorkerProcess(self._config, self._device, self._heard)
        ready = await self._worker.start()
        self._up.set()
        return ready

    async def replace(self) -> None:
        """See `server.engine.Engine`."""
        await self.end()
        await self.start()

    async def end(self) -> None:
        """End the worker, if there is one."""
        self._up.clear()
        if self._worker is not None:
            await self._worker.end()
            self._worker = None

    async def run(self, shape: Shape, jobs: Sequence[Job]) -> AsyncGenerator[tuple[Job, object], None]:
        """See `server.engine.Engine`."""
        await self._up.wait()
        number = next(self._count)
        running = _Running(shape, {job.id: job for job in jobs})
        self._running[number] = running
        for job in jobs:
            job.on_unwanted = functools.partial(running.heard.put_nowait, JobsEnded(number, (job.id,)))
            if job.ending is not None:
                job.on_unwanted()
        try:
            scenes = []
            for job in jobs:
                scene = await asyncio.to_thread(_lay_out, job)
                if isinstance(scene, SceneOrder):
                    scenes.append(scene)
                else:
                    yield job, scene
            self._say(BatchOrder(number, shape.model, shape.seed, tuple(scenes)))
            async for message in self._messages(running):
                if isinstance(message, SceneAnswer):
                    yield running.jobs[message.job], self._answer(running, message)
                elif isinstance(message, BatchEnded):
                    self._learn(shape, message)
                    return
                else:
                    self._tell(running, message)
        finally:
            del self._running[number]

    async def _messages(self, running: _Running) -> AsyncGenerator[Message, None]:
        """What the worker says of a batch; meanwhile it is told which jobs have ended.

        Raises:
            EngineError: it died.
        """
        while True:
            message = await running.heard.get()
            if isinstance(message, JobsEnded):
                self._say(message)
                continue
            if message is None:
                code = None if self._worker is None else await self._worker.exit_code()
                raise EngineError(f"The worker died (exit code {code}).")
            yield message

    def _say(self, message: Message) -> None:
        if self._worker is None or self._worker.dead:
            raise EngineError("The worker is dead.")
        self._worker.say(message)

    def _heard(self, message: Message | None) -> None:
        if message is None:
            for running in self._running.values():
                running.heard.put_nowait(None)
            if not self._running:
                log.warning("A worker died while it had nothing to do.")
                self.on_loss()
        elif not isinstance(message, Ready | Refused | HangUp) and message.batch in self._running:
            self._running[message.batch].heard.put_nowait(message)

    def _tell(self, running: _Running, message: Message) -> None:
        if not isinstance(message, StageDone | Placed):
            return
        job = running.jobs[message.job]
        work = job.payload
        assert isinstance(work, Work)
        if isinstance(message, StageDone):
            event = progress_of(message)
        else:
            # Kept even where nobody listens: the answer of a job that has just ended may be on its way.
            cameras = running.cameras[message.job] = cameras_of(message, work.request.names)
            event = result_pb2.ResultEvent(cameras=cameras)
        if job.ending is None:
            work.tell(event)

    def _answer(self, running: _Running, message: SceneAnswer) -> Outcome | Exception:
        if isinstance(message.answer, Exception):
            return message.answer
        return Outcome(running.cameras[message.job], summary_of(message.answer))

    def _learn(self, shape: Shape, ended: BatchEnded) -> None:
        """What a batch took.

        Raises:
            Exception: the batch failed.
        """
        if ended.failure is not None:
            raise ended.failure
        if ended.ran:
            self._forecast.learn(shape, ended.ran, ended.seconds, ended.peak_bytes)


def _nobody_minds() -> None:
    pass


def _lay_out(job: Job) -> SceneOrder | OutputError:
    """Put a job's photos where the worker finds them, or say why that cannot be."""
    work = job.payload
    assert isinstance(work, Work)
    try:
        work.scratch.mkdir(exist_ok=True)
        for i, image in enumerate(work.images):
            photo_file(work.scratch, i).write_bytes(image.photo)
            if image.mask is not None:
                mask_file(work.scratch, i).write_bytes(image.mask)
    except OSError as error:
        return OutputError(f"There is no room for the photos ({error.strerror or error}).")
    request = work.request
    return SceneOrder(
        job=job.id,
        names=request.names,
        masked=tuple(image.mask is not None for image in work.images),
        scratch=work.scratch.absolute(),
        folder=work.folder.absolute(),
        cameras=request.cameras,
        size_px=request.size_px,
        file_kinds=request.file_kinds,
    )
