"""Houses of a row, seen from the street: walls with grids of windows, doors, shops, cornices, balconies."""

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at
from data_tools.rooms.shapes import Look, box, joined, moved, quad
from data_tools.rooms.supplies import Supplies

DEPTH_M = 9.0


def house(rng: np.random.Generator, supplies: Supplies) -> tuple[Mesh, float]:
    """A house whose front lies in z = 0 and faces +z; and its width."""
    storeys, storey = int(rng.integers(1, 7)), rng.uniform(2.7, 3.6)
    axes, axis = int(rng.integers(2, 7)), rng.uniform(1.6, 3.2)
    width, ground = axes * axis, storey * rng.uniform(1.0, 1.35)
    height = ground + (storeys - 1) * storey
    wall = supplies.look(rng, "paint" if rng.random() < 0.5 else "stone", 0.7, 0.0, (1.0, 4.0))
    trim = Look(colours.stone(rng) if rng.random() < 0.6 else colours.paint(rng))
    surfaces = [box(wall, (width, height, DEPTH_M), (0, 0, -DEPTH_M / 2))]
    roof = supplies.look(rng, "roof", 0.7, 0.05, (0.8, 2.5))
    surfaces += _roof(rng, roof, trim, width, height)
    shape = rng.uniform(0.35, 0.6) * axis, rng.uniform(0.5, 0.68) * storey
    glass = Look((0.08, 0.1, 0.12) if rng.random() < 0.7 else colours.cloth(rng), gloss=float(rng.uniform(0.1, 0.5)))
    style = int(rng.integers(4))
    for number in range(axes):
        x = -width / 2 + axis * (number + 0.5)
        for floor in range(1, storeys):
            surfaces += _window(trim, glass, x, ground + (floor - 1) * storey + storey * 0.22, *shape, style)
        if rng.random() < 0.25 and storeys > 1:
            surfaces += _balcony(
                rng, trim, x, ground + rng.integers(0, storeys - 1) * storey + storey * 0.18, axis * 0.8
            )
    surfaces += _ground_floor(rng, supplies, trim, glass, axes, axis, ground, shape, style)
    if rng.random() < 0.5:
        surfaces.append(
            joined(trim, [box(trim, (width, 0.15, 0.12), (0, ground + i * storey - 0.1, 0.06)) for i in range(storeys)])
        )
    return Mesh("house", _merged(surfaces)), float(width)


def _merged(surfaces: list[Surface]) -> tuple[Surface, ...]:
    """One surface for each look, since thousands of small ones are slow."""
    groups: dict[tuple, list[Surface]] = {}
    for surface in surfaces:
        groups.setdefault((surface.colour, id(surface.texture), surface.gloss), []).append(surface)
    return tuple(
        joined(Look(group[0].colour, group[0].texture, gloss=group[0].gloss), group) for group in groups.values()
    )


def _window(trim: Look, glass: Look, x: float, low: float, width: float, height: float, style: int) -> list[Surface]:
    """Glass in a frame that stands out, with a sill, bars, shutters or a hood by `style`."""
    frame = [box(trim, (0.07, height, 0.1), (x + side * width / 2, low, 0.02)) for side in (-1, 1)]
    frame += [box(trim, (width + 0.07, 0.07, 0.1), (x, y, 0.02)) for y in (low, low + height - 0.07)]
    frame += [
        box(trim, (0.04, height, 0.05), (x, low, 0.02)),
        box(trim, (width + 0.25, 0.06, 0.2), (x, low - 0.06, 0.08)),
    ]
    if style == 1:
        frame += [box(trim, (width * 0.48, height, 0.05), (x + side * width * 0.77, low, 0.03)) for side in (-1, 1)]
    if style == 2:
        frame.append(box(trim, (width + 0.35, 0.12, 0.25), (x, low + height + 0.05, 0.1)))
    corners = [
        (x - width / 2, low, 0.012),
        (x + width / 2, low, 0.012),
        (x + width / 2, low + height, 0.012),
        (x - width / 2, low + height, 0.012),
    ]
    return [joined(trim, frame), quad(glass, np.array(corners))]


