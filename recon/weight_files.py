"""Network weights: those inside the package, as safetensors in half precision or bytes, and those one trained oneself.

`data_tools/make_weights.py` makes those of others and says where they come from, NOTICE whose they are;
`data_tools/release_weights.py` puts our own there, with how they were trained in the metadata.
"""

import hashlib
from importlib.resources import files
from pathlib import Path

import safetensors.torch
import torch
from jaxtyping import Shaped
from safetensors import SafetensorError
from torch import Tensor, nn

from render.errors import ConfigError, FileFormatError

SHA256 = {
    "xfeat": "836456885876b142a2248f81c4879e591914003f9e7252ab6803b310bddba02e",
    "lighterglue": "f2ec0d309ac7c1233ea525bd432fff80c87e30c101e22d15e9ee5b318a8caccf",
    "dinov2_s8": "92b9ff31c53124b06368c78d67f54abaf459cf5bb5f46a0a1bb698474289f209",
    "depth": "82373d72e51019dc1a3f58a725c8c0fe1bf88ce01609d1a533b8af6efc128c69",
}
"""Name of the weights -> sha256 of `recon/weights/NAME.safetensors`."""
RELEASED = "released"
"""In the place of a file: the weights inside the package."""
SCALE = ".scale"
"""KEY.scale says what 1 stands for in each row of KEY, where that is stored in bytes."""


def load_weights(name: str) -> dict[str, Shaped[Tensor, "..."]]:
    """Parameters and running statistics of one network in float32, by the names of its state dict.

    `xfeat` is for the `net` of `kornia.feature.XFeat` (Potje et al. 2024), `lighterglue` for
    `kornia.feature.LightGlue` (Lindenberger et al. 2023) in the size that goes with XFeat, `dinov2_s8` for
    `recon.network.tokens.Tokens`, `depth` for `recon.network.depth.corrector.Corrector`.

    Raises:
        ConfigError: there are no weights of that name.
        FileFormatError: the file is missing from the installation or is not the one that was released.
    """
    if name not in SHA256:
        raise ConfigError(f"Weights named {name!r} are not released yet; there are {', '.join(SHA256)}.")
    expected = SHA256[name]
    resource = files("recon").joinpath("weights", f"{name}.safetensors")
    try:
        content = resource.read_bytes()
    except FileNotFoundError as error:
        raise FileFormatError(
            resource, f"the weights {name!r} are missing from this installation; install snapsplat again."
        ) from error
    received = hashlib.sha256(content).hexdigest()
    if received != expected:
        raise FileFormatError(
            resource,
            f"the weights were altered: sha256 is {received}, not {expected}; install snapsplat again.",
        )
    return _decoded(content)


def read_weights(file: Path, option: str) -> dict[str, Shaped[Tensor, "..."]]:
    """The same of a file, such as the `best.safetensors` that training leaves; `option` is what named it.

    Raises:
        ConfigError: there is no such file.
        FileFormatError: it is not safetensors.
    """
    try:
        return _decoded(file.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{option} is {str(file)!r}, which cannot be read ({error.strerror or error}); name a .safetensors file."
        ) from error
    except SafetensorError as error:
        raise FileFormatError(file, "it holds no weights; a .safetensors file is expected.") from error


def give_weights(net: nn.Module, name: str, chosen: str, option: str) -> None:
    """Put weights into a network: the released ones of that name, or those of a file.

    Args:
        chosen: `RELEASED`, or the path of a file.
        option: what was set to it, for errors.

    Raises:
        ConfigError: none are released, there is no such file, or its weights are those of another network.
        FileFormatError: the file is damaged.
    """
    weights = load_weights(name) if chosen == RELEASED else read_weights(Path(chosen), option)
    own = net.state_dict()
    misfits = [key for key in {**own, **weights} if key not in own or key not in weights]
    problems = [f"{key} is {'missing' if key in own else 'not of it'}" for key in misfits] + [
        f"{key} is {tuple(weights[key].shape)} where {tuple(own[key].shape)} is expected"
        for key in own
        if key in weights and weights[key].shape != own[key].shape
    ]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigError(f"{option} is {chosen!r}, but those are not weights of {name!r}: {problems[0]}{more}.")
    net.load_state_dict(weights)


def _decoded(content: bytes) -> dict[str, Shaped[Tensor, "..."]]:
    stored = {key: value.to(torch.float32) for key, value in safetensors.torch.load(content).items()}
    scales = {key.removesuffix(SCALE): stored.pop(key) for key in list(stored) if key.endswith(SCALE)}
    return {key: value * scales[key] if key in scales else value for key, value in stored.items()}
