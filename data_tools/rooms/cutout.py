"""Photos of things before nothing: all that lies outside a ball around what is looked at becomes black.

Museums photograph so, and masks leave it behind; what looks at such photos must not take the black for a surface.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from data_tools.rooms.scene import Camera, Shot

RADIUS = (0.25, 0.55)
"""Of the ball: which share of the pixels' places lies within it, at least and at most."""
STEP = 7
"""Between pixels that are looked at for that."""


def cut_out(shots: Sequence[Shot], cameras: Sequence[Camera], rng: np.random.Generator) -> list[Shot]:
    """The shots with black, of depth 0 (not known), outside a ball around what stands in their middle."""
    places = [_places(shot, camera) for shot, camera in zip(shots, cameras, strict=True)]
    sparse = [p[::STEP, ::STEP] for p in places]
    middle = [p[p.shape[0] // 3 : -p.shape[0] // 3, p.shape[1] // 3 : -p.shape[1] // 3] for p in sparse]
    centre = np.median(np.concatenate([p.reshape(-1, 3) for p in middle]), 0)
    distances = np.concatenate([np.linalg.norm(p - centre, axis=-1).ravel() for p in sparse])
    radius = float(np.quantile(distances, rng.uniform(*RADIUS)))
    kept = [np.linalg.norm(p - centre, axis=-1) < radius for p in places]
    return [
        replace(shot, rgb=np.where(k[..., None], shot.rgb, 0), depth=np.where(k, shot.depth, 0))
        for shot, k in zip(shots, kept, strict=True)
    ]


def _places(shot: Shot, camera: Camera) -> Float64[np.ndarray, "height width 3"]:
    """Of every pixel in the world; the sky's are so far away that no ball holds them."""
    height, width = shot.depth.shape
    depth = np.where(np.isfinite(shot.depth), shot.depth, 1e4).astype(np.float64)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(camera.K_px).T
    T = camera.T_world_camera
    return (rays * depth[..., None]) @ T[:3, :3].T + T[:3, 3]
