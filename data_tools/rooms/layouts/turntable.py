"""One thing, or a small pile, on a stand: before plain paper, in emptiness, or before a picture far away."""

import numpy as np

from data_tools.rooms.layouts.clutter import clutter
from data_tools.rooms.layouts.daylight import backdrop
from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at, triple
from data_tools.rooms.round_shapes import cylinder, grid
from data_tools.rooms.scene import Lights, Placed, PointLight, Scene, Sky
from data_tools.rooms.shapes import box, moved, quad
from data_tools.rooms.sky import random_sun
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things.small import small_thing

SIZE_M = 0.6
"""Of what is looked at, about."""


def turntable(rng: np.random.Generator, supplies: Supplies) -> Stage:
    """It stands in the origin; cameras go around it, all the way."""
    plan = FloorPlan(20, 20)
    model = supplies.furniture(rng, triangles=40_000)
    if rng.random() < 0.6 and model is not None:
        scale = SIZE_M * rng.uniform(0.6, 1.2) / float(max(model[0].size))
        plan.placed.append(Placed(model[0], at((0, 0, 0), rng.uniform(0, 6.28), scale)))
        height = float(model[0].size[1]) * scale
    else:
        clutter(rng, supplies, plan, (0.0, 0.0), (0.2, 0.2), 0.0, int(rng.integers(1, 10)))
        height = max((high[1] for _, high in plan.blocks), default=0.2)
        if not plan.placed:
            plan.placed.append(Placed(small_thing(rng, supplies), np.eye(4)))
    backdrop, sky, sky_share = _backdrop(rng, supplies)
    key, fill = rng.normal(size=3) * (1, 0, 1) + (0, 1.6, 0), rng.normal(size=3) * (1, 0, 1) + (0, 1.2, 0)
    lamps = (
        PointLight(triple(key), triple(np.full(3, rng.uniform(1.0, 3)))),
        PointLight(triple(fill), triple(np.full(3, rng.uniform(0.2, 1.5)))),
    )
    level = float(rng.uniform(0.25, 0.9))
    sun = random_sun(rng, float(rng.uniform(0.5, 2))) if rng.random() < 0.3 else None
    lights = Lights(
        (level, level, level), (level * 0.8, level * 0.8, level * 0.8), sun, lamps if rng.random() < 0.8 else (), 0.15
    )
    return Stage(
        scene=Scene((*plan.placed, Placed(Mesh("backdrop", tuple(backdrop)), np.eye(4))), lights, sky),
        subjects=((0.0, height * 0.5, 0.0),),
        eyes=((-1.6, 0.06, -1.6), (1.6, 1.3, 1.6)),
        distance_m=(0.6, 1.5),
        moves=("orbit", "orbit", "arc", "wander"),
        sky_share=sky_share,
    )


def _backdrop(rng: np.random.Generator, supplies: Supplies) -> tuple[list[Surface], Sky, float]:
    """What lies under and behind; how much of a picture may be sky."""
    kind = rng.random()
    stand = cylinder(supplies.look(rng, "cloth", 0.5, 0.3, (0.1, 0.5)), 0.45, 0.03, steps=40)
    stand = moved(stand, at((0, -0.03, 0)))
    if kind < 0.3:  # nothing but one colour all around
        grey = int(rng.integers(256)) if rng.random() < 0.4 else 255 * int(rng.integers(2))
        empty = Sky(np.full((2, 4, 3), grey, np.uint8), gain=1.2)
        return ([stand] if rng.random() < 0.7 else []), empty, 0.93
    if kind < 0.55:  # paper that bends up all around
        radius = np.array([0.0, 1.0, 1.8, 2.2, 2.5, 2.6, 2.6])
        level = np.array([0.0, 0.0, 0.0, 0.08, 0.3, 0.7, 3.0])
        angle = np.linspace(0, 2 * np.pi, 49)
        points = np.stack(
            [
                radius[:, None] * np.cos(angle),
                np.broadcast_to(level[:, None], (7, 49)),
                radius[:, None] * np.sin(angle),
            ],
            -1,
        )
        uv = np.stack(np.broadcast_arrays(angle[None] * 2.6, (radius + level)[:, None]), -1)
        paper = supplies.look(rng, "paint", 0.3, 0.0, (0.5, 2.0))
        return [grid(paper, points, uv)], backdrop(rng, supplies, None, 0.6), 0.6
    floor = quad(
        supplies.look(rng, "stone", 0.9, 0.3, (0.2, 1.0)),
        np.array([(-9, -0.03, 9), (9, -0.03, 9), (9, -0.03, -9), (-9, -0.03, -9)]),
    )
    if kind < 0.75:
        return [floor, stand], backdrop(rng, supplies, None, 0.6), 0.75
    walls = [
        box(supplies.look(rng, "paint", 0.6, 0.0, (0.5, 2.0)), (6, 4, 0.1), (0, -0.03, -2.6)),
        box(supplies.look(rng, "paint", 0.6, 0.0, (0.5, 2.0)), (0.1, 4, 6), (-2.6, -0.03, 0)),
    ]
    return [floor, stand, *walls], backdrop(rng, supplies, None, 0.6), 0.75
