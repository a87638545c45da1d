"""What training looks at: photos of a scene with true cameras, and true depth where there is any."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from recon.views import KnownCamera
from render.cameras import Cameras


@dataclass(frozen=True)
class TrainingScene:
    """Photos of one scene, in any order; they may differ in size."""

    name: str
    """Which scene of its source, for logs and file names."""
    photos: tuple[UInt8[np.ndarray, "_height _width 3"], ...]
    """RGB, upright."""
    cameras: Cameras
    """True cameras, in pixels of the photos."""
    depth: tuple[Float32[np.ndarray, "_height _width"], ...] | None
    """z-depth of each photo in the cameras' unit; 0 where it is not known, infinite where the sky is. None where
    nothing is known."""
    metric: bool = False
    """Whether the cameras' unit is the metre."""
    held_out: tuple[int, ...] = ()
    """Photos that are never trained on: where there are any, they alone are predicted and scored."""

    @property
    def known(self) -> list[KnownCamera]:
        """The true cameras as what a run is given."""
        return [KnownCamera(K, T) for K, T in zip(self.cameras.K_px, self.cameras.T_world_camera, strict=True)]


@runtime_checkable
class SceneSource(Protocol):
    """Scenes by number; the same number gives the same scene."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> TrainingScene:
        """
        Raises:
            IndexError: there are fewer scenes.
        """
        ...
