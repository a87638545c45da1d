"""Light under the open sky."""

import numpy as np

from data_tools.rooms.placing import triple
from data_tools.rooms.scene import Lights, Sky, Sun
from data_tools.rooms.sky import photo_sky, random_sky, random_sun
from data_tools.rooms.supplies import Supplies


def daylight(rng: np.random.Generator, supplies: Supplies, reach_m: float) -> tuple[Lights, Sky]:
    """Sunny, hazy or overcast. `reach_m` is that of the darkness in crevices."""
    sunny = rng.random() < 0.65
    sun = random_sun(rng, float(rng.uniform(2.0, 6.0))) if sunny else None
    level = rng.uniform(0.35, 0.8) if sunny else rng.uniform(0.8, 1.2)
    blue = np.array([0.85, 0.95, 1.1]) if sunny else np.ones(3)
    above = level * blue * np.exp(rng.normal(size=3) * 0.03)
    below = level * rng.uniform(0.25, 0.6) * np.array([1.0, 0.95, 0.85])
    return Lights(triple(above), triple(below), sun, (), reach_m), backdrop(rng, supplies, sun, 0.2)


def backdrop(rng: np.random.Generator, supplies: Supplies, sun: Sun | None, photo: float, gain: float = 1.2) -> Sky:
    """What lies far away: by a chance of `photo` a landscape, where there are photos, else sky."""
    picture = supplies.picture(rng, wide=True) if rng.random() < photo else None
    return random_sky(rng, sun, gain) if picture is None else photo_sky(rng, picture, gain)
