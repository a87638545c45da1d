"""One stage's training within a time: samples to validate on, where it begins, steps, and the learning rate's fall.

How many steps a machine makes is known only once it has made some. So most of the time goes to steps at the highest
learning rate; from their pace follows how many more there are time for, over which the rate falls to nothing.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch

from bench.brought_back import StageReport
from data_tools.rooms.source import RoomsSource
from recon.training.config import TrainConfig, load_train_config
from recon.training.depth_task import DepthTask, DepthTaskConfig
from recon.training.filling import Filling
from recon.training.judge_task import JudgeTask, JudgeTaskConfig
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import SceneSource
from recon.training.train import HEIGHT, WIDTH, maker_of, train
from recon.weight_files import SHA256, load_weights
from render.files.atomic import write_atomically

Say = Callable[[str], None]
FALL = 0.2
"""Share of a stage's time over which the learning rate falls."""
NEVER = 1_000_000_000
"""Steps."""
LEAST_MINUTES = 0.02


@dataclass(frozen=True)
class Stage:
    """What a stage is told, and where it trains."""

    name: str
    folder: Path
    options: tuple[str, ...]
    """Overrides of `configs/train.yaml`, without time and steps."""

    def config(self, *more: str) -> TrainConfig:
        return load_train_config([f"stage={self.name}", *self.options, *more])

    @property
    def views(self) -> int:
        """Samples of a scene."""
        stage = self.config().stage
        return 1 if isinstance(stage, JudgeTaskConfig) else stage.views

    def samples(self, name: str) -> SamplesFolder:
        return SamplesFolder(self.folder / name, self.views)

    def task(self) -> DepthTask | JudgeTask:
        stage, folders = self.config().stage, (self.samples("samples"), self.samples("validation"))
        torch.manual_seed(0)
        return JudgeTask(stage, *folders, 0) if isinstance(stage, JudgeTaskConfig) else DepthTask(stage, *folders, 0)

    def scenes_made(self) -> int:
        return len(list((self.folder / "samples").glob(f"*_{self.views - 1}.npz")))


def rooms(views: int, size_wh: tuple[int, int]) -> tuple[SceneSource, SceneSource]:
    """To train on, and to validate on."""
    return RoomsSource("train", views, size_wh), RoomsSource("validation", views, size_wh)


def make_validation(stage: Stage) -> None:
    """By all workers; training itself makes them one after the other. Ends everything if there is no drawing here."""
    config = stage.config()
    told: DepthTaskConfig | JudgeTaskConfig = config.stage
    size_wh = (2 * told.size, 2 * told.size * HEIGHT // WIDTH)
    folder, (_, held_out) = stage.samples("validation"), rooms(told.views, size_wh)
    folder.folder.mkdir(parents=True, exist_ok=True)
    with Filling(folder, held_out, maker_of(told), told.validation, max(config.workers, 1)) as filling:
        waiting = SamplesFolder(folder.folder, stage.views, filling.check)
        for scene in range(told.validation):
            waiting.read(scene, stage.views - 1)


def begin(stage: Stage, weights: Path, device: torch.device, say: Say) -> str:
    """Leave in the stage's folder what training goes on from, validated; says in words what that is."""
    last, best = stage.folder / "last.pt", stage.folder / "best.safetensors"
    if last.exists():
        if not best.exists() and weights.exists():
            best.write_bytes(safetensors.torch.save(_floats(weights)))
        return "an earlier call"
    task = stage.task()
    if weights.exists():
        task.model.load_state_dict(_floats(weights))
        begun = weights.name
    elif stage.name in SHA256:
        task.model.load_state_dict(load_weights(stage.name))
        begun = "the released weights"
    else:
        begun = "nothing"
    start = time.monotonic()
    figures = validated(task, device)
    seconds = time.monotonic() - start
    say(f"{stage.name} begins with {begun}: {words(figures)} ({seconds:.0f} s to validate)")
    write_atomically(stage.folder / "before.json", json.dumps({"figures": figures, "seconds": seconds}).encode())
    state = {name: value.cpu().contiguous() for name, value in task.model.state_dict().items()}
    write_atomically(best, safetensors.torch.save(state))
    _save_last(last, {
        "model": state, "average": state, "step": 0, "best": figures,
        "optimizer": torch.optim.AdamW(task.model.parameters()).state_dict(),
    })  # fmt: skip
    return begun


def run_stage(stage: Stage, begun: str, ends: float, device: torch.device, say: Say) -> StageReport:
    """Train until `ends`, by the monotonic clock, and a few seconds longer if the last steps are slow."""
    before = json.loads((stage.folder / "before.json").read_text())
    ends -= 1.3 * before["seconds"]
    first, made, started = _last(stage)["step"], stage.scenes_made(), time.monotonic()
    train(stage.config(f"loop.steps={NEVER}", _minutes((ends - started) * (1 - FALL))), stage.folder, rooms, say)
    middle, now = _last(stage)["step"], time.monotonic()
    steps = middle + max(1, int((ends - now) / (now - started) * (middle - first)))
    if now < ends:
        falling = (f"loop.steps={steps}", f"loop.cooldown={(steps - middle) / steps}", _minutes(ends - now))
        train(stage.config(*falling), stage.folder, rooms, say)
    last, finished = _last(stage), time.monotonic()
    if last["step"] < steps:
        last = _keep_if_best(stage, last, device, say)
    pace = (finished - started) / (last["step"] - first)
    scenes = (made, stage.scenes_made())
    return StageReport(stage.name, begun, (first, last["step"]), pace, scenes, before["figures"], last["best"])


def validated(task: DepthTask | JudgeTask, device: torch.device) -> dict[str, float]:
    """Figures of the task's model as it is."""
    model = task.model.to(device).eval()
    with torch.no_grad():
        return task.validate(model, device)


def words(figures: dict[str, float]) -> str:
    """For people to read."""
    return ", ".join(f"{name} {value:.4f}" for name, value in figures.items())


def _keep_if_best(stage: Stage, last: dict, device: torch.device, say: Say) -> dict:
    """Validate the average where time was over before its turn; the state after that."""
    task = stage.task()
    task.model.load_state_dict(last["average"])
    figures = validated(task, device)
    say(f"{stage.name} stopped at step {last['step']}: {words(figures)}")
    first = next(iter(figures))
    if not figures[first] < last["best"].get(first, float("inf")):
        return last
    write_atomically(stage.folder / "best.safetensors", safetensors.torch.save(last["average"]))
    _save_last(stage.folder / "last.pt", last | {"best": figures})
    return last | {"best": figures}


def _last(stage: Stage) -> dict:
    return torch.load(stage.folder / "last.pt", map_location="cpu", weights_only=True)


def _save_last(path: Path, held: dict) -> None:
    temporary = path.with_suffix(".new")
    torch.save(held, temporary)
    temporary.rename(path)


def _floats(weights: Path) -> dict[str, torch.Tensor]:
    return {name: value.float() for name, value in safetensors.torch.load_file(weights).items()}


def _minutes(seconds: float) -> str:
    return f"loop.minutes={max(seconds / 60, LEAST_MINUTES)}"
