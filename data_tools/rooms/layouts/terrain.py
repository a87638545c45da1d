"""Open ground: hills with rocks, trees, grass, ruins and statues."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float

from data_tools.rooms import colours
from data_tools.rooms.layouts.daylight import daylight
from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.round_shapes import grid
from data_tools.rooms.scene import Placed, Scene
from data_tools.rooms.shapes import Look
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things import monuments, outdoors

SIZE_M, CELLS = 60.0, 90
EYES_M = 7.0
"""Cameras stay within it of the middle, where the ground is nearly level."""
Heights = Callable[[Float[np.ndarray, "*place"], Float[np.ndarray, "*place"]], Float[np.ndarray, "*place"]]


def terrain(rng: np.random.Generator, supplies: Supplies) -> Stage:
    """A clearing in the middle of hills, its ground at about y = 0."""
    heights = _heights(rng)
    ground, green = _ground(rng, supplies, heights)
    plan = FloorPlan(SIZE_M, SIZE_M)
    for number in range(int(rng.integers(15, 45))):
        _place(rng, supplies, plan, heights, near=number < 16)
    placed = [Placed(ground, np.eye(4)), *plan.placed]
    if rng.random() < 0.7:
        places = rng.normal(size=(int(rng.integers(500, 4000)), 2)) * rng.uniform(2, 9)
        blades = np.stack([places[:, 0], heights(places[:, 0], places[:, 1]) - 0.02, places[:, 1]], 1)
        tuft = outdoors.grass(rng, Look(green), blades, float(rng.uniform(0.06, 0.4)))
        placed.append(Placed(Mesh("grass", (tuft,)), np.eye(4)))
    lights, sky = daylight(rng, supplies, reach_m=1.0)
    middles = [
        ((low[0] + high[0]) / 2, low[1] * 0.4 + high[1] * 0.6, (low[2] + high[2]) / 2) for low, high in plan.blocks
    ]
    near = [middle for middle in middles if abs(middle[0]) < 9 and abs(middle[2]) < 9 and middle[1] < 4]
    return Stage(
        scene=Scene(
            tuple(placed), lights, sky, fog_per_m=float(rng.uniform(0.002, 0.02)) if rng.random() < 0.4 else 0.0
        ),
        subjects=tuple(near) or ((0.0, 0.5, 0.0),),
        eyes=((-EYES_M, 1.0, -EYES_M), (EYES_M, 2.6, EYES_M)),
        distance_m=(2.0, 10.0),
        moves=("arc", "arc", "orbit", "walk", "sideways", "wander"),
        blocks=tuple(plan.blocks),
    )


def _heights(rng: np.random.Generator) -> Heights:
    """Waves of many lengths, low in the middle and high far away."""
    waves = [(rng.normal(size=2) * 2**octave / 40, rng.uniform(0, 6.28), 1.6 / 1.8**octave) for octave in range(6)]
    rise = rng.uniform(0.0, 0.012)

    def heights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        total = rise * np.maximum(np.hypot(x, z) - 6, 0) ** 2 * 0.3
        for direction, phase, size in waves:
            wave = np.sin(2 * np.pi * (direction[0] * x + direction[1] * z) + phase) - np.sin(phase)
            total = total + size * wave * np.minimum(0.12 + np.hypot(x, z) / 25, 1)
        return total

    return heights


def _ground(rng: np.random.Generator, supplies: Supplies, heights: Heights) -> tuple[Mesh, colours.Colour]:
    """The hills in two looks, in patches; and a green for what grows there."""
    x, z = np.meshgrid(np.linspace(-SIZE_M / 2, SIZE_M / 2, CELLS), np.linspace(SIZE_M / 2, -SIZE_M / 2, CELLS))
    # Cells are smaller in the middle.
    x, z = (np.sign(a) * (np.abs(a) / (SIZE_M / 2)) ** 1.6 * SIZE_M / 2 for a in (x, z))
    points, uv = np.stack([x, heights(x, z), z], -1), np.stack([x, -z], -1)
    cells = rng.random((12, 12)).astype(np.float32)
    patches = cv2.resize(cells, (CELLS - 1, CELLS - 1), interpolation=cv2.INTER_CUBIC) > rng.uniform(0.5, 0.8)
    looks = (
        supplies.look(rng, "ground", 1.0, 0.0, (2.0, 6.0)),
        supplies.look(rng, "ground" if rng.random() < 0.5 else "stone", 1.0, 0.0, (1.0, 4.0)),
    )
    surfaces = []
    for look, here in zip(looks, (~patches, patches), strict=True):
        sheet, kept = grid(look, points, uv), np.repeat(here.ravel(), 6)
        surfaces.append(replace(sheet, positions=sheet.positions[kept], normals=sheet.normals[kept], uv=sheet.uv[kept]))
    return Mesh("ground", tuple(surfaces)), colours.leaf(rng)


def _place(rng: np.random.Generator, supplies: Supplies, plan: FloorPlan, heights: Heights, near: bool) -> None:
    """Something on the ground, sunk in a little."""
    kind = rng.random()
    if kind < 0.3:
        mesh = outdoors.rock(rng, supplies, float(np.exp(rng.uniform(np.log(0.2), np.log(2.5)))))
    elif kind < 0.5:
        mesh = outdoors.tree(rng, supplies)
    elif kind < 0.72:
        makers = (
            monuments.ruin, monuments.statue, monuments.fountain, monuments.tower, monuments.ring_of_columns,
            outdoors.arch_bench, outdoors.bollard,
        )  # fmt: skip
        mesh = makers[rng.integers(len(makers))](rng, supplies)
    elif kind < 0.8:
        mesh = outdoors.railing(rng, supplies, float(rng.uniform(2, 7)))
    else:
        model = supplies.furniture(rng, ("outdoor", "plant", "person", "vehicle", "other"), (0.4, 5.0), 10_000)
        mesh = model[0] if model else outdoors.bollard(rng, supplies)
    x, z = (float(v) for v in (rng.normal(size=2) * 4 if near else rng.uniform(-20, 20, 2)))
    half = np.array([mesh.size[0], mesh.size[2]]) / 2.8
    corners = heights(x + half[0] * np.array([-1, 1, 1, -1, 0]), z + half[1] * np.array([-1, -1, 1, 1, 0]))
    plan.place(mesh, x, z, float(rng.uniform(0, 6.28)), float(corners.min()) - 0.03, gap=0.2)
