"""Training on a machine with CUDA and without a network, in minutes, from a checkout: see docs/gpu.md.

    python bench/gpu_train.py --carried carried/ --minutes 9

Installs the wheels that were carried, trains the correction of depth and then the judge from where they stand, and
leaves weights, what going on needs, and a report. The same command goes on. Runs without CUDA too, for trying it out.
It lives in bench/, with the other command for such machines: it is for a checkout, and no part of the package.
"""

import argparse
import logging
import os
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
# Before NumPy and torch: processes that make samples share the cores, and inherit this.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

PACKING_SECONDS = 15.0
"""To write what is brought back."""
JUDGE_WORKERS = 0.25
"""Share of the cores that makes samples while the judge learns: its steps draw on the CPU, and take many times what
their samples take (`python bench/train.py`)."""
DISK_SHARE = 0.35
"""Of what is free, that samples of each stage may take."""


def main() -> None:
    """Both stages, one after the other."""
    started = time.monotonic()
    told = _arguments()
    from bench.carried import install_carried, unpack_state, use_furniture

    if told.carried.is_dir():
        install_carried(told.carried)
    facts = [use_furniture(told.carried)]
    unpack_state(told.carried, told.run)

    import torch

    from bench.brought_back import StageReport, bring_back
    from bench.stage_run import Stage, begin, make_validation, run_stage

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    where = torch.cuda.get_device_name() if device.type == "cuda" else "no CUDA"
    cores = len(os.sched_getaffinity(0))
    facts = [f"torch {torch.__version__}, {where}, {cores} cores, grids of {told.size}, rooms {facts[0]}"]
    said: list[str] = []

    def say(line: str) -> None:
        said.append(f"{time.monotonic() - started:6.0f} s  {line}")
        print(said[-1], flush=True)

    workers = {"depth": max(1, cores - 2), "judge": max(1, round(cores * JUDGE_WORKERS))}
    shares = {"depth": told.depth_share, "judge": 1 - told.depth_share}
    stages = {
        name: Stage(name, told.run / name, _options(told, name, workers[name])) for name in shares if shares[name] > 0
    }
    for stage in stages.values():
        make_validation(stage)
        say(f"{stage.name}: samples to validate on are there")
    reports: list[StageReport] = []
    over = started + 60 * told.minutes - PACKING_SECONDS * len(stages)
    for name, stage in stages.items():
        _use_cores(max(1, cores - workers[name]))
        begun = begin(stage, told.carried / f"{name}.safetensors", device, say)
        left = over - time.monotonic()
        ends = time.monotonic() + left * (shares[name] if stage is not list(stages.values())[-1] else 1)
        stage = Stage(name, stage.folder, (*stage.options, f"stage.scenes={_most_scenes(stage)}"))
        reports.append(run_stage(stage, begun, ends, device, say))
        # After each stage, for whoever is stopped before the end.
        bring_back(told.run, told.out, reports, facts, said)
    say(f"{told.out}: {', '.join(sorted(path.name for path in told.out.iterdir()))}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--carried", type=Path, default=Path("carried"), help="folder of what was carried along")
    parser.add_argument("--run", type=Path, default=Path("runs/gpu"), help="folder where it trains and goes on")
    parser.add_argument(
        "--out", type=Path, default=Path(os.environ.get("OUT", "out/gpu_train")), help="folder of what is brought back"
    )
    parser.add_argument("--minutes", type=float, default=9.0, help="of this call, everything counted")
    parser.add_argument("--depth-share", type=float, default=0.6, help="of the time; 0 or 1: one stage alone")
    parser.add_argument("--size", type=int, default=256, help="long side of the working grid")
    parser.add_argument("--validation", type=int, default=24, help="scenes to validate depth on; half for the judge")
    parser.add_argument("--batch", type=int, default=32, help="samples a step of depth; an eighth for the judge")
    return parser.parse_args()


def _options(told: argparse.Namespace, name: str, workers: int) -> tuple[str, ...]:
    """Steps of the judge take many times longer, and so does its validation; its samples are used less often."""
    judge = name == "judge"
    return (
        f"stage.size={told.size}",
        f"stage.validation={max(1, told.validation // 2) if judge else told.validation}",
        f"loop.batch={max(1, told.batch // 8) if judge else told.batch}",
        f"loop.loaders={2 if judge else 8}",
        f"loop.warmup={20 if judge else 200}",
        f"loop.save_every={50 if judge else 250}",
        f"stage.reuse={3 if judge else 8}",
        f"stage.first={min(32, 2 * workers)}",
        f"workers={workers}",
    )


def _use_cores(count: int) -> None:
    """In this process, for what draws on the CPU."""
    import numba
    import torch

    torch.set_num_threads(count)
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))


def _most_scenes(stage) -> int:
    """So many scenes' samples have room on the disk, by those of the validation."""
    files = list((stage.folder / "validation").glob("*.npz"))
    a_scene = sum(path.stat().st_size for path in files) / len(files) * stage.views
    return max(stage.scenes_made(), int(DISK_SHARE * shutil.disk_usage(stage.folder).free / a_scene), 32)


if __name__ == "__main__":
    main()
