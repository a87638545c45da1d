"""How to draw, beside what is drawn and from where."""

import math
from dataclasses import dataclass
from typing import Literal

from render.errors import ConfigError

Backend = Literal["auto", "gsplat", "numba", "torch"]
BACKENDS = ("auto", "gsplat", "numba", "torch")


@dataclass(frozen=True)
class RasterizeOptions:
    """The defaults are those of the viewers that read INRIA's .ply: black behind, 0.3 px low-pass, no compensation."""

    background: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """sRGB that shows where the Gaussians let through."""
    near: float | None = None
    """Gaussians whose centre lies less deep are not drawn, in the world's unit, > 0.

    None takes, camera by camera, a hundredth of the depth that the nearest tenth of the Gaussians in front
    reaches to: a scene's unit may be anything, and gsplat's fixed 0.01 would empty a scene whose unit is the
    kilometre.
    """
    low_pass_px2: float = 0.3
    """Variance added to every footprint, in square pixels (Zwicker et al. 2002, section 5), > 0."""
    backend: Backend = "auto"
    """`auto` is gsplat for tensors on CUDA, numba on the CPU, torch elsewhere; `torch` is the slow oracle."""

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ConfigError(f"There is no rasterizer {self.backend!r}; choose one of {', '.join(BACKENDS)}.")
        if self.near is not None and not 0 < self.near < math.inf:
            raise ConfigError(f"near is {self.near}; it must be a finite depth above 0, or None.")
        if not 0 < self.low_pass_px2 < math.inf:
            raise ConfigError(f"low_pass_px2 is {self.low_pass_px2}; it must be finite and above 0.")
        if not all(math.isfinite(channel) for channel in self.background):
            raise ConfigError(f"background is {self.background}; its three channels must be finite.")
