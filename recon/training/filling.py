"""Processes that fill a folder with samples while training reads from it, and what became of them."""

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType

from recon.training.samples_folder import Maker, SamplesFolder
from recon.training.scenes import SceneSource
from render.errors import BackendError, CamerasError, InputError, OutputError, SnapsplatError

KINDS = (CamerasError, OutputError, BackendError, InputError)
"""Of what a process may refuse; anything else that is the user's to mend is told as the last."""
ENDING_SECONDS = 5.0


class StoppedError(Exception):
    """Training has ended; who still waits for a sample need not."""


class Filling:
    """Fills a folder in processes of its own, from the first scene on, as long as a `with` block lasts."""

    def __init__(self, folder: SamplesFolder, source: SceneSource, maker: Maker, scenes: int, workers: int):
        self._ranges = [range(worker, scenes, workers) for worker in range(workers)]
        self._what = folder, source, maker
        self._stopped, self._lock = threading.Event(), threading.Lock()
        self._workers: list[tuple[BaseProcess, Connection]] = []
        self._failure: Exception | None = None

    def __enter__(self) -> "Filling":
        spawn = multiprocessing.get_context("spawn")
        resource_tracker.ensure_running()  # It would unblock below what is to stay blocked.
        # Processes have what is blocked here blocked for good: Ctrl-C is this one's to answer, which then ends them.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            for scenes in self._ranges:
                told, tell = spawn.Pipe(duplex=False)
                process = spawn.Process(target=_fill, args=(*self._what, scenes, tell), daemon=True)
                process.start()
                tell.close()
                self._workers.append((process, told))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def check(self) -> None:
        """For those who wait: whether there is any use in it.

        Raises:
            StoppedError: training has ended.
            SnapsplatError: a process refused a scene, with its sentence, or was killed.
            RuntimeError: a process failed otherwise.
        """
        if self._stopped.is_set():
            raise StoppedError
        with self._lock:
            for process, told in self._workers:
                if self._failure is None and process.exitcode not in (None, 0):
                    self._failure = _failure(process, told)
            if self._failure is not None:
                raise self._failure

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for process, _ in self._workers:
            process.terminate()
        for process, told in self._workers:
            process.join(ENDING_SECONDS)
            told.close()


def _failure(process: BaseProcess, told: Connection) -> Exception:
    try:
        kind, sentence = told.recv()
    except (EOFError, OSError):
        by = f"by signal {-process.exitcode}" if process.exitcode is not None and process.exitcode < 0 else "at once"
        return BackendError(f"A process that makes samples was ended {by}; was there too little memory?")
    if kind is None:
        return RuntimeError(f"A process that makes samples failed, as is told above: {sentence}")
    return KINDS[kind](sentence)


def _fill(folder: SamplesFolder, source: SceneSource, maker: Maker, scenes: range, tell: Connection) -> None:
    os.nice(5)  # Training goes first.
    try:
        folder.fill(source, maker, scenes)
    except SnapsplatError as error:
        fits = [i for i, kind in enumerate(KINDS) if isinstance(error, kind)]
        tell.send((fits[0] if fits else len(KINDS) - 1, str(error)))
        sys.exit(1)
    except Exception as error:
        tell.send((None, f"{type(error).__name__}: {error}"))
        raise
