"""A furnished room: pieces along the walls, a group in the middle, small things on what is flat."""

import numpy as np

from data_tools.rooms.categories import Category
from data_tools.rooms.layouts.clutter import clutter
from data_tools.rooms.layouts.daylight import backdrop
from data_tools.rooms.layouts.floor_plan import FloorPlan
from data_tools.rooms.layouts.shell import Shell, shell
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.placing import at
from data_tools.rooms.round_shapes import cylinder
from data_tools.rooms.scene import Placed, Scene
from data_tools.rooms.shapes import box
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things import furnishings

ALONG_WALLS: tuple[Category, ...] = (
    *("shelf", "shelf", "sofa", "bed", "table", "chair", "appliance", "decoration", "plant", "bath", "lamp"),
    *("other", "other", "shelf"),
)
IN_THE_MIDDLE: tuple[Category, ...] = ("table", "table", "sofa", "chair", "other")
FLAT = ("table", "shelf")
"""What small things stand on, where its top is low enough to be seen."""


def room(rng: np.random.Generator, supplies: Supplies) -> Stage:
    """A room of three to eight metres."""
    bare = shell(rng, supplies, float(rng.uniform(2.8, 7.5)), float(rng.uniform(2.8, 7.5)))
    plan = FloorPlan(bare.width - 0.06, bare.depth - 0.06)
    _keep_doors_free(plan, bare)
    free = len(plan.blocks)
    _middle(rng, supplies, plan)
    for _ in range(int(rng.integers(8, 26))):
        _beside_wall(rng, supplies, plan, bare)
    placed = bare.placed + plan.placed + _rug(rng, supplies, bare)
    subjects = [
        ((low[0] + high[0]) / 2, min(high[1] * 0.7, 1.4), (low[2] + high[2]) / 2) for low, high in plan.blocks[free:]
    ]
    x, z = bare.width / 2 - 0.25, bare.depth / 2 - 0.25
    return Stage(
        scene=Scene(
            tuple(placed), bare.lights, backdrop(rng, supplies, bare.lights.sun, 0.5, float(rng.uniform(1.5, 5)))
        ),
        subjects=tuple(subjects) or ((0.0, 1.0, 0.0),),
        eyes=((-x, 0.6, -z), (x, min(1.9, bare.height - 0.25), z)),
        distance_m=(1.2, max(bare.width, bare.depth)),
        moves=("arc", "arc", "walk", "sideways", "wander", "orbit"),
        blocks=tuple(plan.blocks[free:]),
    )


def _keep_doors_free(plan: FloorPlan, bare: Shell) -> None:
    """Half a metre before each door."""
    for wall in bare.walls:
        for o in wall.openings:
            if o.kind == "door":
                corners = np.stack([wall.at(o.left, 0, 0), wall.at(o.right, 2, 0.5)])
                low, high = corners.min(0), corners.max(0)
                plan.blocks.append(((low[0], 0.0, low[2]), (high[0], 2.0, high[2])))


def _piece(rng: np.random.Generator, supplies: Supplies, category: Category) -> tuple[Mesh, float]:
    """A model, or a stand-in of boxes; and how far above the floor it hangs."""
    model = supplies.furniture(rng, (category,)) if rng.random() < 0.85 else None
    if model is not None:
        return model[0], model[1].elevation_m
    makers = {
        "shelf": furnishings.shelf, "sofa": furnishings.sofa, "bed": furnishings.bed, "table": furnishings.table,
        "chair": furnishings.chair, "lamp": furnishings.floor_lamp,
    }  # fmt: skip
    names = list(makers)
    return makers.get(category, makers[names[rng.integers(len(names))]])(rng, supplies), 0.0


def _beside_wall(rng: np.random.Generator, supplies: Supplies, plan: FloorPlan, bare: Shell) -> None:
    """One piece with its back to a wall, not before a door, low before a window."""
    wall = bare.walls[rng.integers(4)]
    category = ALONG_WALLS[rng.integers(len(ALONG_WALLS))]
    mesh, level = _piece(rng, supplies, category)
    width, height, depth = (float(s) for s in mesh.size)
    if width > wall.length - 0.1 or level + height > bare.height - 0.05:
        return
    turn = float(np.arctan2(wall.inward[0], wall.inward[2]))
    for _ in range(4):
        along = rng.uniform(width / 2, wall.length - width / 2)
        if not wall.free(along - width / 2, along + width / 2, max(level, 0.05), level + height):
            continue
        place = wall.at(along, 0, depth / 2 + 0.03 + float(rng.exponential(0.03)))
        if plan.place(mesh, float(place[0]), float(place[2]), turn + rng.normal() * 0.02, level):
            if category in FLAT and level == 0 and 0.3 < height < 1.3 and rng.random() < 0.8:
                half = (width / 2, depth / 2) if abs(wall.inward[2]) > 0.5 else (depth / 2, width / 2)
                clutter(rng, supplies, plan, (place[0], place[2]), half, height, int(rng.integers(1, 6)))
            return


def _middle(rng: np.random.Generator, supplies: Supplies, plan: FloorPlan) -> None:
    """A table with chairs, or another group, somewhere near the middle; sometimes nothing."""
    if rng.random() < 0.15:
        return
    category = IN_THE_MIDDLE[rng.integers(len(IN_THE_MIDDLE))]
    mesh, _ = _piece(rng, supplies, category)
    turn = float(rng.integers(4)) * np.pi / 2
    x, z = rng.normal(size=2) * 0.12 * (plan.width, plan.depth)
    if not plan.place(mesh, float(x), float(z), turn):
        return
    width, height, depth = (float(s) for s in mesh.size)
    half = (width / 2, depth / 2) if round(turn / (np.pi / 2)) % 2 == 0 else (depth / 2, width / 2)
    if category == "table" and height < 1.2:
        clutter(rng, supplies, plan, (float(x), float(z)), half, height, int(rng.integers(2, 10)))
    seat, _ = _piece(rng, supplies, "chair")
    for side in range(4):
        if rng.random() < 0.7:
            bearing = side * np.pi / 2
            out = half[side % 2 == 0] + seat.size[2] / 2 * rng.uniform(1.1, 1.8)
            dx, dz = np.sin(bearing) * out, np.cos(bearing) * out
            plan.place(seat, float(x + dx), float(z + dz), bearing + np.pi + rng.normal() * 0.2)


def _rug(rng: np.random.Generator, supplies: Supplies, bare: Shell) -> list[Placed]:
    if rng.random() < 0.4:
        return []
    look = supplies.look(rng, "cloth", 0.8, 0.0, (0.4, 2.0))
    width, depth = rng.uniform(0.3, 0.6, 2) * (bare.width, bare.depth)
    flat = (
        box(look, (width, 0.012, depth))
        if rng.random() < 0.75
        else cylinder(look, min(width, depth) / 2, 0.012, steps=40)
    )
    place = rng.normal(size=2) * 0.1 * (bare.width, bare.depth)
    return [Placed(Mesh("rug", (flat,)), at((place[0], 0, place[1]), rng.normal() * 0.1))]
