"""Network weights that travel inside the package, as safetensors in half precision or bytes, checked before use.

`data_tools/make_weights.py` makes those of others and says where they come from, NOTICE whose they are;
`data_tools/release_weights.py` puts our own there, with how they were trained in the metadata.
"""

import hashlib
from importlib.resources import files

import safetensors.torch
import torch
from jaxtyping import Shaped
from torch import Tensor

from render.errors import ConfigError, FileFormatError

SHA256 = {
    "xfeat": "836456885876b142a2248f81c4879e591914003f9e7252ab6803b310bddba02e",
    "lighterglue": "f2ec0d309ac7c1233ea525bd432fff80c87e30c101e22d15e9ee5b318a8caccf",
    "dinov2_s8": "92b9ff31c53124b06368c78d67f54abaf459cf5bb5f46a0a1bb698474289f209",
}
"""Name of the weights -> sha256 of `recon/weights/NAME.safetensors`."""
SCALE = ".scale"
"""KEY.scale says what 1 stands for in each row of KEY, where that is stored in bytes."""


def load_weights(name: str) -> dict[str, Shaped[Tensor, "..."]]:
    """Parameters and running statistics of one network in float32, by the names of its state dict.

    `xfeat` is for the `net` of `kornia.feature.XFeat` (Potje et al. 2024), `lighterglue` for
    `kornia.feature.LightGlue` (Lindenberger et al. 2023) in the size that goes with XFeat, `dinov2_s8` for
    `recon.network.tokens.Tokens`.

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
    stored = {key: value.to(torch.float32) for key, value in safetensors.torch.load(content).items()}
    scales = {key.removesuffix(SCALE): stored.pop(key) for key in list(stored) if key.endswith(SCALE)}
    return {key: value * scales[key] if key in scales else value for key, value in stored.items()}
