"""The result: one scene as Gaussians, cameras and depth in one frame and one scale."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jaxtyping import Float, UInt8
from numpy import ndarray
from torch import Tensor

from recon.prediction import CameraOrigin
from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import RenderOutput, rasterize


@dataclass(frozen=True)
class Reconstruction:
    """One scene. Everything is on the CPU."""

    gaussians: Gaussians
    cameras: Cameras
    """One per photo, in pixels of the original upright photo; meaningless where `origin` is `not registered`."""
    origin: tuple[CameraOrigin, ...]
    """Where each photo's pose came from."""
    names: tuple[str, ...]
    """File name of each photo, in the order given."""
    depth: tuple[Float[Tensor, "_ _"], ...]
    """z-depth of each whole photo at working resolution, finite and > 0."""
    confidence: tuple[Float[Tensor, "_ _"], ...]
    """In [0, 1], beside `depth`."""
    photos: tuple[UInt8[ndarray, "_ _ 3"], ...]
    """The photos at working resolution, sRGB: what previews show."""
    gain: Float[Tensor, "photo 3"]
    """What each photo's sRGB is multiplied by to come nearer to the scene's mean exposure and white balance."""
    report: dict[str, Any] = field(default_factory=dict)
    """Seconds by stage, counts, warnings: what `report.json` holds."""

    def __repr__(self) -> str:
        return f"<Reconstruction of {len(self.names)} photos: {len(self.gaussians)} Gaussians>"

    def render(self, cameras: Cameras) -> RenderOutput:
        """Draw the scene from `cameras`, which must share one size; see `render.rasterize.rasterize`."""
        return rasterize(self.gaussians, cameras)

    def save(self, folder: str | Path) -> None:
        """Write the files that docs/outputs.md lists into `folder`: all whole, `scene.ply` last.

        Raises:
            OutputError: the folder cannot be made or written.
        """
        from recon.outputs import save_reconstruction

        save_reconstruction(self, Path(folder))
