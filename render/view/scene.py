"""What there is to look at: one scene with the cameras, pictures and points that belong to it."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.points import Points
from render.sh import eval_sh, rgb_to_sh0
from render.view.camera_path import camera_path
from render.view.similarity import Similarity

SHOWN_DISTANCE = 2.0
"""Median distance of what is shown: viewers clip at fixed distances and keep covariances in few bits."""


@dataclass(frozen=True)
class ViewedScene:
    """One scene in one frame and one unit."""

    gaussians: Gaussians
    cameras: Cameras
    """Those of the photos that have one."""
    names: tuple[str, ...]
    """Of the photos, in the order of `cameras`."""
    pictures: tuple[UInt8[np.ndarray, "_ _ 3"], ...]
    """What each camera saw, or what the scene shows there where the photos are not at hand; sRGB, small."""
    points: Points
    """Of the depth maps; none where there are no depth maps."""
    photographed: bool = True
    """Whether photos were taken from the cameras; a scene's file by itself has one that is made up."""

    @property
    def up(self) -> Float[np.ndarray, "3"]:
        """Against gravity as far as photos tell: the mean of the cameras' up."""
        up = -self.cameras.T_world_camera[:, :3, 1].mean(0).numpy()
        length = np.linalg.norm(up)
        return up / length if length > 1e-6 else np.array([0.0, -1.0, 0.0])

    @property
    def distance(self) -> float:
        """Median distance of the Gaussians from the middle of the cameras, in the world's unit."""
        away = (self.gaussians.means.to(torch.float64) - self.cameras.centres.mean(0)).norm(dim=1)
        return float(away.median()) if len(away) else 1.0

    def fly_through(self, frames: int, side_px: int) -> Cameras:
        """A smooth way through the cameras, for pictures of the first one's shape with a long side of `side_px`."""
        width, height = (int(side) for side in self.cameras.size_wh[0])
        factor = side_px / max(width, height)
        # Videos want even sides.
        size_wh = (2 * max(round(width * factor / 2), 1), 2 * max(round(height * factor / 2), 1))
        return camera_path(self.cameras, frames, size_wh, self.distance)

    @property
    def shown_by(self) -> Similarity:
        """To a unit in which the median distance is `SHOWN_DISTANCE`."""
        return Similarity(scale=SHOWN_DISTANCE / max(self.distance, 1e-12))

    def as_shown(self, placed: Similarity | None = None) -> "ViewedScene":
        """For viewers that clip at fixed distances, keep covariances in few bits, and know no harmonics.

        Where `placed` puts it, by itself `shown_by`; each Gaussian in the colour that it has from the middle of the
        cameras.
        """
        directions = self.gaussians.means - self.cameras.centres.mean(0).to(self.gaussians.means.dtype)
        rgb = eval_sh(self.gaussians.sh, directions).clamp(0, 1)
        plain = replace(self, gaussians=replace(self.gaussians, sh=rgb_to_sh0(rgb)[:, None]))
        return plain.moved(placed or self.shown_by)

    def moved(self, similarity: Similarity) -> "ViewedScene":
        """The same elsewhere. Colours that depend on direction are not turned: for a scene `as_shown`."""
        turned = Rotation.from_matrix(similarity.R) * Rotation.from_quat(
            self.gaussians.quats_wxyz.numpy(), scalar_first=True
        )
        means = similarity.applied(self.gaussians.means.numpy())
        return replace(
            self,
            gaussians=replace(
                self.gaussians,
                means=torch.from_numpy(means.astype(np.float32)),
                quats_wxyz=torch.from_numpy(turned.as_quat(scalar_first=True).astype(np.float32)),
                scales=self.gaussians.scales * similarity.scale,
            ),
            cameras=similarity.moved(self.cameras),
            points=replace(self.points, xyz=similarity.applied(self.points.xyz).astype(np.float32)),
        )
