"""The front of an old building: tiers of arches, columns, niches and cornices, and something that stands before it."""

import itertools

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.layouts.daylight import daylight
from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at
from data_tools.rooms.scene import Placed, Scene
from data_tools.rooms.shapes import Look, ball, box, cylinder, extrusion, joined, moved, quad
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things import monuments, outdoors


def facade(rng: np.random.Generator, supplies: Supplies) -> Stage:
    """A wall in z = 0 that faces +z, ground before it."""
    stone, accent = monuments.stone_look(rng, supplies), monuments.stone_look(rng, supplies)
    bays, bay, tiers = int(rng.integers(3, 8)), rng.uniform(1.6, 3.5), int(rng.integers(1, 4))
    width, level, surfaces = bays * bay, 0.0, []
    for tier in range(tiers):
        height = bay * rng.uniform(1.1, 1.9) * 0.9**tier
        surfaces += _tier(rng, stone, accent, bays, bay, level, height)
        level += height
        surfaces += _cornice(rng, accent, width, level)
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


def _tier(
    rng: np.random.Generator, stone: Look, accent: Look, bays: int, bay: float, level: float, height: float
) -> list[Surface]:
    """One storey: the same bay repeated, with columns between."""
    kind, deep = int(rng.integers(4)), rng.uniform(0.3, 0.8)
    opening, rim = bay * rng.uniform(0.4, 0.6), bay * rng.uniform(0.04, 0.09)
    wall = quad(
        stone,
        np.array(
            [
                (-bays * bay / 2, level, -deep),
                (bays * bay / 2, level, -deep),
                (bays * bay / 2, level + height, -deep),
                (-bays * bay / 2, level + height, -deep),
            ]
        ),
    )
    surfaces, radius = [wall], bay * rng.uniform(0.05, 0.1)
    post = (bay - opening) / 2
    shaft = monuments.column(rng, accent, height * 0.96, radius)
    window = Look((0.07, 0.08, 0.1) if rng.random() < 0.6 else colours.cloth(rng), gloss=0.15)
    tall = height * rng.uniform(0.65, 0.85)
    for number in range(bays):
        x = -bays * bay / 2 + bay * (number + 0.5)
        for side in (-1, 1):
            surfaces.append(box(stone, (post, height, deep), (x + side * (bay - post) / 2, level, -deep / 2)))
        if kind == 3:
            surfaces.append(box(stone, (opening, height - tall, deep), (x, level + tall, -deep / 2)))
        else:
            surfaces += _arched(stone, x, level, opening, tall, height, deep)
        ring = monuments.arch(accent, opening, tall, 0.18, rim)
        if kind != 3:
            surfaces.append(moved(ring, at((x, level, 0.04))))
        if kind in (0, 3):
            surfaces.append(
                quad(
                    window,
                    np.array(
                        [
                            (x - opening / 2, level + 0.3, 0.02 - deep),
                            (x + opening / 2, level + 0.3, 0.02 - deep),
                            (x + opening / 2, level + tall, 0.02 - deep),
                            (x - opening / 2, level + tall, 0.02 - deep),
                        ]
                    ),
                )
            )
            bars = [
                box(accent, (0.05, tall - 0.3, 0.06), (x + dx, level + 0.3, 0.03 - deep))
                for dx in np.linspace(-0.3, 0.3, 3) * opening
            ]
            surfaces.append(joined(accent, bars))
        elif kind == 1:
            lump = [
                moved(ball(accent, (opening * 0.4, tall * 0.5, deep * 0.7)), at((x, level + tall * 0.25, -deep * 0.45)))
            ]
            lump.append(
                moved(
                    ball(accent, (opening * 0.2, tall * 0.15, opening * 0.2)),
                    at((x, level + tall * 0.72, -deep * 0.45)),
                )
            )
            lump.append(box(accent, (opening * 0.5, tall * 0.25, deep * 0.7), (x, level, -deep * 0.5)))
            surfaces.append(joined(accent, lump))
    if rng.random() < 0.7:
        for number in range(bays + 1):
            surfaces.append(moved(shaft, at((-bays * bay / 2 + bay * number, level, radius * rng.choice([0.3, 1.6])))))
    return surfaces


def _arched(
    look: Look, x: float, level: float, opening: float, tall: float, height: float, deep: float
) -> list[Surface]:
    """The wall above a round arch, and the arch's underside."""
    angle, radius = np.linspace(0, np.pi, 13), opening / 2
    low, out = level + tall - radius, []
    for a, b in itertools.pairwise(angle):
        ax, ay, bx, by = (
            x + radius * np.cos(a),
            low + radius * np.sin(a),
            x + radius * np.cos(b),
            low + radius * np.sin(b),
        )
        uv = np.array([(ax, ay), (ax, level + height), (bx, level + height), (bx, by)])
        out.append(quad(look, np.array([(*corner, 0.0) for corner in uv]), uv))
        out.append(quad(look, np.array([(ax, ay, 0), (bx, by, 0), (bx, by, -deep), (ax, ay, -deep)])))
    return [joined(look, out)]


def _cornice(rng: np.random.Generator, look: Look, width: float, level: float) -> list[Surface]:
    """Bands that stand out, with teeth under them."""
    out, reach = [], 0.08
    for _ in range(int(rng.integers(1, 4))):
        thick = rng.uniform(0.06, 0.2)
        out.append(box(look, (width + 2 * reach, thick, 0.3 + 2 * reach), (0, level - 0.12, 0)))
        level, reach = level + thick, reach + rng.uniform(0.02, 0.15)
    if rng.random() < 0.6:
        step = rng.uniform(0.2, 0.45)
        out += [
            box(look, (step * 0.5, 0.14, 0.25), (x, level - 0.5, 0.05)) for x in np.arange(-width / 2, width / 2, step)
        ]
    return [joined(look, out)]


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