def _balcony(rng: np.random.Generator, trim: Look, x: float, low: float, width: float) -> list[Surface]:
    iron = Look(colours.metal(rng))
    bars = [box(iron, (0.02, 0.95, 0.02), (x + dx, low, 0.8)) for dx in np.arange(-width / 2, width / 2 + 0.01, 0.12)]
    bars += [box(iron, (0.02, 0.95, 0.02), (x + side * width / 2, low, z)) for side in (-1, 1) for z in (0.2, 0.4, 0.6)]
    bars += [box(iron, (width, 0.04, 0.04), (x, low + 0.93, 0.8))]
    bars += [box(iron, (0.04, 0.04, 0.8), (x + side * width / 2, low + 0.93, 0.4)) for side in (-1, 1)]
    return [box(trim, (width + 0.1, 0.12, 0.9), (x, low - 0.12, 0.4)), joined(iron, bars)]


def _ground_floor(
    rng: np.random.Generator, supplies: Supplies, trim: Look, glass: Look, axes: int, axis: float, ground: float,
    shape: tuple[float, float], style: int,
) -> list[Surface]:  # fmt: skip
    """A door, and windows or shops beside it."""
    out: list[Surface] = []
    entrance, shop = int(rng.integers(axes)), rng.random() < 0.4
    wood = supplies.look(rng, "wood" if rng.random() < 0.5 else "cloth", 0.4, 0.3)
    for number in range(axes):
        x = -axes * axis / 2 + axis * (number + 0.5)
        if number == entrance:
            out += [box(wood, (1.0, 2.2, 0.06), (x, 0, 0.0)), box(trim, (1.3, 0.12, 0.2), (x, 2.25, 0.05))]
            out += [box(trim, (0.14, 2.25, 0.14), (x + side * 0.57, 0, 0.03)) for side in (-1, 1)]
            out += [box(wood, (0.34, 0.75, 0.03), (x + dx, y, 0.035)) for dx in (-0.22, 0.22) for y in (0.2, 1.15)]
        elif shop:
            out += _window(trim, glass, x, 0.4, axis * 0.85, ground - 1.1, 0)
            sign = supplies.look(rng, "cloth", 0.4, 0.2, (0.5, 1.5))
            out.append(box(sign, (axis * 0.9, 0.45, 0.12), (x, ground - 0.6, 0.05)))
            if rng.random() < 0.4:
                out.append(_awning(sign, x, ground - 0.65, axis * 0.9))
        else:
            out += _window(trim, glass, x, ground * 0.28, *shape, style)
    return out


def _awning(look: Look, x: float, high: float, width: float) -> Surface:
    left, right = x - width / 2, x + width / 2
    return quad(
        look, np.array([(left, high - 0.5, 1.1), (right, high - 0.5, 1.1), (right, high, 0.1), (left, high, 0.1)])
    )


def _roof(rng: np.random.Generator, roof: Look, trim: Look, width: float, height: float) -> list[Surface]:
    """A cornice, and a flat or a pitched roof with dormers or a chimney."""
    out = [box(trim, (width + 0.2, 0.3, 0.5), (0, height - 0.15, 0.1)), box(trim, (width, 0.4, 0.2), (0, height, -0.1))]
    if rng.random() < 0.6:
        rise, half = rng.uniform(1.5, 4), width / 2 + 0.1
        front = [
            (-half, height + 0.1, 0.35),
            (half, height + 0.1, 0.35),
            (half, height + rise, -DEPTH_M / 2),
            (-half, height + rise, -DEPTH_M / 2),
        ]
        back = [
            (-half, height, -DEPTH_M),
            (half, height, -DEPTH_M),
            (half, height + rise, -DEPTH_M / 2),
            (-half, height + rise, -DEPTH_M / 2),
        ]
        out += [quad(roof, np.array(front)), quad(roof, np.array(back))]
        for _ in range(int(rng.integers(0, 3))):
            out.append(
                moved(box(roof, (0.6, rise + 0.8, 0.6)), at((rng.uniform(-half, half) * 0.8, height, -DEPTH_M * 0.4)))
            )
    return out
