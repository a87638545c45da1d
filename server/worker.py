"""A worker: the process that has one device. Photos are read before, cameras solved in the midst, and files written
after, while the device works for other batches.

    orders -> reading thread -> device (main thread): look -> solvers -> device: build -> writing thread -> answers

Knows the library and not the wire. It is spawned, never forked: neither gRPC nor CUDA survives a fork.
"""

import os
import shutil
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from recon.cost_file import device_name
from recon.device_memory import PeakMemory, ran_out_of_memory
from recon.network.cameras.hypotheses import solve
from recon.placed_photos import PlacedPhotos
from recon.reconstruction import Reconstruction
from render.errors import SnapsplatError
from server.config import EngineConfig
from server.errors import EngineError, JobCancelledError, OutOfMemoryError
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
from server.solvers import solvers
from server.turns import Part, Turns
from server.worker_batch import UnwantedError, WorkerBatch


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
        cameras = solvers(device, config.solvers, networks.question)
    except Exception as error:  # noqa: BLE001 - told to the server, who decides
        send(connection, Refused(error if isinstance(error, SnapsplatError) else _told(error)))
        return
    # Nobody is left to work for, and a stage may take long.
    Worker(connection, networks, cameras, lambda: os._exit(0), 1 if device == "cpu" else config.solvers).run()


