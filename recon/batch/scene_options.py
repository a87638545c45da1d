"""What each scene of a batch is made with: the run's options, and a scene's own over them."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recon.config import ReconstructConfig, load_config
from recon.weight_files import SHA256
from render.errors import ConfigError

DIGITS = 16
"""Of a digest: enough to tell all configurations apart that anybody will run."""


@dataclass(frozen=True)
class SceneOptions:
    """Of one scene."""

    model: str
    config: ReconstructConfig

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        """All that the result depends on, but for the photos and the code."""
        config = asdict(self.config)
        del config["device"]
        return {**config, "weights": weights_of(self.config)}

    @functools.cached_property
    def digest(self) -> str:
        """Of the content: scenes of another one are made anew."""
        return digest_of(self.content)


@dataclass(frozen=True)
class RunOptions:
    """Those of the command line, for scenes that have none of their own."""

    model: str = "small"
    size: int | None = None
    seed: int | None = None
    overrides: tuple[str, ...] = ()

    def scene(
        self, model: str | None = None, size: int | None = None, seed: int | None = None, overrides: Sequence[str] = ()
    ) -> SceneOptions:
        """A scene's, where any is given; `overrides` come after the run's.

        Raises:
            ConfigError: one is unknown, mistyped or out of range, or is not for a scene to choose.
        """
        named = next((text for text in overrides if text.lstrip("+~").partition("=")[0] == "device"), None)
        if named is not None:
            raise ConfigError(f"options has {named!r}; the device is the whole run's, and is given beside CAPTURES.")
        config = _composed(model or self.model, self.size, self.seed, (*self.overrides, *overrides))
        chosen = {"size": size, "seed": seed}
        config = replace(config, **{name: value for name, value in chosen.items() if value is not None})
        return SceneOptions(model or self.model, config)


def code_version() -> str:
    """Of this package."""
    return version("snapsplat")


def weights_of(config: ReconstructConfig) -> dict[str, str]:
    """Name of each of the weights that may run -> sha256 of its file.

    Raises:
        ConfigError: a file that is named cannot be read.
    """
    own = {
        "network.depth.corrector_weights": config.network.depth.corrector_weights,
        "network.fuse.judge_weights": config.network.fuse.judge_weights,
    }
    found = dict(SHA256)
    for option, file in own.items():
        if file:
            try:
                facts = Path(file).stat()
                found[option] = _sha256(file, facts.st_size, facts.st_mtime_ns)
            except OSError as error:
                raise ConfigError(
                    f"{option} is {file!r}, which cannot be read ({error.strerror or error}); name a .safetensors file."
                ) from error
    return found


@functools.cache
def _sha256(file: str, _size: int, _stamp: int) -> str:
    """Once for all configurations, and again where the file was written anew."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def digest_of(content: Any) -> str:
    """A few hexadecimal digits by which plain data are known."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:DIGITS]


@functools.cache
def _composed(model: str, size: int | None, seed: int | None, overrides: tuple[str, ...]) -> ReconstructConfig:
    """Composing takes long, and thousands of scenes share few of these."""
    chosen = [f"network={model}"]
    chosen += [f"size={size}"] if size is not None else []
    chosen += [f"seed={seed}"] if seed is not None else []
    return load_config([*chosen, *overrides])
