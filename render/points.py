"""Depth maps -> coloured points of the world."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, UInt8

from render.cameras import Cameras


@dataclass(frozen=True)
class Points:
    """`n` points of the world, of one photo or of many."""

    xyz: Float[np.ndarray, "n 3"]
    """In the world's frame and unit."""
    rgb: UInt8[np.ndarray, "n 3"]
    """sRGB of the pixel that each came from."""
    depth: Float[np.ndarray, "n"]
    """z-depth in its photo."""
    confidence: Float[np.ndarray, "n"]
    """In [0, 1]."""

    def __len__(self) -> int:
        return len(self.xyz)

    def __getitem__(self, chosen: Bool[np.ndarray, "n"]) -> "Points":
        """The points chosen by a mask."""
        return Points(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    @staticmethod
    def concatenate(parts: Sequence["Points"]) -> "Points":
        """All parts behind each other; of no parts, no points."""
        none = Points(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8), *np.zeros((2, 0), np.float32))
        return Points(**{f.name: np.concatenate([getattr(p, f.name) for p in [none, *parts]]) for f in fields(Points)})


def points_of_view(
    camera: Cameras,
    photo: UInt8[np.ndarray, "height width 3"],
    depth: Float[np.ndarray, "height width"],
    confidence: Float[np.ndarray, "height width"],
    step: int = 1,
) -> Points:
    """Every `step`th pixel of every `step`th row, put where its z-depth says. `camera` is one, of any size."""
    height, width = depth.shape
    K = camera.resized((width, height)).K_px[0].numpy()
    T = camera.T_world_camera[0].numpy()
    v, u = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    z = depth[v, u].astype(np.float64)
    rays = np.stack([(u + 0.5 - K[0, 2]) / K[0, 0], (v + 0.5 - K[1, 2]) / K[1, 1], np.ones(u.shape)], -1)
    world = (rays * z[..., None]).reshape(-1, 3) @ T[:3, :3].T + T[:3, 3]
    return Points(world.astype(np.float32), photo[v, u].reshape(-1, 3), depth[v, u].ravel(), confidence[v, u].ravel())
