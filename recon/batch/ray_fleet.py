"""Workers that are actors of a Ray cluster, one for each GPU or for a share of a node's processors.

Ray decides where each runs and says when one is gone. What it does, and what becomes of its scenes when it dies, is
decided where it is for the processes of one machine: in the runner. The only file of a batch that imports Ray.
"""

import contextlib
import logging
import math
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from recon.batch.config import SHARE, BatchConfig
from recon.batch.fleet import Worker
from recon.batch.machine import Machine
from recon.batch.messages import Message, Order, PackOrder, Ready, Refused, SceneOrder
from recon.batch.pipeline import MakeEngine, Pipeline
from recon.batch.places import InputFile, is_remote
from recon.batch.scene_options import code_version
from recon.batch.worker import library_engine, settle
from recon.cost_file import device_name
from recon.device_memory import PeakMemory
from recon.devices import memory_bytes
from recon.network.splat_network import NetworkConfig
from recon.weight_files import RELEASED
from render.errors import BackendError, OutputError

# Ray counts its users; that is for them to allow. And a worker without a GPU is to see none only where it has none.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

try:
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as missing:
    raise BackendError(f"--ray needs Ray, which is not installed ({missing}): pip install -e '.[ray]'.") from missing

LOOK_SECONDS = 300.0
"""A node that has not said by then what it has is lost, or has no room; its first process imports torch."""


@dataclass(frozen=True)
class _Seat:
    """What Ray is to give each worker."""

    device: str
    cpus: float
    gpus: float
    sharing: int
    """Workers that one device has, at most."""

    @property
    def threads(self) -> int | None:
        """That a worker may use."""
        return max(1, int(self.cpus)) if self.device == "cpu" else None


@contextlib.contextmanager
def ray_fleet(
    address: str | None, config: BatchConfig, make_engine: MakeEngine = library_engine
) -> Iterator["RayFleet"]:
    """Workers of the cluster at `address`, or of the one that Ray finds, or of one that begins and ends here.

    Raises:
        BackendError: there is no cluster, or not the device that was asked for, or other code.
    """
    joined = ray.is_initialized()
    if not joined:
        stopping = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise BackendError(
                f"No Ray cluster is to be had at {address or 'an address of its own'}: {error}"
            ) from error
        if signal.getsignal(signal.SIGTERM) is not stopping:
            # Ray takes it, and would end this process without a word.
            signal.signal(signal.SIGTERM, stopping)
    try:
        yield RayFleet(config, make_engine)
    finally:
        if not joined:
            ray.shutdown()


class RayFleet:
    """See `recon.batch.fleet.Fleet`; Ray is connected to."""

    def __init__(self, config: BatchConfig, make_engine: MakeEngine):
        """Looks at every node that can have a worker.

        Raises:
            BackendError: none can, or one has other code.
        """
        self._config = config
        self._make_engine = make_engine
        nodes, self._seat, workers = _seats(config)
        self.machine = _machine(nodes, self._seat, workers)

    def start(self, device: str, staging: Path) -> "RayWorker":
        """One more actor, where Ray has room; until it has, the worker is not ready."""
        seat = self._seat
        hand = ray.remote(_Hand).options(
            num_cpus=seat.cpus, num_gpus=seat.gpus, scheduling_strategy="SPREAD", max_concurrency=2
        )
        arguments = (self._make_engine, device, self.machine.threads, self._config.kinds, staging.absolute())
        return RayWorker(device, hand.remote(*arguments))


class RayWorker(Worker):
    """An actor; what it says comes by way of a thread, so that its runner listens to it as to any other."""

    def __init__(self, device: str, actor: Any):
        """`actor` is a `_Hand`."""
        near_end, far_end = multiprocessing.Pipe()
        super().__init__(device, near_end)
        # Ray may have no room for it for long, and it does not hang for that.
        self.heard = math.inf
        self._actor = actor
        self._ended = "it hung"
        """How; said before its end of the pipe is closed."""
        threading.Thread(target=self._listen, args=(far_end,), daemon=True).start()

    def say(self, order: Order) -> None:
        """See `Worker`."""
        if order is not None:
            self._actor.submit.remote(_anywhere(order))

    def end(self) -> None:
        """See `Worker`; what it has done is said, and it has nothing else to do."""
        self.kill()

    def kill(self, within_seconds: float = 0) -> str:  # noqa: ARG002 - how it ended is said before it is noticed
        """See `Worker`."""
        ray.kill(self._actor)
        self.connection.close()
        return self._ended

    def _listen(self, far_end: Connection) -> None:
        with far_end, contextlib.suppress(OSError):
            try:
                for told in self._actor.messages.remote():
                    far_end.send(ray.get(told))
                self._ended = "its actor ended"
            except RayError as error:
                self._ended = f"its actor ended, {type(error).__name__}"


