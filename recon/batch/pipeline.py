"""Packs of scenes through one device: photos are read before, and files written after, while the device works.

    orders -> reading thread -> device (the thread that calls `run`) -> writing thread -> what is told

Knows neither processes nor the ledger: whatever has a device can hold one, and hand it orders.
"""

import queue
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from recon.batch.ledger import kind_of
from recon.batch.messages import Message, Order, PackEnded, PackOrder, SceneFailed, SceneMade
from recon.batch.one_scene import ReadScene, read_scene, write_scene
from recon.device_memory import PeakMemory, ran_out_of_memory
from recon.network.splat_network import NetworkConfig
from recon.reconstruction import Reconstruction
from recon.views import Views
from render.errors import SnapsplatError

Answer = Reconstruction | SceneFailed
DEVICE_LOST = "CUDA error"
"""What torch says where nothing will run in this process any more."""
AHEAD = 2
"""Packs that wait for the device, and packs that wait to be written, at most: what is read and made takes memory."""


@runtime_checkable
class BatchEngine(Protocol):
    """See `recon.engine.Engine`."""

    def reconstruct(self, scenes: Sequence[Views], seed: int) -> list[Reconstruction | SnapsplatError]:
        """One answer for each scene, in order."""
        ...


MakeEngine = Callable[[NetworkConfig, str], BatchEngine]
"""Network and device -> an engine."""


@dataclass(eq=False)
class _Pack:
    """On its way through."""

    order: PackOrder
    scenes: list[ReadScene] = field(default_factory=list)
    ran: int = 0
    seconds: float = 0.0
    peak_bytes: int = 0
    ran_out: bool = False


class Pipeline:
    """Takes orders as they come, in their order. Nothing that happens to a scene ends it."""

    def __init__(
        self,
        make_engine: MakeEngine,
        device: str,
        memory: PeakMemory,
        kinds: Sequence[str],
        tell: Callable[[Message], None],
    ):
        """`tell` is called from several threads, one at a time for one scene."""
        self._make_engine = make_engine
        self._device = device
        self._memory = memory
        self._kinds = kinds
        self._tell = tell
        self._engine: tuple[NetworkConfig, BatchEngine] | None = None
        self._orders: queue.Queue[Order] = queue.Queue()
        self._read: queue.Queue[_Pack | None] = queue.Queue(AHEAD)
        self._made: queue.Queue[tuple[_Pack, list[Answer]] | None] = queue.Queue(AHEAD)

    def submit(self, order: Order) -> None:
        """One more pack; None is the last."""
        self._orders.put(order)

    def run(self) -> None:
        """Until the last order is done.

        Raises:
            RuntimeError: the device is lost, and with it what this process has of it.
        """
        writing = threading.Thread(target=self._writing, daemon=True)
        threading.Thread(target=self._reading, daemon=True).start()
        writing.start()
        while (pack := self._read.get()) is not None:
            self._made.put((pack, self._on_device(pack)))
        self._made.put(None)
        writing.join()

    def _reading(self) -> None:
        while (order := self._orders.get()) is not None:
            pack = _Pack(order)
            for scene in order.scenes:
                try:
                    pack.scenes.append(read_scene(scene))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is this scene's alone
                    self._tell(_failed(order.number, scene.id, error))
            self._read.put(pack)
        self._read.put(None)

    def _on_device(self, pack: _Pack) -> list[Answer]:
        if not pack.scenes:
            return []
        loads = self._engine is None or self._engine[0] != pack.order.network
        self._memory.restart()
        since = time.perf_counter()
        answers = self._answers(pack, pack.scenes)
        pack.seconds = time.perf_counter() - since
        if loads:
            # Loading, and compiling what is compiled lazily, say nothing of the next pack.
            pack.ran = 0
        pack.peak_bytes = self._memory.bytes
        return answers

    def _answers(self, pack: _Pack, scenes: list[ReadScene]) -> list[Answer]:
        """Where a pack fails as a whole, its halves are tried, so that a scene fails by its own fault alone."""
        try:
            engine = self._engine_for(pack.order.network)
            views = [scene.input.views for scene in scenes]
            answers = _without_tracebacks(pack, scenes, engine.reconstruct(views, pack.order.seed))
        except Exception as error:
            if DEVICE_LOST in str(error) and not ran_out_of_memory(error):
                raise
            pack.ran_out |= ran_out_of_memory(error)
            if len(scenes) == 1:
                return [_failed(pack.order.number, scenes[0].order.id, error)]
        else:
            pack.ran = len(answers) if len(answers) == len(pack.scenes) else 0
            return answers
        half = len(scenes) // 2
        return self._answers(pack, scenes[:half]) + self._answers(pack, scenes[half:])

    def _engine_for(self, network: NetworkConfig) -> BatchEngine:
        if self._engine is None or self._engine[0] != network:
            # The old one's memory is to be free before the new one is loaded.
            self._engine = None
            self._engine = network, self._make_engine(network, self._device)
        return self._engine[1]

    def _writing(self) -> None:
        while (made := self._made.get()) is not None:
            pack, answers = made
            for scene, answer in zip(pack.scenes, answers, strict=True):
                self._tell(self._written(pack, scene, answer))
            number = pack.order.number
            self._tell(PackEnded(number, pack.ran, pack.seconds, pack.peak_bytes, pack.ran_out))

    def _written(self, pack: _Pack, scene: ReadScene, answer: Answer) -> Message:
        if isinstance(answer, SceneFailed):
            return answer
        since = time.perf_counter()
        try:
            outputs = write_scene(answer, scene, pack.order.seed, self._kinds)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this scene's alone
            return _failed(pack.order.number, scene.order.id, error)
        share = pack.seconds / len(pack.scenes)
        return SceneMade(
            pack=pack.order.number,
            id=scene.order.id,
            sha256=scene.sha256,
            outputs=outputs,
            seconds=round(scene.input.seconds + share + time.perf_counter() - since, 3),
            peak_bytes=pack.peak_bytes,
            quality=answer.report.get("quality"),
            verdict=answer.report.get("verdict"),
        )


def _without_tracebacks(
    pack: _Pack, scenes: Sequence[ReadScene], answers: Sequence[Reconstruction | SnapsplatError]
) -> list[Answer]:
    """An exception that waits to be told would keep, by its traceback, all that the device had for it."""
    return [
        answer if isinstance(answer, Reconstruction) else _failed(pack.order.number, scene.order.id, answer)
        for scene, answer in zip(scenes, answers, strict=True)
    ]


def _failed(pack: int, id: str, error: Exception) -> SceneFailed:
    if isinstance(error, SnapsplatError):
        return SceneFailed(pack, id, kind_of(error), str(error))
    if ran_out_of_memory(error):
        return SceneFailed(pack, id, "MemoryError", "Out of memory; try a smaller size or fewer photos.")
    trace = "".join(traceback.format_exception(error))
    return SceneFailed(pack, id, "Bug", f"A mistake in the code: {error!r}; the log says where.", trace)
