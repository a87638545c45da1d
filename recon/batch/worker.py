"""A worker of this machine: the process that has one device, or a share of it; and what its runner has of it.

It is spawned, never forked: CUDA does not survive a fork.
"""

import atexit
import os
import signal
import threading
import warnings
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path

import numba
import torch

from recon.batch.config import BatchConfig
from recon.batch.fleet import END_SECONDS, Worker
from recon.batch.machine import find_machine
from recon.batch.messages import Message, Order, Ready, Refused
from recon.batch.pipeline import BatchEngine, MakeEngine, Pipeline
from recon.device_memory import PeakMemory
from recon.engine import Engine
from recon.network.splat_network import NetworkConfig


def library_engine(network: NetworkConfig, device: str) -> BatchEngine:
    """The engine of `snapsplat reconstruct`; `device` is cpu, or a CUDA device such as cuda:0, already chosen."""
    return Engine(network, device.partition(":")[0])


def settle(device: str, threads: int | None) -> None:
    """Make this process a worker's: on its device, with no more threads than it may have."""
    # What Pillow warns of is either refused in a sentence, or of no consequence to the pixels.
    warnings.simplefilter("ignore")
    if device.startswith("cuda"):
        torch.cuda.set_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
        numba.set_num_threads(min(threads, numba.get_num_threads()))


def work(
    connection: Connection, make_engine: MakeEngine, device: str, threads: int | None, kinds: Sequence[str]
) -> None:
    """What the process does until it is told to go, or its runner is gone."""
    # Ctrl-C goes to all processes of a terminal, and SIGTERM to all of a job; the runner says what becomes of this one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    telling = threading.Lock()

    def tell(message: Message) -> None:
        with telling:
            connection.send(message)

    try:
        settle(device, threads)
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


class WorkerProcess(Worker):
    """A process of this machine."""

    def __init__(
        self, make_engine: MakeEngine, device: str, threads: int | None, kinds: Sequence[str], context: BaseContext
    ):
        """Spawned at once, with the context's own idea of how."""
        near_end, far_end = context.Pipe()
        super().__init__(device, near_end)
        arguments = (far_end, make_engine, device, threads, kinds)
        self._process = context.Process(target=work, args=arguments, daemon=True)  # type: ignore[attr-defined]
        self._process.start()
        # A runner that ends in a hurry may leave it; Python would then send SIGTERM, which it ignores, and wait.
        atexit.register(self._process.kill)
        # The worker's own; held here too, its end would never be noticed.
        far_end.close()

    def end(self) -> None:
        """See `Worker`."""
        self.say(None)
        self._process.join(END_SECONDS)
        self.kill()

    def kill(self, within_seconds: float = 0) -> str:
        """See `Worker`."""
        self._process.join(within_seconds)
        ended = self._process.exitcode
        self._process.kill()
        self._process.join()
        atexit.unregister(self._process.kill)
        self.connection.close()
        return "it hung" if ended is None else f"exit code {ended}"

    def say(self, order: Order) -> None:
        """See `Worker`."""
        try:
            self.connection.send(order)
        except OSError:
            return


class OwnFleet:
    """See `recon.batch.fleet.Fleet`: processes of this machine."""

    def __init__(self, config: BatchConfig, make_engine: MakeEngine, context: BaseContext):
        """See `find_machine`."""
        self.machine = find_machine(config)
        self._config = config
        self._make_engine = make_engine
        self._context = context

    def start(self, device: str, _staging: Path) -> WorkerProcess:
        """One more; it sees the disk that its runner sees."""
        return WorkerProcess(self._make_engine, device, self.machine.threads, self._config.kinds, self._context)
