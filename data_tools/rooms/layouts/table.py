"""Clutter on a table in a room, seen from close by."""

import numpy as np

from data_tools.rooms.layouts.clutter import clutter
from data_tools.rooms.layouts.daylight import backdrop
from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.layouts.shell import shell
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.placing import at
from data_tools.rooms.scene import Lights, Placed, Scene
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things import furnishings


def table(rng: np.random.Generator, supplies: Supplies) -> Stage:
    """A table near the middle of a room, with four to thirty things on it and a few pieces around."""
    bare = shell(rng, supplies, float(rng.uniform(3, 6)), float(rng.uniform(3, 6)))
    width, height, depth = float(rng.uniform(0.7, 1.8)), float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.5, 1.1))
    x, z = (float(v) for v in rng.normal(size=2) * 0.3)
    top = furnishings.table(rng, supplies, (width, height, depth))
    on_top = FloorPlan(20, 20)
    clutter(rng, supplies, on_top, (x, z), (width / 2 - 0.03, depth / 2 - 0.03), height, int(rng.integers(5, 40)))
    around = FloorPlan(bare.width - 0.1, bare.depth - 0.1)
    around.place(top, x, z, 0.0)
    makers = (furnishings.chair, furnishings.chair, furnishings.shelf, furnishings.sofa, furnishings.floor_lamp)
    for _ in range(int(rng.integers(0, 8))):
        model = supplies.furniture(rng, ("chair", "shelf", "sofa", "plant", "lamp", "appliance"), (0.3, 2.3), 8000)
        mesh = model[0] if model and rng.random() < 0.7 else makers[rng.integers(len(makers))](rng, supplies)
        px, pz = rng.uniform(-0.5, 0.5, 2) * (bare.width, bare.depth)
        around.place(mesh, float(px), float(pz), float(rng.uniform(0, 6.28)), gap=0.05)
    placed = [*bare.placed, Placed(top, at((x, 0, z))), *on_top.placed, *around.placed[1:]]
    subjects = [((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2) for low, high in on_top.blocks]
    lights = Lights(bare.lights.above, bare.lights.below, bare.lights.sun, bare.lights.points, reach_m=0.12)
    reach = 1.1
    return Stage(
        scene=Scene(tuple(placed), lights, backdrop(rng, supplies, bare.lights.sun, 0.5, float(rng.uniform(1.5, 5)))),
        subjects=tuple(subjects) or ((x, height, z),),
        eyes=((x - reach, height + 0.08, z - reach), (x + reach, height + 0.9, z + reach)),
        distance_m=(0.35, 1.4),
        moves=("arc", "arc", "orbit", "orbit", "sideways", "wander", "walk"),
        blocks=tuple(on_top.blocks + around.blocks),
    )
