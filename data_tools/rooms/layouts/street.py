"""A street between rows of houses: pavements, parked cars, trees, poles, railings."""

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.layouts.daylight import daylight
from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.placing import at
from data_tools.rooms.scene import Placed, Scene
from data_tools.rooms.shapes import Look, box, joined, quad
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things.houses import house
from data_tools.rooms.things.outdoors import arch_bench, bollard, car, pole, railing, tree

LENGTH_M = 44.0


def street(rng: np.random.Generator, supplies: Supplies) -> Stage:
    """Along z, its middle at the origin."""
    road, walk = float(rng.uniform(4, 9)), float(rng.uniform(1.5, 4))
    kerb = rng.uniform(0.06, 0.16)
    placed = _ground(rng, supplies, road, walk, kerb)
    for side in (-1, 1):
        if side == 1 and rng.random() < 0.2:
            continue  # a square, or a park, on one side
        place = -LENGTH_M / 2
        while place < LENGTH_M / 2:
            mesh, width = house(rng, supplies)
            x = side * (road / 2 + walk + float(rng.exponential(0.1)))
            placed.append(Placed(mesh, at((x, kerb, place + width / 2), -side * np.pi / 2)))
            place += width + (rng.uniform(0.5, 3) if rng.random() < 0.2 else 0.0)
    plan = FloorPlan(road + 2 * walk + 1, LENGTH_M)
    for _ in range(int(rng.integers(12, 40))):
        _furnish(rng, supplies, plan, road, walk, kerb)
    subjects = [((low[0] + high[0]) / 2, min(1.5, high[1] * 0.6), (low[2] + high[2]) / 2) for low, high in plan.blocks]
    subjects += [
        (side * (road / 2 + walk), float(rng.uniform(1, 5)), float(rng.uniform(-12, 12))) for side in (-1, 1)
    ] * 6
    lights, sky = daylight(rng, supplies, reach_m=1.2)
    half = road / 2 + walk - 0.3
    return Stage(
        scene=Scene(tuple(placed + plan.placed), lights, sky, fog_per_m=_haze(rng)),
        subjects=tuple(subject for subject in subjects if abs(subject[2]) < 15),
        eyes=((-half, 1.2, -16.0), (half, 2.1, 16.0)),
        distance_m=(2.5, 14.0),
        moves=("walk", "walk", "arc", "sideways", "wander", "arc", "orbit"),
        blocks=tuple(plan.blocks),
    )


def _haze(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.002, 0.02)) if rng.random() < 0.3 else 0.0


def _ground(rng: np.random.Generator, supplies: Supplies, road: float, walk: float, kerb: float) -> list[Placed]:
    far = LENGTH_M * 1.5
    asphalt = supplies.look(rng, "asphalt", 0.8, 0.1, (1.0, 4.0))
    paving, stone = supplies.look(rng, "stone", 0.9, 0.05, (0.8, 3.0)), Look(colours.stone(rng))
    surfaces = [quad(asphalt, np.array([(-30, 0, far), (30, 0, far), (30, 0, -far), (-30, 0, -far)]))]
    for side in (-1, 1):
        surfaces.append(box(paving, (walk + 4, kerb, 2 * far), (side * (road / 2 + walk / 2 + 2.15), 0, 0)))
        surfaces.append(box(stone, (0.15, kerb + 0.004, 2 * far), (side * (road / 2 + 0.075), 0, 0)))
    if rng.random() < 0.7:
        white = Look((0.9, 0.9, 0.88))
        dashes = [box(white, (0.12, 0.004, 1.5), (0, 0.001, z)) for z in np.arange(-LENGTH_M / 2, LENGTH_M / 2, 4.0)]
        if rng.random() < 0.5:
            z = rng.uniform(-8, 8)
            dashes += [
                box(white, (0.45, 0.004, 3), (x, 0.002, z)) for x in np.arange(-road / 2 + 0.5, road / 2 - 0.2, 0.9)
            ]
        surfaces.append(joined(white, dashes))
    return [Placed(Mesh("ground", tuple(surfaces)), np.eye(4))]


def _furnish(
    rng: np.random.Generator, supplies: Supplies, plan: FloorPlan, road: float, walk: float, kerb: float
) -> None:
    """One thing on the pavement, or a car beside it."""
    side, z = float(rng.choice([-1, 1])), float(rng.uniform(-LENGTH_M / 2, LENGTH_M / 2))
    kind = rng.random()
    if kind < 0.25:
        model = supplies.furniture(rng, ("vehicle",), (3.0, 5.5), 13_000)
        mesh = model[0] if model and rng.random() < 0.8 else car(rng, supplies)
        turn = (0.0 if side < 0 else np.pi) + rng.normal() * 0.03
        plan.place(mesh, side * (road / 2 - 1.1 + rng.normal() * 0.08), z, turn, gap=0.4)
        return
    makers = (tree, pole, pole, bollard, bollard, arch_bench)
    mesh, turn = makers[rng.integers(len(makers))](rng, supplies), float(rng.uniform(0, 6.28))
    if kind > 0.85:
        mesh, turn = railing(rng, supplies, float(rng.uniform(1.5, 6))), np.pi / 2
    elif kind > 0.6:
        model = supplies.furniture(rng, ("outdoor", "person", "plant", "vehicle"), (0.4, 3.0), 9000)
        mesh = model[0] if model else mesh
    from_kerb = (
        rng.uniform(0.3, 0.6) if mesh.name in ("tree", "pole", "railing") else rng.uniform(0.3, max(0.4, walk - 0.3))
    )
    plan.place(mesh, side * (road / 2 + from_kerb), z, turn, kerb, gap=0.1)