class Worker:
    """Takes orders as they come, in their order."""

    def __init__(
        self,
        connection: Connection,
        networks: Networks,
        cameras: Executor,
        hung_up: Callable[[], object],
        solvers: int = 1,
    ):
        """`cameras` solves them, of so many scenes at a time; `hung_up` is called, on another thread, when the server
        has hung up."""
        self._connection = connection
        self._networks = networks
        self._cameras = cameras
        self._hung_up = hung_up
        self._solvers = solvers
        self._sending = threading.Lock()
        self._counting = threading.Lock()
        self._memory = PeakMemory(networks.device)
        self._batches: dict[int, WorkerBatch] = {}
        self._turns = Turns()
        self._reading = ThreadPoolExecutor(1, "reading")
        self._writing = ThreadPoolExecutor(1, "writing")

    def run(self) -> None:
        """What the device does, for ever."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._say(Ready(device_name(self._networks.device)))
        while True:
            self._turns.take()()

    def _listen(self) -> None:
        while True:
            try:
                message = receive(self._connection)
            except (EOFError, OSError):
                message = HangUp()
            if isinstance(message, HangUp):
                self._hung_up()
                return
            if isinstance(message, JobsEnded):
                # Another thread may end the batch at any moment.
                known = self._batches.get(message.batch)
                if known is not None:
                    self._drop(known, message.jobs)
            elif isinstance(message, BatchOrder):
                batch = self._batches[message.batch] = WorkerBatch(message)
                self._reading.submit(self._step, batch, lambda batch=batch: self._read(batch))

    def _drop(self, batch: WorkerBatch, jobs: Iterable[str]) -> None:
        """Nobody wants these any more."""
        batch.ended.update(jobs)
        if not batch.open():
            for future in batch.solving:
                future.cancel()

    def _step(self, batch: WorkerBatch, step: Callable[[], None]) -> None:
        """One step of a batch; a failure ends the batch and is told."""
        try:
            step()
        except UnwantedError:
            self._end(batch, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear of it
            out = OutOfMemoryError("The device ran out of memory.") if ran_out_of_memory(error) else None
            self._end(batch, out or _told(error))

    def _read(self, batch: WorkerBatch) -> None:
        for scene in batch.order.scenes:
            if scene.job in batch.ended:
                self._let_go(batch, [scene])
                continue
            batch.began[scene.job] = time.perf_counter()
            try:
                batch.inputs[scene.job] = read_scene(scene)
                self._say(StageDone(batch.order.batch, scene.job, "photos", batch.inputs[scene.job].seconds))
            except SnapsplatError as error:
                self._answer(batch, scene, error)
            finally:
                shutil.rmtree(scene.scratch, ignore_errors=True)
        self._turn("look", batch, self._look)

    def _turn(self, part: Part, batch: WorkerBatch, step: Callable[[WorkerBatch], None]) -> None:
        self._turns.put(part, batch.order.batch, lambda: self._step(batch, lambda: step(batch)))

    def _look(self, batch: WorkerBatch) -> None:
        """The device's first part; then the cameras are solved."""
        batch.check_wanted()
        batch.scenes = batch.open()
        engine, views = self._networks.engines[batch.order.model], [batch.inputs[s.job].views for s in batch.scenes]
        with self._measured(batch):
            batch.run = engine.begin(views, partial(self._note, batch), partial(self._place, batch))
            questions = batch.run.look()
        for question in questions:
            # Where it is solved at once, it may take long.
            batch.check_wanted()
            batch.solving.append(self._cameras.submit(solve, question, batch.order.seed))
        # Who dropped it while they were put down found nothing to cancel.
        self._drop(batch, ())
        if all(future.done() for future in batch.solving):
            self._build(batch)
            return
        batch.unsolved = len(batch.solving)
        for future in batch.solving:
            future.add_done_callback(lambda _: self._solved_one(batch))

    def _solved_one(self, batch: WorkerBatch) -> None:
        with self._counting:
            batch.unsolved -= 1
            last = batch.unsolved == 0
        if last:
            self._turn("build", batch, self._build)

    def _build(self, batch: WorkerBatch) -> None:
        """The device's second part, when the cameras of all scenes are solved."""
        batch.check_wanted()
        solved = [future.result() for future in batch.solving]
        assert batch.run is not None
        with self._measured(batch):
            answers = batch.run.build(solved)
        # What it holds is not needed while files are written.
        batch.ran, batch.run, batch.rests_bytes = len(batch.scenes), None, 0
        if solved:
            batch.seconds += sum(answer.seconds for answer in solved) / min(self._solvers, len(solved))
        self._writing.submit(self._step, batch, lambda: self._write(batch, answers))

    @contextmanager
    def _measured(self, batch: WorkerBatch) -> Iterator[None]:
        """A part that has the device, on which other batches may rest."""
        others_bytes = sum(other.rests_bytes for other in list(self._batches.values()) if other is not batch)
        self._memory.restart()
        before_bytes, since = self._memory.now_bytes, time.perf_counter()
        yield
        batch.seconds += time.perf_counter() - since
        batch.peak_bytes = max(batch.peak_bytes, self._memory.bytes - others_bytes)
        batch.rests_bytes += self._memory.now_bytes - before_bytes

    def _note(self, batch: WorkerBatch, stage: str, seconds: float) -> None:
        self._let_go(batch, batch.order.scenes)
        for scene in batch.open():
            self._say(StageDone(batch.order.batch, scene.job, stage, seconds))
        batch.check_wanted()

    def _place(self, batch: WorkerBatch, scene: int, photos: PlacedPhotos) -> None:
        job = batch.scenes[scene].job
        if job not in batch.ended:
            self._say(_placed(batch.order.batch, job, photos))

    def _write(self, batch: WorkerBatch, answers: list[Reconstruction | SnapsplatError]) -> None:
        number = batch.order.batch
        for i, (scene, answer) in enumerate(zip(batch.scenes, answers, strict=True)):
            self._let_go(batch, batch.scenes[i:])
            if scene.job in batch.answered:
                continue
            if isinstance(answer, SnapsplatError):
                self._answer(batch, scene, answer)
                continue
            fuse = answer.report["stages"]["fuse"]["seconds"]
            self._say(StageDone(number, scene.job, "fuse", fuse))
            since = time.perf_counter()
            seconds = since - batch.began[scene.job]
            try:
                report = write_scene(answer, scene, batch.inputs[scene.job], batch.order.seed, seconds)
            except SnapsplatError as error:
                self._answer(batch, scene, error)
                continue
            self._say(StageDone(number, scene.job, "files", time.perf_counter() - since))
            self._answer(batch, scene, report)
        self._end(batch, None)

    def _let_go(self, batch: WorkerBatch, scenes: Iterable[SceneOrder]) -> None:
        """Of these, give back at once what nobody wants any more, though others of the batch go on."""
        for scene in scenes:
            if scene.job in batch.ended and scene.job not in batch.answered:
                self._answer(batch, scene, JobCancelledError("Nobody wants it any more."))

    def _answer(self, batch: WorkerBatch, scene: SceneOrder, answer: dict[str, Any] | SnapsplatError) -> None:
        batch.answered.add(scene.job)
        self._say(SceneAnswer(batch.order.batch, scene.job, answer))

    def _end(self, batch: WorkerBatch, failure: Exception | None) -> None:
        del self._batches[batch.order.batch]
        # It holds the device's memory, and tells this batch how it goes; so do the solvers' futures, which hold photos.
        for future in batch.solving:
            future.cancel()
        batch.run, batch.solving, batch.inputs = None, [], {}
        self._say(BatchEnded(batch.order.batch, failure, batch.ran, batch.seconds, batch.peak_bytes))

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
