"""Pieces of old fronts: storeys of arches, niches and columns, cornices."""

import itertools

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.meshes import Surface
from data_tools.rooms.placing import at
from data_tools.rooms.round_shapes import ball
from data_tools.rooms.shapes import Look, box, joined, moved, quad
from data_tools.rooms.things.monuments import arch, column


def tier(
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
    shaft = column(rng, accent, height * 0.96, radius)
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
        ring = arch(accent, opening, tall, 0.18, rim)
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


def cornice(rng: np.random.Generator, look: Look, width: float, level: float) -> list[Surface]:
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
