"""Options: Hydra composes the YAML tree, dacite makes frozen dataclasses of it, strictly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from typing import Any, TypeVar

import dacite
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from recon.network.splat_network import NetworkConfig
from render.errors import ConfigError, require

SIZES = range(64, 1025)
"""A photo is kept at a long side of 2048 pixels at most, which is the fine grid of a working grid of 1024."""


Config = TypeVar("Config")


@dataclass(frozen=True)
class ReconstructConfig:
    """Everything that a run can be told."""

    size: int = 384
    """Long side of the working grid in pixels: depth and Gaussians have one value for each of its pixels."""
    seed: int = 0
    """Of the robust solvers: the same photos and seed give the same scene."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: CUDA where there is any."""
    network: NetworkConfig = field(default_factory=NetworkConfig)
    """Options of the stages."""

    def __post_init__(self) -> None:
        require(self.size in SIZES, "size", self.size, f"from {SIZES[0]} to {SIZES[-1]} pixels")
        require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")
        require(self.device in ("auto", "cpu", "cuda"), "device", self.device, "auto, cpu or cuda")


def load_config(overrides: Sequence[str] = ()) -> ReconstructConfig:
    """The configuration after Hydra overrides such as `network.depth.rounds=2`.

    Raises:
        ConfigError: an override is malformed, names nothing that exists, or has a value of the wrong type or range.
    """
    return build_config(ReconstructConfig, compose_tree("reconstruct", overrides))


def compose_tree(name: str, overrides: Sequence[str]) -> Any:
    """Plain dicts of `configs/NAME.yaml` and what it names, after Hydra overrides.

    Raises:
        ConfigError: an override is malformed or names nothing that exists.
    """
    with as_file(files("configs")) as folder:
        try:
            with initialize_config_dir(str(folder.resolve()), version_base="1.3"):
                composed = compose(name, overrides=list(overrides))
            return OmegaConf.to_container(composed, resolve=True)
        except MissingConfigException as error:
            # What stands for a file, such as `network=small`.
            group, _, chosen = (error.missing_cfg_file or "").rpartition("/")
            known = ", ".join(error.options or ())
            raise ConfigError(f"{group} is {chosen!r}; one of {known} is expected.") from error
        except (HydraException, OmegaConfBaseException) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"The options {list(overrides)} were not understood: {reason}") from error


def build_config(kind: type[Config], tree: Any) -> Config:
    """A dataclass from plain dicts; unknown keys and wrong types are refused by name."""
    try:
        return dacite.from_dict(
            kind, tree, dacite.Config(strict=True, type_hooks={float: _whole_too, tuple[str, ...]: _tuple})
        )
    except dacite.DaciteError as error:
        raise ConfigError(f"The configuration does not fit: {error}.") from error


def _whole_too(value: Any) -> Any:
    """A whole number where any will do."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _tuple(value: Any) -> Any:
    """YAML has lists."""
    return tuple(value) if isinstance(value, list) else value
