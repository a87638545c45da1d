"""A worker: the process that has one device, or a share of it; and that process as its runner sees it.

It is spawned, never forked: CUDA does not survive a fork.
"""

import atexit
import os
import signal
import threading
import time
import warnings
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext

import numba
import torch

from recon.batch.messages import Message, Order, PackOrder, Ready, Refused
from recon.batch.pipeline import BatchEngine, MakeEngine, Pipeline
from recon.device_memory import PeakMemory
from recon.engine import Engine
from recon.network.splat_network import NetworkConfig

END_SECONDS = 5.0
"""A worker that has been told to go has so long."""


def library_engine(network: NetworkConfig, device: str) -> BatchEngine:
    """The engine of `snapsplat reconstruct`; `device` is cpu, or a CUDA device such as cuda:0, already chosen."""
    return Engine(network, device.partition(":")[0])


def work(
    connection: Connection, make_engine: MakeEngine, device: str, threads: int | None, kinds: Sequence[str]
) -> None:
    """What the process does until it is told to go, or its runner is gone."""
    # Ctrl-C goes to all processes of a terminal, and SIGTERM to all of a job; the runner says what becomes of this one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # What Pillow warns of is either refused in a sentence, or of no consequence to the pixels.
    warnings.simplefilter("ignore")
    telling = threading.Lock()

    def tell(message: Message) -> None:
        with telling:
            connection.send(message)

    try:
        if device.startswith("cuda"):
            torch.cuda.set_device(device)
        if threads is not None:
            torch.set_num_threads(threads)
            numba.set_num_threads(min(threads, numba.get_num_threads()))
        pipeline = Pipeline(make_engine, device, PeakMemory(torch.device(device)), kinds, tell)
    except Exception as error:  # noqa: BLE001 - told to the runner
        tell(Refused(error))
        return
    threading.Thread(target=_listen, args=(connection, pipeline), daemon=True).start()
    tell(Ready())
    pipeline.run()


def _listen(connection: Connection, pipeline: Pipeline) -> None:
    while True:
        try:
            order: Order = connection.recv()
        except (EOFError, OSError):
            # Nobody is left to work for, and a pack may take long.
            os._exit(0)
        pipeline.submit(order)


class WorkerProcess:
    """Started at once; when it is dead, it stays so."""

    def __init__(
        self, make_engine: MakeEngine, device: str, threads: int | None, kinds: Sequence[str], context: BaseContext
    ):
        """It says `Ready` when it is."""
        self.device = device
        self.ready = False
        self.packs: dict[int, PackOrder] = {}
        """What it has, by number."""
        self.alone = False
        """Whether it has a scene that is to have it for itself."""
        self.heard = time.monotonic()
        """When it said something, or got something while it had nothing."""
        self.connection, far_end = context.Pipe()
        arguments = (far_end, make_engine, device, threads, kinds)
        self._process = context.Process(target=work, args=arguments, daemon=True)  # type: ignore[attr-defined]
        self._process.start()
        # A runner that ends in a hurry may leave it; Python would then send SIGTERM, which it ignores, and wait.
        atexit.register(self._process.kill)
        # The worker's own; held here too, its end would never be noticed.
        far_end.close()

    def give(self, order: PackOrder) -> None:
        """One more pack; that it is dead will be noticed when it is listened to."""
        if not self.packs:
            self.heard = time.monotonic()
        self.packs[order.number] = order
        self._say(order)

    def end(self) -> None:
        """Let it go when it has done what it has."""
        self._say(None)
        self._process.join(END_SECONDS)
        self.kill()

    def kill(self, within_seconds: float = 0) -> str:
        """End it, and say how it had ended of itself, if it had by then."""
        self._process.join(within_seconds)
        ended = self._process.exitcode
        self._process.kill()
        self._process.join()
        atexit.unregister(self._process.kill)
        self.connection.close()
        return "it hung" if ended is None else f"exit code {ended}"

    def _say(self, order: Order) -> None:
        try:
            self.connection.send(order)
        except OSError:
            return