class _Hand:
    """The actor: a pipeline, and what it tells."""

    def __init__(self, make_engine: MakeEngine, device: str, threads: int | None, kinds: Sequence[str], staging: Path):
        self._told: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._refusal: Exception | None = None
        try:
            settle(device, threads)
            if not staging.is_dir():
                raise OutputError(
                    f"{staging.parent} is not there on the node {ray.util.get_node_ip_address()}; photos and OUT are "
                    "to be on a file system that all nodes see at the same path."
                )
            self._pipeline = Pipeline(make_engine, device, PeakMemory(torch.device(device)), kinds, self._told.put)
        except Exception as error:  # noqa: BLE001 - told to the runner
            self._refusal = error

    def submit(self, order: PackOrder) -> None:
        """One more pack."""
        self._pipeline.submit(order)

    def messages(self) -> Iterator[Message]:
        """Begin, and say how it goes, for as long as there is somebody to hear it."""
        if self._refusal is not None:
            yield Refused(self._refusal)
            return
        yield Ready()
        threading.Thread(target=self._run, daemon=True).start()
        while True:
            yield self._told.get()

    def _run(self) -> None:
        try:
            self._pipeline.run()
        finally:
            # The device is lost to this process, and orders are not ended by None here.
            os._exit(1)


@dataclass(frozen=True)
class _Facts:
    """Of a node."""

    memory_bytes: int
    device_name: str
    code: str


def _look(device: str, threads: int | None) -> _Facts:
    return _Facts(memory_bytes(device), device_name(torch.device(device), threads), code_version())


def _seats(config: BatchConfig) -> tuple[list[str], _Seat, int]:
    """Nodes that can have workers by id, what each worker gets, and how many there are."""
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    gpus = {node["NodeID"]: int(node["Resources"].get("GPU", 0)) for node in nodes if node["Resources"].get("GPU")}
    if config.device == "cuda" and not gpus:
        raise BackendError("device is cuda, but no node of the Ray cluster has a GPU; use cpu or auto.")
    if not nodes:
        raise BackendError("No node of the Ray cluster has a processor to give; start one: ray start --address ...")
    if gpus and config.device != "cpu":
        workers = config.workers or sum(gpus.values())
        sharing = math.ceil(workers / sum(gpus.values()))
        return list(gpus), _Seat("cuda:0", 1, 1 / sharing, sharing), workers
    workers = config.workers or len(nodes)
    sharing = math.ceil(workers / len(nodes))
    cpus = min(node["Resources"]["CPU"] for node in nodes)
    share = cpus / sharing if sharing > cpus else cpus // sharing
    return [node["NodeID"] for node in nodes], _Seat("cpu", share, 0, sharing), workers


def _machine(nodes: Sequence[str], seat: _Seat, workers: int) -> Machine:
    look = ray.remote(_look)
    looking = [
        look.options(
            num_cpus=seat.cpus,
            num_gpus=seat.gpus,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
        ).remote(seat.device, seat.threads)
        for node in nodes
    ]
    try:
        _, silent = ray.wait(looking, num_returns=len(looking), timeout=LOOK_SECONDS)
        if silent:
            raise BackendError(
                f"{len(silent)} of {len(nodes)} nodes of the Ray cluster did not say within {LOOK_SECONDS:g} s what "
                "they have: they are lost, or others' work leaves no room there; see `ray status`."
            )
        facts: list[_Facts] = ray.get(looking)
    except RayError as error:
        raise BackendError(f"A node of the Ray cluster cannot work: {error}") from error
    others = sorted({fact.code for fact in facts} - {code_version()})
    if others:
        raise BackendError(
            f"A node of the Ray cluster has snapsplat {others[0]}, and this one {code_version()}; install the same."
        )
    return Machine(
        places=(seat.device,) * workers,
        threads=seat.threads,
        most_bytes=round(SHARE * min(fact.memory_bytes for fact in facts) / seat.sharing),
        name=min(facts, key=lambda fact: fact.memory_bytes).device_name,
    )


def _anywhere(order: PackOrder) -> PackOrder:
    """With paths that do not depend on where a process began."""
    return replace(order, network=_network_anywhere(order.network), scenes=tuple(map(_scene_anywhere, order.scenes)))


def _network_anywhere(network: NetworkConfig) -> NetworkConfig:
    return replace(
        network,
        depth=replace(network.depth, corrector_weights=_weights_anywhere(network.depth.corrector_weights)),
        fuse=replace(network.fuse, judge_weights=_weights_anywhere(network.fuse.judge_weights)),
    )


def _weights_anywhere(chosen: str) -> str:
    return chosen if chosen in ("", RELEASED) else str(Path(chosen).absolute())


def _scene_anywhere(scene: SceneOrder) -> SceneOrder:
    return replace(
        scene,
        photos=tuple(map(_file_anywhere, scene.photos)),
        cameras=None if scene.cameras is None else _file_anywhere(scene.cameras),
        staged=scene.staged.absolute(),
    )


def _file_anywhere(file: InputFile) -> InputFile:
    return file if is_remote(file.place) else replace(file, place=str(Path(file.place).absolute()))
