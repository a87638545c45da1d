"""What the solver is told of one scene. Nothing of it is on a device, so it may go to another process."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from recon.network.cameras.alignment import FinePhotos
from recon.network.cameras.problem import CameraProblem


@dataclass(frozen=True)
class Intrinsics:
    """How reference pixels of a scene's views lie on their original photos."""

    centre_px: Float[ndarray, "member 2"]
    aspect: Float[ndarray, "member 2"]
    """fx and fy over their geometric mean."""
    scale: Float[ndarray, "member"]
    """Reference pixels per original pixel."""
    grid_scale: Float[ndarray, "member 2"]
    """Working grid pixels per original pixel."""
    known_K_px: list[Float[ndarray, "3 3"] | None]

    def matrices(
        self, focal: Float[ndarray, "member"], centre: Float[ndarray, "member 2"]
    ) -> Float[ndarray, "member 3 3"]:
        """In original pixels, principal points at `centre` in reference pixels; what was given stays bit for bit."""
        K = np.zeros((len(focal), 3, 3))
        for v, given in enumerate(self.known_K_px):
            if given is not None:
                K[v] = given
            else:
                f = self.aspect[v] * focal[v] / self.scale[v]
                c = self.centre_px[v] + self.aspect[v] * centre[v] / self.scale[v]
                K[v] = [[f[0], 0, c[0]], [0, f[1], c[1]], [0, 0, 1]]
        return K

    def photos(self, fine: Float[Tensor, "member 3 height width"]) -> FinePhotos:
        """What is aligned, of photos on the fine grid, which is twice the working grid."""
        to_fine = 2 * self.grid_scale
        return FinePhotos(
            grey=fine.mean(1).cpu().numpy(),
            scale=to_fine * self.aspect / self.scale[:, None],
            centre=to_fine * self.centre_px,
        )


@dataclass(frozen=True)
class Question:
    """A scene's matches, with what is known of its views and needed to answer."""

    names: tuple[str, ...]
    """File name of each view's photo."""
    problem: CameraProblem
    intrinsics: Intrinsics
    T_world_camera: list[Float[ndarray, "4 4"] | None]
    """Given poses as they were given: they come out bit for bit."""
    photos: FinePhotos
    """By which keypoints are aligned."""
