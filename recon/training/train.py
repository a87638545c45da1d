"""One stage, from scenes to weights."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from recon.output_folder import check_output_folder
from recon.training.checkpoint import LAST
from recon.training.config import TrainConfig
from recon.training.depth_task import DepthTask, DepthTaskConfig, MakeDepthSamples
from recon.training.filling import Filling
from recon.training.judge_task import JudgeTask, JudgeTaskConfig, MakeJudgeSamples
from recon.training.loop import Report, Task, run
from recon.training.only_one import is_first, only_one
from recon.training.options_file import remember
from recon.training.samples_folder import Maker, SamplesFolder
from recon.training.scenes import SceneSource
from recon.weight_files import give_weights

Sources = Callable[[int, tuple[int, int]], tuple[SceneSource, SceneSource]]
"""Photos a scene and their size -> scenes to train on, and others to validate on."""
WIDTH, HEIGHT = 4, 3
"""Of training photos."""


def train(config: TrainConfig, folder: Path, sources: Sources, report: Report = print) -> dict[str, float]:
    """Train in `folder`, from where an earlier run there was stopped; the best validation's figures.

    Samples are kept in `folder/samples` and `folder/validation`, options and weights beside them: see
    `recon.training.options_file` and `recon.training.checkpoint`.

    Raises:
        OutputError: `folder` is a file, cannot be written, or another process trains there.
        ConfigError: options do not fit each other, or not the training that `folder` holds.
        SnapsplatError: a scene cannot be used, or whatever else a source refuses.
    """
    check_output_folder(folder)
    stage = config.stage
    # Twice the working grid: reduced as real photos are, and what matching looks at.
    size_wh = (2 * stage.size, 2 * stage.size * HEIGHT // WIDTH)
    scenes, held_out = sources(stage.views, size_wh)
    files = 1 if isinstance(stage, JudgeTaskConfig) else stage.views
    stage = replace(stage, scenes=min(stage.scenes, len(scenes)), validation=min(stage.validation, len(held_out)))
    validation = SamplesFolder(folder / "validation", files)
    # Under `torchrun`, the first process makes samples for all.
    workers = config.workers if is_first() else 0
    filling = Filling(SamplesFolder(folder / "samples", files), scenes, maker_of(stage), stage.scenes, workers)
    samples = SamplesFolder(folder / "samples", files, filling.check)
    task = _task(stage, samples, validation, config.loop.seed)
    if config.start and not (folder / LAST).exists():
        give_weights(task.model, stage.name, config.start, "start")
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder):
        remember(config, folder)
        if workers:
            validation.fill(held_out, maker_of(stage), range(stage.validation))
        with filling:
            return run(task, config.loop, folder, report)


def maker_of(stage: DepthTaskConfig | JudgeTaskConfig) -> Maker:
    """A new one each time: one that has made samples holds networks, and would take them to other processes."""
    return MakeJudgeSamples(stage.size) if isinstance(stage, JudgeTaskConfig) else MakeDepthSamples(stage.size)


def _task(
    stage: DepthTaskConfig | JudgeTaskConfig, samples: SamplesFolder, validation: SamplesFolder, seed: int
) -> Task:
    if isinstance(stage, JudgeTaskConfig):
        return JudgeTask(stage, samples, validation, seed)
    return DepthTask(stage, samples, validation, seed)
