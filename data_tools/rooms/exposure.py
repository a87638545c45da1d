"""How long a camera exposes: so that its photos come out as bright as wanted."""

from collections.abc import Sequence

import numpy as np

from data_tools.rooms.renderer import LoadedScene
from data_tools.rooms.scene import Camera, Shot

SMALL = 48
"""Long side of the pictures that are measured."""
ROUNDS = 2
SKY_WEIGHT = 0.15
MOST_VIEWS = 3
"""More are not looked at."""


def metered(scene: LoadedScene, cameras: Sequence[Camera], brightness: float) -> float:
    """The exposure at which the mean of all photos is `brightness` in sRGB, found by looking at small ones."""
    width, height = cameras[0].size_wh
    factor = SMALL / max(width, height)
    small = [
        camera.resized((round(width * factor), round(height * factor)))
        for camera in cameras[:: max(1, len(cameras) // MOST_VIEWS)]
    ]
    exposure = 1.0
    for _ in range(ROUNDS):
        mean = float(np.mean([_brightness(scene.shoot(camera, exposure)) for camera in small]))
        # In linear values, and as if nothing were near white.
        exposure *= float(np.clip((brightness / max(mean, 1e-3)) ** 2.2, 0.02, 50))
    return exposure


def _brightness(shot: Shot) -> float:
    """Mean in sRGB; the sky counts little, since nobody exposes for it."""
    weights = np.where(np.isfinite(shot.depth), 1.0, SKY_WEIGHT)
    return float((shot.rgb.mean(-1) * weights).sum() / weights.sum())
