"""Scenes a minute of `snapsplat batch`, and where one runner's machine would end: two markdown tables.

    python -m bench.batch [--scenes 200] [--size 96] [--scenes-a-gpu 40]

The first renders rooms of two to four photos in two shapes, and makes scenes of them with the real engine: one at a
time by the library, one a pack, packed, packed with two workers, and packed with two actors of Ray where it is
installed. The second has workers whose engine only sleeps, a simulated GPU each; ledger, decoding and files are real.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2

from data_tools.room import room
from recon.batch.config import BatchConfig
from recon.batch.fleet import Fleet
from recon.batch.prepare import Wanted
from recon.batch.run import run
from recon.batch.scene_options import RunOptions
from recon.network.splat_network import NetworkConfig
from recon.reconstruction import Reconstruction
from recon.reconstructor import Reconstructor
from recon.views import Views
from tests.recon.batch.fake_runs import Forked
from tests.recon.small_scene import small_reconstruction_of

SHAPES_WH = ((192, 144), (144, 192))
FOCAL_PX = 165.0
GPUS = (1, 2, 4, 8, 16, 32, 64)
PACK_SECONDS, SCENE_SECONDS = 0.05, 0.5
"""Of the simulated device: a pack, and each of its scenes."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--scenes-a-gpu", type=int, default=40)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning.\n")
    with tempfile.TemporaryDirectory() as folder:
        # What other runs have measured here would have its say in how packs are cut.
        os.environ["XDG_CACHE_HOME"] = folder
        # First, since its workers are forked, which is safe only before torch and OpenCV have threads.
        if arguments.scenes_a_gpu:
            simulated(Path(folder), arguments.scenes_a_gpu)
        if arguments.scenes:
            real(Path(folder), arguments.scenes, arguments.size)


def real(folder: Path, scenes: int, size: int) -> None:
    """Ways to make the same scenes."""
    captures = folder / "captures"
    for i in range(scenes):
        write_capture(captures / f"{i:04d}", i, 2 + i % 3, SHAPES_WH[i // 3 % 2])
    print(f"{scenes} scenes of two to four photos, size {size}:\n")
    print("| | scenes / min | seconds |\n|---|---|---|")
    reconstructor = Reconstructor(size=size)
    for warm in range(2):
        reconstructor.reconstruct([captures / f"{warm:04d}"]).save(folder / "warm")
    since = time.perf_counter()
    for capture in sorted(captures.iterdir()):
        reconstructor.reconstruct([capture]).save(folder / "alone" / capture.name)
    tell("the library, one after the other", scenes, time.perf_counter() - since)
    ways = (
        ("`snapsplat batch`, one a pack", BatchConfig(workers=1, batch_seconds=1e-9)),
        ("packed", BatchConfig(workers=1)),
        ("packed, two workers", BatchConfig(workers=2)),
    )
    for i, (name, config) in enumerate(ways):
        tell(name, scenes, seconds_of(captures, folder / f"out-{i}", size, config))
    if find_spec("ray") is not None:
        since = time.perf_counter()
        from recon.batch.ray_fleet import ray_fleet

        config = BatchConfig(workers=2)
        with ray_fleet("local", config) as fleet:
            seconds_of(captures, folder / "out-ray", size, config, fleet)
        tell("packed, Ray local with two actors", scenes, time.perf_counter() - since)
    print("\nThe time of a batch is its whole run, loading and reports included.\n")


def simulated(folder: Path, scenes_a_gpu: int) -> None:
    """More GPUs than there are here."""
    cv2.setNumThreads(0)
    write_capture(folder / "small", 0, 2, (96, 64))
    print(f"Simulated: a GPU takes {PACK_SECONDS} s for a pack and {SCENE_SECONDS} s for each of its scenes.\n")
    print(
        "| GPUs | scenes | scenes / s | of one's, times GPUs | runner's processor, ms / scene |\n|---|---|---|---|---|"
    )
    RunOptions(size=64).scene()  # Composing a configuration takes long, and is kept.
    first = 0.0
    for gpus in GPUS:
        scenes = scenes_a_gpu * gpus
        table = folder / f"{gpus}.csv"
        table.write_text("\n".join(["id,images", *(f"{i:05d},small" for i in range(scenes))]))
        config = BatchConfig(workers=gpus, kinds=("scene.ply", "cameras.json", "report.json"))
        wanted = Wanted(str(table), folder / f"simulated-{gpus}", RunOptions(size=64))
        since, processor = time.perf_counter(), time.process_time()
        run(wanted, config, _nothing, _nothing, SleepingEngine, Forked())  # type: ignore[arg-type]
        rate = scenes / (time.perf_counter() - since)
        first = first or rate
        used = 1000 * (time.process_time() - processor) / scenes
        print(f"| {gpus} | {scenes} | {rate:.1f} | {rate / first / gpus:.0%} | {used:.1f} |", flush=True)
    print(f"\nBy its processor time, one runner would end at {1000 / used:.0f} scenes / s.\n")


def write_capture(folder: Path, seed: int, views: int, size_wh: tuple[int, int]) -> None:
    """Photos of a textured room."""
    folder.mkdir(parents=True)
    for view, photo in enumerate(room(views, size_wh, FOCAL_PX, seed).photos):
        cv2.imwrite(str(folder / f"{view}.png"), photo[..., ::-1])


def seconds_of(captures: Path, out: Path, size: int, config: BatchConfig, fleet: Fleet | None = None) -> float:
    """Of one whole run."""
    since = time.perf_counter()
    entries = run(Wanted(str(captures), out, RunOptions(size=size)), config, _nothing, _nothing, fleet=fleet)
    failed = [entry.error for entry in entries if entry.state != "done"]
    if failed:
        print(f"{len(failed)} failed, the first: {failed[0]}")
    return time.perf_counter() - since


def tell(name: str, scenes: int, seconds: float) -> None:
    """A row."""
    print(f"| {name} | {60 * scenes / seconds:.1f} | {seconds:.1f} |", flush=True)


def _nothing(*_: object) -> None:
    pass


@dataclass
class SleepingEngine:
    """A GPU that takes its time and makes the same small scene again and again."""

    network: NetworkConfig
    device: str

    def reconstruct(self, scenes: Sequence[Views], seed: int) -> list[Reconstruction]:
        """See `recon.batch.pipeline.BatchEngine`."""
        time.sleep(PACK_SECONDS + SCENE_SECONDS * len(scenes))
        return [small_reconstruction_of(views, seed, {"stages": {}, "warnings": []}) for views in scenes]


if __name__ == "__main__":
    main()
