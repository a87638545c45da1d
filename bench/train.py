"""Steps a second of each training stage, and where the time goes: `python bench/train.py`, a markdown table.

Seconds are those that one core works, in half the bits where training has them too. Scenes are random rooms, made by
the classes that training uses; one of each stage comes first and doesn't count, since it compiles. A step is timed
part by part, one after the other, where training reads ahead in threads and makes samples in other processes.
"""

import argparse
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numba
import torch
from lightning.fabric import Fabric

from data_tools.rooms.source import RoomsSource
from recon.training import depth_samples, judge_samples, loop
from recon.training.depth_task import DepthTask, DepthTaskConfig
from recon.training.judge_task import JudgeTask, JudgeTaskConfig
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import TrainingScene

SCENES = 4
STEPS = 3
BATCH = loop.LoopConfig().batch
PARTS = ("scene", "stages", "read", "forward", "backward", "optimizer", "validate")


@dataclass
class Clock:
    """Mean seconds of each part."""

    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))

    @contextmanager
    def part(self, name: str, times: int) -> Iterator[None]:
        """One of so many `times` that a part is run."""
        start = time.process_time()
        yield
        self.spent[name] += (time.process_time() - start) / times


class DepthStage:
    """Samples of every view of a scene, and their task."""

    def __init__(self, size: int, folder: Path):
        self.config = DepthTaskConfig(size=size, first=SCENES, scenes=SCENES, validation=1)
        self.samples = SamplesFolder(folder, self.config.views)
        self.task = DepthTask(self.config, self.samples, self.samples, 0)
        self.sampler = depth_samples.DepthSampler(size)

    def made(self, scene: TrainingScene, seed: int) -> Sequence[bytes]:
        return [depth_samples.to_bytes(sample) for sample in self.sampler(scene, seed)]


class JudgeStage:
    """One sample of a scene, and their task."""

    def __init__(self, size: int, folder: Path):
        self.config = JudgeTaskConfig(size=size, first=SCENES, scenes=SCENES, validation=1)
        self.samples = SamplesFolder(folder, 1)
        self.task = JudgeTask(self.config, self.samples, self.samples, 0)
        self.sampler = judge_samples.JudgeSampler(size)

    def made(self, scene: TrainingScene, seed: int) -> Sequence[bytes]:
        return [judge_samples.to_bytes(self.sampler(scene, seed))]


def measure(stage: DepthStage | JudgeStage) -> dict[str, float]:
    """Mean seconds of each part: `scene` and `stages` of a scene, `validate` of a picture, the others of a step."""
    clock = Clock()
    make_samples(stage, Clock(), -1)
    for scene in range(SCENES):
        make_samples(stage, clock, scene)
    fabric = Fabric(accelerator="cpu", devices=1, precision=loop._precision())
    model, optimizer = fabric.setup(stage.task.model, torch.optim.AdamW(stage.task.model.parameters()))
    for step in range(STEPS + 1):
        # The first step doesn't count either.
        times, on = (STEPS, clock) if step else (1, Clock())
        with on.part("read", times):
            batch = stage.task.batch(step, BATCH if step else 1, 0)
        with on.part("forward", times), fabric.autocast():
            loss = stage.task.loss(model.module, batch)
        with on.part("backward", times):
            fabric.backward(loss)
        with on.part("optimizer", times):
            fabric.clip_gradients(model, optimizer, max_norm=1.0)
            optimizer.step()
            optimizer.zero_grad()
    pictures = stage.config.views if isinstance(stage, DepthStage) else judge_samples.TARGETS
    with clock.part("validate", pictures), torch.no_grad():
        stage.task.validate(stage.task.model, fabric.device)
    return clock.spent


def make_samples(stage: DepthStage | JudgeStage, clock: Clock, scene: int) -> None:
    """Of one scene of the validation's, into the stage's folder; those of scene -1 are for nothing."""
    size = stage.config.size
    rooms = RoomsSource("validation", stage.config.views, (2 * size, 2 * size * 3 // 4))
    with clock.part("scene", SCENES):
        photographed = rooms[scene % len(rooms)]
    with clock.part("stages", SCENES):
        made = stage.made(photographed, scene % len(rooms))
    for view, content in enumerate(made if scene >= 0 else ()):
        stage.samples.path(scene, view).write_bytes(content)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=192, help="long side of the working grid")
    size = parser.parse_args().size
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    cv2.setNumThreads(1)
    print(
        f"{loop._precision()}, grids of {size}x{size * 3 // 4}, {BATCH} samples a step, means of {SCENES} scenes and "
        f"{STEPS} steps.\n"
    )
    print("| stage | draw a scene | first stages on it | samples of it | read a step | forward | backward | optimizer "
          "| steps a second | making what a step uses up | validate a picture |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, kind in (("depth", DepthStage), ("judge", JudgeStage)):
        with tempfile.TemporaryDirectory() as folder:
            stage = kind(size, Path(folder))
            s = measure(stage)
        step = s["read"] + s["forward"] + s["backward"] + s["optimizer"]
        scenes = BATCH / (stage.samples.views * stage.config.reuse)
        print(
            f"| {name} | {s['scene']:.2f} s | {s['stages']:.2f} s | {stage.samples.views} | {1e3 * s['read']:.0f} ms "
            f"| {1e3 * s['forward']:.0f} ms | {1e3 * s['backward']:.0f} ms | {1e3 * s['optimizer']:.0f} ms "
            f"| {1 / step:.2f} | {scenes * (s['scene'] + s['stages']):.2f} s | {s['validate']:.2f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
