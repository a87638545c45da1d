"""What the training in a folder was told, kept beside it: going on with something else would mix what does not fit."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from recon.training.config import TrainConfig
from render.errors import ConfigError, FileFormatError
from render.files.atomic import write_atomically

NAME = "config.yaml"
KEPT = ("stage.name", "stage.size", "stage.views", "stage.validation", "captures", "start")
"""Options that samples, weights and figures in the folder hang on. The others may change from run to run."""


def remember(config: TrainConfig, folder: Path) -> None:
    """Keep the options in `folder`, if they go with those that an earlier run kept there.

    Raises:
        ConfigError: one that must stay is another now.
        FileFormatError: the file is not what a run leaves.
    """
    tree, file = asdict(config), folder / NAME
    if file.exists():
        before = _read(file)
        for option in KEPT:
            was, now = (OmegaConf.select(OmegaConf.create(side), option) for side in (before, tree))
            if was != now:
                raise ConfigError(
                    f"{option} is {now!r}, and the training in {folder} began with {was!r}: go on with that, or name "
                    "another folder."
                )
    write_atomically(file, OmegaConf.to_yaml(OmegaConf.create(tree)).encode())


def _read(file: Path) -> dict[str, Any]:
    problem = "the options of a training are expected; delete it if it is none of this folder's."
    try:
        held = OmegaConf.to_container(OmegaConf.load(file))
    except (OmegaConfBaseException, YAMLError, UnicodeDecodeError, OSError) as error:
        raise FileFormatError(file, f"it cannot be read; {problem}") from error
    if not isinstance(held, dict) or not isinstance(held.get("stage"), dict):
        raise FileFormatError(file, f"it holds something else; {problem}")
    return {str(key): value for key, value in held.items()}
