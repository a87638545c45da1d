"""Two scenes of the same photos -> what lays one on the other."""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float

from render.cameras import Cameras


@dataclass(frozen=True)
class Similarity:
    """p becomes scale R p + t."""

    R: Float[np.ndarray, "3 3"] = field(default_factory=lambda: np.eye(3))
    t: Float[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))
    scale: float = 1.0

    def applied(self, xyz: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """The points moved."""
        return self.scale * (xyz @ self.R.T) + self.t

    def moved(self, cameras: Cameras) -> Cameras:
        """The cameras turned and moved with the world."""
        R = torch.from_numpy(self.R)
        T = cameras.T_world_camera.clone()
        T[:, :3, :3] = R @ T[:, :3, :3]
        T[:, :3, 3] = torch.from_numpy(self.applied(cameras.centres.numpy()))
        return replace(cameras, T_world_camera=T)

    def after(self, first: "Similarity") -> "Similarity":
        """`first`, then this one."""
        return Similarity(self.R @ first.R, self.applied(first.t[None])[0], self.scale * first.scale)

    @property
    def inverse(self) -> "Similarity":
        """What undoes it."""
        return Similarity(self.R.T, -(self.R.T @ self.t) / self.scale, 1 / self.scale)


def laid_on(cameras: Cameras, others: Cameras) -> Similarity:
    """What lays `cameras` on `others`, which were taken at the same places: least squares over all of them.

    The turn is the mean of the cameras' own, so two cameras are enough; the scale is that of their spread, and 1 for a
    camera alone.
    """
    R_own, R_other = (each.T_world_camera[:, :3, :3].numpy() for each in (cameras, others))
    U, _, Vt = np.linalg.svd(np.einsum("vij,vkj->ik", R_other, R_own))
    R = U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt
    own, other = cameras.centres.numpy(), others.centres.numpy()
    spread, wanted = (float(np.linalg.norm(centres - centres.mean(0))) for centres in (own, other))
    scale = wanted / spread if min(spread, wanted) > 1e-9 else 1.0
    return Similarity(R, other.mean(0) - scale * R @ own.mean(0), scale)
