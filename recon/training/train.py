"""One stage, from scenes to weights."""

from collections.abc import Callable
from pathlib import Path

from recon.training.config import TrainConfig
from recon.training.depth_task import DepthTask, DepthTaskConfig, MakeDepthSamples
from recon.training.judge_task import JudgeTask, JudgeTaskConfig, MakeJudgeSamples
from recon.training.loop import Report, Task, run
from recon.training.samples_folder import SamplesFolder
from recon.training.scenes import SceneSource
from render.errors import require

Sources = Callable[[int, tuple[int, int]], tuple[SceneSource, SceneSource]]
"""Photos a scene and their size -> scenes to train on, and others to validate on."""
WIDTH, HEIGHT = 4, 3
"""Of training photos."""


def train(config: TrainConfig, folder: Path, sources: Sources, report: Report = print) -> dict[str, float]:
    """Train in `folder`, from where an earlier run there was stopped; the best validation's figures.

    Samples are kept in `folder/samples` and `folder/validation`, weights beside them: see `recon.training.loop`.
    """
    stage = config.stage
    # Twice the working grid: reduced as real photos are, and what matching looks at.
    size_wh = (2 * stage.size, 2 * stage.size * HEIGHT // WIDTH)
    scenes, held_out = sources(stage.views, size_wh)
    require(stage.validation <= len(held_out), "stage.validation", stage.validation, f"at most {len(held_out)}")
    files = 1 if isinstance(stage, JudgeTaskConfig) else stage.views
    samples, validation = (SamplesFolder(folder / name, files) for name in ("samples", "validation"))
    maker = MakeJudgeSamples(stage.size) if isinstance(stage, JudgeTaskConfig) else MakeDepthSamples(stage.size)
    if config.workers:
        validation.fill(held_out, maker, range(stage.validation))
    workers = samples.start_filling(scenes, maker, min(stage.scenes, len(scenes)), config.workers)
    try:
        return run(_task(stage, samples, validation, config.loop.seed), config.loop, folder, report)
    finally:
        for worker in workers:
            worker.terminate()


def _task(
    stage: DepthTaskConfig | JudgeTaskConfig, samples: SamplesFolder, validation: SamplesFolder, seed: int
) -> Task:
    if isinstance(stage, JudgeTaskConfig):
        return JudgeTask(stage, samples, validation, seed)
    return DepthTask(stage, samples, validation, seed)
