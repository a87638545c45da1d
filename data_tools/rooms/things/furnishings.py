"""Furniture of boxes and bars, for machines without models and beside them: chairs, tables, shelves, sofas, lamps.

A piece's front faces +z.
"""

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.placing import at
from data_tools.rooms.round_shapes import ball, cylinder, lathe
from data_tools.rooms.shapes import Look, box, joined, moved
from data_tools.rooms.supplies import Supplies


def chair(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """Four thin legs, a seat, a back of slats or a board."""
    width, depth, seat, back = (
        rng.uniform(0.38, 0.5),
        rng.uniform(0.38, 0.5),
        rng.uniform(0.42, 0.5),
        rng.uniform(0.3, 0.6),
    )
    leg = rng.uniform(0.018, 0.05)
    frame, cover = _wooden(rng, supplies), supplies.look(rng, "cloth", 0.5, 0.2, (0.1, 0.5))
    x, z = width / 2 - leg / 2, depth / 2 - leg / 2
    parts = [box(frame, (leg, seat, leg), (sx * x, 0, sz * z)) for sx in (-1, 1) for sz in (-1, 1)]
    parts += [box(frame, (leg, back, leg), (sx * x, seat, -z)) for sx in (-1, 1)]
    if rng.random() < 0.5:
        for share in np.linspace(-0.5, 0.5, int(rng.integers(3, 8)))[1:-1]:
            parts.append(box(frame, (leg * 0.6, back, leg * 0.6), (share * width, seat, -z)))
        parts.append(box(frame, (width, leg * 1.5, leg), (0, seat + back, -z)))
    else:
        parts.append(box(frame, (width * 0.95, back * rng.uniform(0.3, 0.9), leg), (0, seat + back * 0.1, -z)))
    return Mesh("chair", (joined(frame, parts), box(cover, (width, rng.uniform(0.02, 0.08), depth), (0, seat, 0))))


def table(rng: np.random.Generator, supplies: Supplies, size: tuple[float, float, float] | None = None) -> Mesh:
    """A slab on four legs, two trestles or one foot; `size` is (x, y, z)."""
    width, height, depth = size or (rng.uniform(0.6, 2.0), rng.uniform(0.4, 0.8), rng.uniform(0.5, 1.0))
    slab, leg = rng.uniform(0.015, 0.06), rng.uniform(0.025, 0.09)
    top, frame = _wooden(rng, supplies), _wooden(rng, supplies)
    x, z, below = width / 2 * 0.93 - leg / 2, depth / 2 * 0.93 - leg / 2, height - slab
    kind = rng.integers(4)
    if kind == 0:
        parts = [cylinder(frame, leg * 0.8, below, steps=14), cylinder(frame, min(x, z) * 0.8, 0.03, steps=24)]
        round_top = moved(cylinder(top, 0.5, slab, steps=40), at((0, below, 0), 0, (width, 1, depth)))
        return Mesh("table", (joined(frame, parts), round_top))
    if kind == 1:
        parts = [
            moved(cylinder(frame, leg * 0.25, below, leg * 0.5, 12), at((sx * x, 0, sz * z)))
            for sx in (-1, 1)
            for sz in (-1, 1)
        ]
    else:
        parts = [box(frame, (leg, below, leg), (sx * x, 0, sz * z)) for sx in (-1, 1) for sz in (-1, 1)]
    if kind == 2:
        parts += [box(frame, (2 * x, 0.07, 0.02), (0, below - 0.07, sz * z)) for sz in (-1, 1)]
        parts += [box(frame, (0.02, 0.07, 2 * z), (sx * x, below - 0.07, 0)) for sx in (-1, 1)]
    return Mesh("table", (joined(frame, parts), box(top, (width, slab, depth), (0, below, 0))))


def shelf(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """An open bookcase, filled in part, or a cupboard with doors and knobs."""
    width, height, depth, board = rng.uniform(0.5, 1.6), rng.uniform(0.6, 2.2), rng.uniform(0.25, 0.5), 0.02
    frame = _wooden(rng, supplies)
    rows, columns = max(1, round(height / rng.uniform(0.28, 0.5))), max(1, round(width / rng.uniform(0.4, 0.9)))
    parts = [box(frame, (width, height, 0.01), (0, 0, -depth / 2 + 0.005))]
    parts += [
        box(frame, (board, height, depth), (x, 0, 0)) for x in np.linspace(-0.5, 0.5, columns + 1) * (width - board)
    ]
    parts += [box(frame, (width, board, depth), (0, y, 0)) for y in np.linspace(0, height - board, rows + 1)]
    surfaces = [joined(frame, parts)]
    door = supplies.look(rng, "wood" if rng.random() < 0.5 else "paint", 0.4, 0.4)
    closed = rng.random(rows) < rng.choice([0.0, 0.3, 1.0])
    for row in range(rows):
        for column in range(columns):
            left = -width / 2 + width * column / columns
            low = (height - board) * row / rows + board
            cell, tall = width / columns, (height - board) / rows - board
            if closed[row]:
                surfaces.append(
                    box(
                        door, (cell - 0.008, tall + board - 0.006, 0.018), (left + cell / 2, low - board / 2, depth / 2)
                    )
                )
                surfaces.append(
                    box(
                        Look(colours.metal(rng), gloss=0.2),
                        (0.02, 0.02, 0.03),
                        (left + cell * 0.88, low + tall / 2, depth / 2 + 0.02),
                    )
                )
            elif rng.random() < 0.75:
                surfaces += _row_of_books(
                    rng, supplies, left + 0.03, left + cell * rng.uniform(0.4, 0.95), low, tall, depth
                )
    return Mesh("shelf", tuple(surfaces))


def sofa(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """Cushions between arms, or a bed: one long cushion and pillows."""
    width, depth, seat, back = (
        rng.uniform(0.7, 2.4),
        rng.uniform(0.7, 1.0),
        rng.uniform(0.35, 0.45),
        rng.uniform(0.3, 0.5),
    )
    cover = supplies.look(rng, "cloth", 0.6, 0.05, (0.1, 0.6))
    arm = rng.uniform(0.1, 0.25)
    surfaces = [
        box(cover, (width, seat * 0.6, depth), (0, 0.06, 0)),
        box(cover, (width, seat + back - 0.1, 0.2), (0, 0.06, -depth / 2 + 0.1)),
    ]
    surfaces += [box(cover, (arm, seat + 0.15, depth), (side * (width - arm) / 2, 0.06, 0)) for side in (-1, 1)]
    seats = max(1, round((width - 2 * arm) / 0.7))
    each = (width - 2 * arm) / seats
    for number in range(seats):
        place = -width / 2 + arm + each * (number + 0.5)
        surfaces.append(moved(ball(cover, (each, 0.2, depth - 0.2), (0.25, 0.35)), at((place, seat * 0.6, 0.1))))
    for _ in range(int(rng.integers(0, 4))):
        pillow = ball(supplies.look(rng, "cloth", 0.6, 0.0, (0.1, 0.4)), (0.42, 0.42, 0.16), (0.5, 0.5), 16)
        surfaces.append(
            moved(pillow, at((rng.uniform(-0.35, 0.35) * width, seat + 0.08, -depth / 2 + 0.3), rng.normal() * 0.4))
        )
    return Mesh("sofa", tuple(surfaces))


def bed(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A frame, a mattress, a blanket that hangs over, pillows."""
    width, depth = rng.choice([0.9, 1.4, 1.8]), rng.uniform(1.9, 2.1)
    frame, sheet = _wooden(rng, supplies), supplies.look(rng, "paint", 0.3, 0.0)
    blanket = supplies.look(rng, "cloth", 0.7, 0.0, (0.3, 1.2))
    surfaces = [
        box(frame, (width + 0.08, 0.3, depth + 0.06)),
        box(frame, (width + 0.08, rng.uniform(0.6, 1.2), 0.05), (0, 0, -depth / 2 - 0.03)),
        moved(ball(sheet, (width, 0.25, depth), (0.1, 0.3), 24), at((0, 0.25, 0))),
        moved(ball(blanket, (width + 0.1, 0.3, depth * 0.65), (0.15, 0.3), 24), at((0, 0.24, depth * 0.17))),
    ]
    for side in (-0.25, 0.25) if width > 1.2 else (0.0,):
        surfaces.append(
            moved(ball(sheet, (0.6, 0.16, 0.4), (0.4, 0.6), 16), at((side * width, 0.47, -depth / 2 + 0.3)))
        )
    return Mesh("bed", tuple(surfaces))


def floor_lamp(rng: np.random.Generator, _supplies: Supplies) -> Mesh:
    """A thin pole with a shade."""
    height, iron = rng.uniform(1.2, 1.8), Look(colours.metal(rng), gloss=0.15)
    shade = np.array([[rng.uniform(0.12, 0.25), 0], [rng.uniform(0.06, 0.15), rng.uniform(0.15, 0.35)]])
    pole = joined(iron, [cylinder(iron, 0.14, 0.02), cylinder(iron, 0.012, height, steps=10)])
    return Mesh("lamp", (pole, moved(lathe(Look(colours.paint(rng)), shade), at((0, height - 0.1, 0)))))


def _wooden(rng: np.random.Generator, supplies: Supplies) -> Look:
    kind = rng.random()
    material = "wood" if kind < 0.6 else "metal" if kind < 0.75 else "paint"
    return supplies.look(rng, material, 0.45 if kind < 0.6 else 0.1, 0.35, (0.3, 1.2))


def _row_of_books(
    rng: np.random.Generator, supplies: Supplies, left: float, right: float, low: float, tall: float, depth: float
) -> list:
    surfaces = []
    while left < right:
        thick = rng.uniform(0.015, 0.05)
        look = supplies.look(rng, "cloth", 0.1, 0.2)
        size = (thick, tall * rng.uniform(0.55, 0.92), depth * rng.uniform(0.5, 0.8))
        surfaces.append(box(look, size, (left + thick / 2, low, depth * 0.05)))
        left += thick + 0.002
    return surfaces
