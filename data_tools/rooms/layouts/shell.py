"""An empty room: floor, ceiling, walls with windows and doors, pictures and curtains on them, and its light."""

from dataclasses import dataclass

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.layouts.walls import THICK_M, Opening, Wall, door, four_walls, wall_surfaces, window
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at, triple
from data_tools.rooms.round_shapes import ball, cylinder, grid
from data_tools.rooms.scene import Lights, Placed, PointLight
from data_tools.rooms.shapes import Look, box, joined, moved, quad
from data_tools.rooms.sky import random_sun
from data_tools.rooms.supplies import Supplies


@dataclass(frozen=True, eq=False)
class Shell:
    """A room without furniture; the middle of its floor is the origin."""

    width: float
    depth: float
    height: float
    walls: list[Wall]
    placed: list[Placed]
    lights: Lights


def shell(rng: np.random.Generator, supplies: Supplies, width: float, depth: float) -> Shell:
    """A room of this size along x and z."""
    height = float(rng.uniform(2.3, 3.3))
    walls = four_walls(width, depth, height)
    _open(rng, walls)
    trim = Look(colours.paint(rng) if rng.random() < 0.7 else colours.wood(rng), gloss=0.05)
    surfaces = _floor_and_ceiling(rng, supplies, width, depth, height)
    common = _wall_look(rng, supplies)
    for wall in walls:
        surfaces += wall_surfaces(wall, common if rng.random() < 0.85 else _wall_look(rng, supplies), trim)
        for o in wall.openings:
            surfaces += window(rng, wall, o, trim) if o.kind == "window" else door(rng, supplies, wall, o, trim)
            if o.kind == "window" and rng.random() < 0.5:
                surfaces += _curtains(rng, supplies, wall, o)
        surfaces += _pictures(rng, supplies, wall, trim)
    placed = [Placed(Mesh("shell", tuple(surfaces)), np.eye(4))]
    lamps, lights = _lights(rng, walls, height)
    return Shell(width, depth, height, walls, placed + lamps, lights)


def _open(rng: np.random.Generator, walls: list[Wall]) -> None:
    """Windows in one or two walls, doors in one or two."""
    for number in rng.permutation(4)[: rng.integers(1, 3)]:
        wall = walls[number]
        low, high = rng.uniform(0.0, 1.1) if rng.random() < 0.8 else 0.05, rng.uniform(1.9, wall.height - 0.15)
        left, count = rng.uniform(0.3, 1.0), int(rng.integers(1, 4))
        for _ in range(count):
            right = left + rng.uniform(0.6, 2.0)
            if right > wall.length - 0.25:
                break
            wall.openings.append(Opening(left, right, low, high, "window"))
            left = right + rng.uniform(0.15, 1.0)
    for number in rng.permutation(4)[: rng.integers(1, 3)]:
        wall, width = walls[number], rng.uniform(0.75, 1.1)
        left = rng.uniform(0.15, max(0.2, wall.length - width - 0.15))
        if wall.free(left - 0.1, left + width + 0.1, 0, 2.1):
            wall.openings.append(Opening(left, left + width, 0.0, min(2.05, wall.height - 0.1), "door"))


def _wall_look(rng: np.random.Generator, supplies: Supplies) -> Look:
    if rng.random() < 0.6:
        return Look(colours.paint(rng), gloss=0.03 if rng.random() < 0.3 else 0.0)
    return supplies.look(rng, "paint", 1.0, 0.1, (0.4, 3.0))


def _floor_and_ceiling(
    rng: np.random.Generator, supplies: Supplies, width: float, depth: float, height: float
) -> list[Surface]:
    x, z = width / 2, depth / 2
    floor = supplies.look(rng, "wood" if rng.random() < 0.6 else "stone", 0.85, 0.5, (0.5, 2.5))
    ceiling = Look(colours.paint(rng)) if rng.random() < 0.85 else supplies.look(rng, "wood", 1.0, 0.1)
    corners = np.array([(-x, 0, z), (x, 0, z), (x, 0, -z), (-x, 0, -z)])
    wider = (corners + np.sign(corners) * THICK_M) + (0, height, 0)
    out = [quad(floor, corners), quad(ceiling, wider)]
    if rng.random() < 0.15:
        beam = supplies.look(rng, "wood", 0.6, 0.1)
        bars = [box(beam, (width, 0.15, 0.12), (0, height - 0.15, place)) for place in np.arange(-z + 0.5, z, 0.9)]
        out.append(joined(beam, bars))
    return out


