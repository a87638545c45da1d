"""A worker: the process that has one device. Photos are read before, and files written after, while the device works.

    orders -> reading thread -> device (main thread) -> writing thread -> answers

Knows the library and not the wire. It is spawned, never forked: neither gRPC nor CUDA survives a fork.
"""

import os
import queue
import shutil
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from recon.cost_file import device_name
from recon.placed_photos import PlacedPhotos
from recon.reconstruction import Reconstruction
from recon.scene_input import SceneInput
from render.errors import SnapsplatError
from server.config import EngineConfig
from server.errors import EngineError
from server.logs import configure_logs
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
    receive,
    send,
)
from server.networks import Networks
from server.scenes import read_scene, write_scene
from server.worker_memory import PeakMemory, as_out_of_memory


@dataclass(eq=False)
class _Batch:
    """What is known of one batch on its way through."""

    order: BatchOrder
    ended: set[str] = field(default_factory=set)
    """Jobs that nobody wants any more."""
    inputs: dict[str, SceneInput] = field(default_factory=dict)
    """By job; those that were refused are missing."""
    began: dict[str, float] = field(default_factory=dict)
    """When reading a job's photos began, by `time.perf_counter`."""
    ran: int = 0
    device_seconds: float = 0.0
    peak_bytes: int = 0

    def open(self) -> list[SceneOrder]:
        """Scenes that go on."""
        return [s for s in self.order.scenes if s.job in self.inputs and s.job not in self.ended]


class _UnwantedError(Exception):
    """All jobs of the batch that is on the device have ended."""


def work(connection: Connection, config: EngineConfig, device: str) -> None:
    """What the process does until the server hangs up."""
    # Ctrl-C goes to all processes of a terminal, and SIGTERM to all of a service; the server says what becomes of its
    # workers, and where it dies they hear that it has hung up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    configure_logs()
    # What Pillow warns of is either refused in a sentence, or of no consequence to the pixels.
    warnings.simplefilter("ignore")
    try:
        networks = Networks(config.models, device)
        networks.warm_up()
    except Exception as error:  # noqa: BLE001 - told to the server, who decides
        send(connection, Refused(error if isinstance(error, SnapsplatError) else _told(error)))
        return
    Worker(connection, networks).run()


class Worker:
    """Takes orders as they come, in their order."""

    def __init__(self, connection: Connection, networks: Networks):
        self._connection = connection
        self._networks = networks
        self._sending = threading.Lock()
        self._memory = PeakMemory(networks.device)
        self._batches: dict[int, _Batch] = {}
        self._ready: queue.Queue[_Batch] = queue.Queue()
        self._reading = ThreadPoolExecutor(1, "reading")
        self._writing = ThreadPoolExecutor(1, "writing")

    def run(self) -> None:
        """Until the server hangs up, which ends the process."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._say(Ready(device_name(self._networks.device)))
        while True:
            batch = self._ready.get()
            self._step(batch, lambda batch=batch: self._on_device(batch))

    def _listen(self) -> None:
        while True:
            try:
                message = receive(self._connection)
            except (EOFError, OSError):
                message = HangUp()
            if isinstance(message, HangUp):
                # Nobody is left to work for, and a stage may take long.
                os._exit(0)
            if isinstance(message, JobsEnded):
                # Another thread may end the batch at any moment.
                known = self._batches.get(message.batch)
                if known is not None:
                    known.ended.update(message.jobs)
            elif isinstance(message, BatchOrder):
                batch = self._batches[message.batch] = _Batch(message)
                self._reading.submit(self._step, batch, lambda batch=batch: self._read(batch))

    def _step(self, batch: _Batch, step: Callable[[], None]) -> None:
        """One step of a batch; a failure ends the batch and is told."""
        try:
            step()
        except _UnwantedError:
            self._end(batch, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear of it
            self._end(batch, as_out_of_memory(error) or _told(error))

    def _read(self, batch: _Batch) -> None:
        for scene in batch.order.scenes:
            if scene.job in batch.ended:
                continue
            batch.began[scene.job] = time.perf_counter()
            try:
                batch.inputs[scene.job] = read_scene(scene)
                self._say(StageDone(batch.order.batch, scene.job, "photos", batch.inputs[scene.job].seconds))
            except SnapsplatError as error:
                self._say(SceneAnswer(batch.order.batch, scene.job, error))
            finally:
                shutil.rmtree(scene.scratch, ignore_errors=True)
        self._ready.put(batch)

    def _on_device(self, batch: _Batch) -> None:
        scenes = batch.open()
        if not scenes:
            raise _UnwantedError
        since = last = time.perf_counter()

        def note(stage: str) -> None:
            nonlocal last
            now = time.perf_counter()
            for scene in batch.open():
                self._say(StageDone(batch.order.batch, scene.job, stage, now - last))
            last = now
            if not batch.open():
                raise _UnwantedError

        def place(scene: int, photos: PlacedPhotos) -> None:
            if scenes[scene].job not in batch.ended:
                self._say(_placed(batch.order.batch, scenes[scene].job, photos))

        self._memory.restart()
        engine = self._networks.engines[batch.order.model]
        views = [batch.inputs[scene.job].views for scene in scenes]
        answers = engine.reconstruct(views, batch.order.seed, note, place)
        batch.ran, batch.device_seconds = len(scenes), time.perf_counter() - since
        batch.peak_bytes = self._memory.bytes
        self._writing.submit(self._step, batch, lambda: self._write(batch, scenes, answers))

    def _write(self, batch: _Batch, scenes: list[SceneOrder], answers: list[Reconstruction | SnapsplatError]) -> None:
        number = batch.order.batch
        for scene, answer in zip(scenes, answers, strict=True):
            if scene.job in batch.ended:
                continue
            if isinstance(answer, SnapsplatError):
                self._say(SceneAnswer(number, scene.job, answer))
                continue
            fuse = answer.report["stages"]["fuse"]["seconds"]
            self._say(StageDone(number, scene.job, "fuse", fuse))
            since = time.perf_counter()
            seconds = since - batch.began[scene.job]
            try:
                report = write_scene(answer, scene, batch.inputs[scene.job], batch.order.seed, seconds)
            except SnapsplatError as error:
                self._say(SceneAnswer(number, scene.job, error))
                continue
            self._say(StageDone(number, scene.job, "files", time.perf_counter() - since))
            self._say(SceneAnswer(number, scene.job, report))
        self._end(batch, None)

    def _end(self, batch: _Batch, failure: Exception | None) -> None:
        del self._batches[batch.order.batch]
        self._say(BatchEnded(batch.order.batch, failure, batch.ran, batch.device_seconds, batch.peak_bytes))

    def _say(self, message: Message) -> None:
        with self._sending:
            send(self._connection, message)


def _placed(batch: int, job: str, photos: PlacedPhotos) -> Placed:
    cameras = photos.cameras
    return Placed(
        batch=batch,
        job=job,
        origin=photos.origin,
        K_px=cameras.K_px.numpy(),
        T_world_camera=cameras.T_world_camera.numpy(),
        size_wh=cameras.size_wh.numpy(),
        scale=cameras.scale,
    )


def _told(error: Exception) -> EngineError:
    """A mistake as the server's log is to have it: between processes, an exception loses where it was raised."""
    return EngineError("The worker failed:\n" + "".join(traceback.format_exception(error)))
