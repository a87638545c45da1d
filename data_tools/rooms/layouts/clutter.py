"""Small things on top of something."""

import numpy as np

from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things.small import small_thing

TRIES = 5
"""Places for each thing."""


def clutter(
    rng: np.random.Generator,
    supplies: Supplies,
    plan: FloorPlan,
    centre_xz: tuple[float, float],
    half_xz: tuple[float, float],
    level: float,
    count: int,
) -> None:
    """Put up to `count` things around `centre_xz` at a height of `level`."""
    for _ in range(count):
        thing = small_thing(rng, supplies)
        model = supplies.furniture(rng, largest_m=(0.05, 0.4), triangles=6000) if rng.random() < 0.5 else None
        if model is not None:
            thing = model[0]
        room = np.maximum(np.array(half_xz) - thing.size[[0, 2]] / 2, 0)
        for _ in range(TRIES):
            x, z = (float(v) for v in centre_xz + rng.uniform(-1, 1, 2) * room)
            if plan.place(thing, x, z, float(rng.uniform(0, 2 * np.pi)), level, gap=0.003):
                break
