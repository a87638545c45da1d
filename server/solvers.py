"""Where cameras are solved: beside a CUDA device in processes of their own, beside none on the CPU that is the device.

Processes and not threads: much of the solver is Python that holds the interpreter's lock, and each kernel that the
device is given needs that lock. A CPU has no gap to fill, and would only hold two batches at a time; there the solver
keeps its place between the other stages, as in the library.
"""

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

import cv2
import torch

from recon.network.cameras.hypotheses import solve
from recon.network.cameras.question import Question
from server.logs import configure_logs


class AtOnce(Executor):
    """Whoever submits does it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future


def solvers(device: str, processes: int, example: Callable[[], Question]) -> Executor:
    """For one device, and ready: each process has solved the example.

    Raises:
        BrokenExecutor: a process died.
    """
    if device == "cpu":
        return AtOnce()
    return solver_pool(processes, example(), torch.cuda.device_count())


def solver_pool(processes: int, example: Question, pools: int = 1) -> ProcessPoolExecutor:
    """Processes that have solved the example, and end with the one that calls this, however that ends. There are so
    many pools on this machine, which share its cores."""
    # OpenCV counts what a container grants.
    threads = max(1, cv2.getNumberOfCPUs() // (processes * pools))
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _begin, (threads, example, context.Barrier(processes)))
    # One starts with each, since none is idle until all are.
    for started in [pool.submit(os.getpid) for _ in range(processes)]:
        started.result()
    return pool


def _begin(threads: int, example: Question, all_ready: Barrier) -> None:
    """In a process of the pool."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # See `server.worker.work`.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    configure_logs()
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    solve(example, 0)
    all_ready.wait()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
