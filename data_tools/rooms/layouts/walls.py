"""Walls with openings, and what sits in them: windows, doors, a corridor behind an open door."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

from data_tools.rooms import colours
from data_tools.rooms.meshes import Surface
from data_tools.rooms.round_shapes import cylinder
from data_tools.rooms.shapes import Look, box, joined, moved, quad
from data_tools.rooms.supplies import Supplies

THICK_M = 0.22


@dataclass(frozen=True)
class Opening:
    """A hole in a wall, or a place that is taken, in metres along it from its left end and up from the floor."""

    left: float
    right: float
    low: float
    high: float
    kind: Literal["window", "door", "picture"]
    """A picture hangs before a wall that is whole."""


@dataclass(frozen=True, eq=False)
class Wall:
    """One side of a room, seen from inside."""

    T_world_wall: Float64[np.ndarray, "4 4"]
    """Of a point (metres along it, metres up, metres off it into the room)."""
    length: float
    height: float
    openings: list[Opening] = field(default_factory=list)

    def at(self, along: float, up: float, off: float) -> Float[np.ndarray, "3"]:
        """A place in the world."""
        return self.T_world_wall[:3, :3] @ (along, up, off) + self.T_world_wall[:3, 3]

    @property
    def inward(self) -> Float[np.ndarray, "3"]:
        """Unit direction into the room."""
        return self.T_world_wall[:3, 2]

    def free(self, left: float, right: float, low: float, high: float) -> bool:
        """Whether nothing opens in this piece of the wall."""
        return all(right < o.left or left > o.right or high < o.low or low > o.high for o in self.openings)


def four_walls(width: float, depth: float, height: float) -> list[Wall]:
    """Around a floor of `width` along x and `depth` along z, its middle at the origin."""
    x, z = width / 2, depth / 2
    out = []
    for start, along, inward, length in (
        ((-x, 0, -z), (1, 0, 0), (0, 0, 1), width),
        ((x, 0, -z), (0, 0, 1), (-1, 0, 0), depth),
        ((x, 0, z), (-1, 0, 0), (0, 0, -1), width),
        ((-x, 0, z), (0, 0, -1), (1, 0, 0), depth),
    ):
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = np.stack([along, (0, 1, 0), inward], 1), start
        out.append(Wall(T, length, height))
    return out


def wall_surfaces(wall: Wall, look: Look, trim: Look) -> list[Surface]:
    """The wall around its openings, the sides of the holes, a skirting board.

    A second skin outside, larger than the wall, keeps the sun from getting in where walls meet.
    """
    openings = sorted(wall.openings, key=lambda o: o.left)
    pieces, sides = _skin(wall, look, openings, 0.0, 0.0) + _skin(wall, look, openings, -THICK_M, THICK_M), []
    for o in openings:
        hole = [(o.left, o.low), (o.right, o.low), (o.right, o.high), (o.left, o.high)]
        for (a, b), (c, d) in zip(hole, hole[1:] + hole[:1], strict=True):
            corners = [wall.at(a, b, 0), wall.at(c, d, 0), wall.at(c, d, -THICK_M), wall.at(a, b, -THICK_M)]
            sides.append(quad(look, np.array(corners)))
    boards, left = [], 0.0
    for o in [*(o for o in openings if o.low <= 0), None]:
        right = o.left if o else wall.length
        if right > left:
            boards.append(box(trim, (right - left, 0.08, 0.015), ((left + right) / 2, 0, 0.0075)))
        left = o.right if o else left
    return [joined(look, pieces + sides), moved(joined(trim, boards), wall.T_world_wall)]


def _skin(wall: Wall, look: Look, openings: list[Opening], off: float, margin: float) -> list[Surface]:
    """What is left of a sheet `off` the wall when its openings are cut out; larger by `margin` on all sides."""
    low, high, left, pieces = -margin, wall.height + margin, -margin, []
    for o in openings:
        pieces += [(left, o.left, low, high), (o.left, o.right, o.high, high), (o.left, o.right, low, o.low)]
        left = o.right
    pieces.append((left, wall.length + margin, low, high))
    return [_piece(wall, look, off, *piece) for piece in pieces if piece[0] < piece[1] and piece[2] < piece[3]]


def _piece(wall: Wall, look: Look, off: float, left: float, right: float, low: float, high: float) -> Surface:
    uv = np.array([(left, low), (right, low), (right, high), (left, high)], float)
    return quad(look, np.stack([wall.at(u, v, off) for u, v in uv]), uv)


def window(rng: np.random.Generator, wall: Wall, o: Opening, trim: Look) -> list[Surface]:
    """A frame with bars, and a sill."""
    bar, off, width, height = (
        rng.uniform(0.03, 0.07),
        -THICK_M * rng.uniform(0.3, 0.8),
        o.right - o.left,
        o.high - o.low,
    )
    middle = (o.left + o.right) / 2
    parts = [box(trim, (width, bar, 0.05), (middle, y, off)) for y in (o.low, o.high - bar)]
    parts += [box(trim, (bar, height, 0.05), (x, o.low, off)) for x in (o.left + bar / 2, o.right - bar / 2)]
    for share in np.linspace(0, 1, int(rng.integers(2, 5)))[1:-1]:
        parts.append(box(trim, (bar, height, 0.05), (o.left + share * width, o.low, off)))
    for share in np.linspace(0, 1, int(rng.integers(2, 4)))[1:-1]:
        parts.append(box(trim, (width, bar * 0.6, 0.03), (middle, o.low + share * height, off)))
    parts.append(box(trim, (width + 0.1, 0.03, THICK_M * 0.8), (middle, o.low - 0.03, 0.0)))
    return [moved(joined(trim, parts), wall.T_world_wall)]


def door(rng: np.random.Generator, supplies: Supplies, wall: Wall, o: Opening, trim: Look) -> list[Surface]:
    """A closed door with panels and a handle, or an open hole with a corridor behind."""
    width, height, middle = o.right - o.left, o.high - o.low, (o.left + o.right) / 2
    casing = [box(trim, (0.08, height + 0.08, 0.03), (x, 0, 0.015)) for x in (o.left - 0.04, o.right + 0.04)]
    casing.append(box(trim, (width + 0.16, 0.08, 0.03), (middle, height, 0.015)))
    parts = [joined(trim, casing)]
    if rng.random() < 0.35:
        parts += _corridor(rng, supplies, o)
    else:
        look = trim if rng.random() < 0.5 else supplies.look(rng, "wood", 0.6, 0.3, (0.4, 1.5))
        parts.append(box(look, (width, height, 0.04), (middle, 0, -0.08)))
        rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        panels = []
        for row in range(rows):
            for column in range(columns):
                size = (width / columns - 0.14, height / rows - 0.16, 0.015)
                place = (o.left + width * (column + 0.5) / columns, height * row / rows + 0.08, -0.055)
                panels.append(box(look, size, place))
        parts.append(joined(look, panels))
        iron = Look(colours.metal(rng), gloss=0.3)
        parts.append(moved(cylinder(iron, 0.012, 0.12, steps=10), _handle(o.left + 0.08)))
    return [moved(part, wall.T_world_wall) for part in parts]


def _handle(along: float) -> Float64[np.ndarray, "4 4"]:
    T = np.eye(4)
    T[:3, :3] = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    T[:3, 3] = along, 1.03, -0.02
    return T


def _corridor(rng: np.random.Generator, supplies: Supplies, o: Opening) -> list[Surface]:
    """A box of one to four metres behind the hole."""
    far, side, high = -rng.uniform(1.2, 4), rng.uniform(0.1, 1.0), o.high + 0.3
    left, right, near = o.left - side, o.right + side, -THICK_M
    paint, floor = Look(colours.paint(rng)), supplies.look(rng, "wood", 0.8, 0.1)
    walls = [
        quad(paint, np.array([(left, 0, far), (right, 0, far), (right, high, far), (left, high, far)])),
        quad(paint, np.array([(left, 0, near), (left, 0, far), (left, high, far), (left, high, near)])),
        quad(paint, np.array([(right, 0, far), (right, 0, near), (right, high, near), (right, high, far)])),
        quad(paint, np.array([(left, high, near), (left, high, far), (right, high, far), (right, high, near)])),
        quad(paint, np.array([(left, 0, near), (o.left, 0, near), (o.left, high, near), (left, high, near)])),
        quad(paint, np.array([(o.right, 0, near), (right, 0, near), (right, high, near), (o.right, high, near)])),
    ]
    return [
        joined(paint, walls),
        quad(floor, np.array([(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)])),
    ]
