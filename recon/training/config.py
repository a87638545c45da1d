"""Options of training: `configs/train.yaml` as dataclasses."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from recon.config import build_config, compose_tree
from recon.training.depth_task import DepthTaskConfig
from recon.training.judge_task import JudgeTaskConfig
from recon.training.loop import LoopConfig
from render.errors import ConfigError, require

STAGES: dict[str, type[DepthTaskConfig] | type[JudgeTaskConfig]] = {"depth": DepthTaskConfig, "judge": JudgeTaskConfig}
"""By the names of `configs/stage`."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that training can be told."""

    stage: DepthTaskConfig | JudgeTaskConfig = field(default_factory=DepthTaskConfig)
    """What is trained: one of `configs/stage`."""
    captures: str = ""
    """Folder of one's own capture, or of several, to train on; empty: random rooms."""
    start: str = ""
    """Weights that training begins with: a .safetensors file, or `released`; empty: none, it begins anew."""
    workers: int = 1
    """Processes that make samples beside the one that trains; 0: use only those that are there."""
    loop: LoopConfig = field(default_factory=LoopConfig)

    def __post_init__(self) -> None:
        require(self.workers >= 0, "workers", self.workers, "0 or more")


def load_train_config(overrides: Sequence[str] = ()) -> TrainConfig:
    """The configuration after Hydra overrides such as `stage=depth loop.steps=1000`.

    Raises:
        ConfigError: an override is malformed, names nothing that exists, or has a value of the wrong type or range.
    """
    tree = compose_tree("train", overrides)
    # Built first, so that a typo is refused by its name and not as fitting no stage at all.
    name = tree.get("stage", {}).get("name")
    if name not in STAGES:
        raise ConfigError(f"stage.name is {name}; it must be one of {', '.join(STAGES)}.")
    stage = build_config(STAGES[name], tree.pop("stage"))
    return replace(build_config(TrainConfig, tree), stage=stage)