def _curtains(rng: np.random.Generator, supplies: Supplies, wall: Wall, o: Opening) -> list[Surface]:
    """Waves of cloth left and right of a window, under a rod."""
    cloth = supplies.look(rng, "cloth", 0.6, 0.0, (0.2, 1.0))
    top, bottom, out = o.high + 0.12, (0.05 if rng.random() < 0.6 else max(0.05, o.low - 0.15)), []
    span = (o.right - o.left) * rng.uniform(0.15, 0.45)
    for left in (o.left - 0.15, o.right + 0.15 - span):
        along, up = np.linspace(0, span, 40), np.linspace(bottom, top, 6)
        fold = 0.1 + 0.035 * np.sin(along / span * rng.uniform(20, 60))[None] * np.linspace(1.3, 0.8, 6)[:, None]
        points = np.stack(np.broadcast_arrays(left + along[None], up[:, None], fold), -1)
        uv = np.stack(np.broadcast_arrays(along[None] * 1.5, up[:, None]), -1)
        out.append(moved(grid(cloth, points, uv), wall.T_world_wall))
    rod = box(
        Look(colours.metal(rng), gloss=0.2), (o.right - o.left + 0.5, 0.025, 0.025), ((o.left + o.right) / 2, top, 0.1)
    )
    return [*out, moved(rod, wall.T_world_wall)]


def _pictures(rng: np.random.Generator, supplies: Supplies, wall: Wall, trim: Look) -> list[Surface]:
    """Framed pictures where the wall is free."""
    out = []
    for _ in range(int(rng.integers(0, 5))):
        width, height = rng.uniform(0.2, 1.0, 2)
        left, low = rng.uniform(0.1, max(0.2, wall.length - width - 0.1)), rng.uniform(1.0, 1.5)
        if low + height > wall.height - 0.1 or left + width > wall.length - 0.05:
            continue
        if not wall.free(left - 0.25, left + width + 0.25, low, low + height):
            continue
        wall.openings.append(Opening(left, left + width, low, low + height, "picture"))
        image = supplies.picture(rng)
        pixels = supplies.texture(rng, "cloth") if image is None else image
        canvas = Look((1.0, 1.0, 1.0), pixels, gloss=0.08 if rng.random() < 0.4 else 0.0)
        corners = [(left, low), (left + width, low), (left + width, low + height), (left, low + height)]
        uv = np.array([(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)])
        frame = Look(colours.wood(rng) if rng.random() < 0.5 else trim.colour, gloss=0.1)
        rim, middle = rng.uniform(0.015, 0.06), left + width / 2
        bars = [box(frame, (width + 2 * rim, rim, 0.03), (middle, y, 0.015)) for y in (low - rim, low + height)]
        bars += [box(frame, (rim, height, 0.03), (x, low, 0.015)) for x in (left - rim / 2, left + width + rim / 2)]
        out.append(quad(canvas, np.stack([wall.at(along, up, 0.012) for along, up in corners]), uv))
        out.append(moved(joined(frame, bars), wall.T_world_wall))
    return out


def _lights(rng: np.random.Generator, walls: list[Wall], height: float) -> tuple[list[Placed], Lights]:
    """Daylight by the windows, sun through them, a lamp at the ceiling; any of them may be missing."""
    points: list[PointLight] = []
    day = np.array([0.9, 0.95, 1.0]) * rng.uniform(0.5, 2.0) * (0.15 if rng.random() < 0.12 else 1)
    for wall in walls:
        windows = [o for o in wall.openings if o.kind == "window"]
        areas = np.array([(o.right - o.left) * (o.high - o.low) for o in windows])
        if windows:
            middles = np.array([((o.left + o.right) / 2, (o.low + o.high) / 2) for o in windows])
            along, up = areas @ middles / areas.sum()
            light = triple(day * areas.sum() * 0.8)
            points.append(PointLight(triple(wall.at(along, up, 0.05)), light, triple(wall.inward)))
    placed: list[Placed] = []
    lit = rng.random() < 0.55 or not points
    if rng.random() < 0.85 or lit:
        place = (float(rng.uniform(-0.5, 0.5)), height, float(rng.uniform(-0.5, 0.5)))
        hang = rng.uniform(0.05, 0.9)
        shade = Look((1.0, 0.95, 0.85) if lit else colours.paint(rng), gloss=0.1)
        cord = cylinder(Look((0.15, 0.15, 0.15)), 0.005, hang, steps=8)
        bulb = moved(ball(shade, (0.3, 0.22, 0.3)), at((0, -0.22, 0)))
        placed.append(Placed(Mesh("ceiling lamp", (cord, bulb)), at((place[0], height - hang, place[2]))))
        if lit:
            warm = np.array([1.0, rng.uniform(0.75, 0.98), rng.uniform(0.5, 0.95)]) * rng.uniform(1.0, 5.0)
            points.insert(0, PointLight((place[0], height - hang - 0.1, place[2]), triple(warm)))
    if not lit:
        points.sort(key=lambda point: -point.light[1])
    level = 0.08 + 0.1 * sum(point.light[1] for point in points) / max(len(points), 1) * rng.uniform(0.5, 1.5)
    warmth = np.array([1.0, rng.uniform(0.92, 1.0), rng.uniform(0.82, 1.0)])
    sun = random_sun(rng, float(rng.uniform(3, 8))) if rng.random() < 0.5 else None
    lights = Lights(triple(level * warmth), triple(level * rng.uniform(0.5, 0.9) * warmth), sun, tuple(points))
    return placed, lights
