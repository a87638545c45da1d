"""The front of an old building: tiers of arches, columns, niches and cornices, and something that stands before it."""

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.layouts.daylight import daylight
from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.round_shapes import cylinder
from data_tools.rooms.scene import Placed, Scene
from data_tools.rooms.shapes import Look, box, extrusion, joined, moved, quad
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things import monuments, outdoors
from data_tools.rooms.things.fronts import cornice, tier


def facade(rng: np.random.Generator, supplies: Supplies) -> Stage:
    """A wall in z = 0 that faces +z, ground before it."""
    stone, accent = monuments.stone_look(rng, supplies), monuments.stone_look(rng, supplies)
    bays, bay, tiers = int(rng.integers(3, 8)), rng.uniform(1.6, 3.5), int(rng.integers(1, 4))
    width, level, surfaces = bays * bay, 0.0, []
    for number in range(tiers):
        height = bay * rng.uniform(1.1, 1.9) * 0.9**number
        surfaces += tier(rng, stone, accent, bays, bay, level, height)
        level += height
        surfaces += cornice(rng, accent, width, level)
    if rng.random() < 0.5:
        gable = np.array([(-width / 2, 0), (width / 2, 0), (0, -width * rng.uniform(0.12, 0.25))])
        lying = np.array([[1, 0, 0, 0], [0, 0, -1, level + 0.1], [0, 1, 0, -0.3], [0, 0, 0, 1.0]])
        surfaces.append(moved(extrusion(stone, gable, 0.6), lying))
    placed = [Placed(Mesh("facade", tuple(surfaces)), np.eye(4)), *_ground(rng, supplies, width)]
    plan = FloorPlan(width + 8, 20.0)
    plan.blocks.append(((-width / 2, 0.0, -3.0), (width / 2, level, 0.9)))
    for _ in range(int(rng.integers(1, 9))):
        _before(rng, supplies, plan, width)
    subjects = [
        (float(rng.uniform(-0.4, 0.4) * width), float(rng.uniform(0.8, max(1.0, level * 0.8))), 0.0) for _ in range(4)
    ]
    subjects += [((low[0] + high[0]) / 2, high[1] * 0.6, (low[2] + high[2]) / 2) for low, high in plan.blocks[1:]]
    lights, sky = daylight(rng, supplies, reach_m=0.7)
    return Stage(
        scene=Scene(tuple(placed + plan.placed), lights, sky),
        subjects=tuple(subjects),
        eyes=((-width / 2 - 2, 0.9, 1.5), (width / 2 + 2, 3.0, 15.0)),
        distance_m=(2.5, 14.0),
        moves=("arc", "arc", "sideways", "sideways", "walk", "orbit", "wander"),
        blocks=tuple(plan.blocks),
    )


def _ground(rng: np.random.Generator, supplies: Supplies, width: float) -> list[Placed]:
    """Paving, and steps up to the wall."""
    half = width / 2 + 25
    paving = supplies.look(rng, "stone", 0.9, 0.1, (0.8, 4.0))
    surfaces = [quad(paving, np.array([(-half, 0, 35), (half, 0, 35), (half, 0, -12), (-half, 0, -12)]))]
    if rng.random() < 0.6:
        look, rise = monuments.stone_look(rng, supplies), rng.uniform(0.1, 0.18)
        steps = [
            box(look, (width * 0.9, rise * (i + 1), 0.35), (0, 0, 1.6 - 0.35 * i))
            for i in range(int(rng.integers(2, 5)))
        ]
        surfaces.append(joined(look, steps))
    if rng.random() < 0.5:
        walls = monuments.stone_look(rng, supplies)
        for side in (-1, 1):
            surfaces.append(box(walls, (6, rng.uniform(3, 9), 6), (side * (width / 2 + 3.5), 0, -3.5)))
    return [Placed(Mesh("ground", tuple(surfaces)), np.eye(4))]


def _before(rng: np.random.Generator, supplies: Supplies, plan: FloorPlan, width: float) -> None:
    makers = (
        monuments.fountain, monuments.statue, monuments.statue, outdoors.arch_bench, outdoors.bollard, outdoors.pole,
        outdoors.tree,
    )  # fmt: skip
    mesh = makers[rng.integers(len(makers))](rng, supplies)
    if rng.random() < 0.3:
        model = supplies.furniture(rng, ("person", "plant", "outdoor"), (0.4, 2.5), 9000)
        mesh = model[0] if model else mesh
    x, z = float(rng.uniform(-0.5, 0.5) * width), float(rng.uniform(2, 8))
    if rng.random() < 0.1:
        mesh, z = Mesh("drum", (cylinder(Look(colours.stone(rng)), 0.5, 1.0),)), 2.0
    plan.place(mesh, x, z, float(rng.uniform(0, 6.28)), 0.0, gap=0.2)
