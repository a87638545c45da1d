"""Stone that people travel to: columns, arches, statues, fountains, broken walls."""

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at, tilted
from data_tools.rooms.round_shapes import ball, cylinder, grid, lathe, torus
from data_tools.rooms.shapes import Look, box, extrusion, joined, moved
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things.small import boulder


def stone_look(rng: np.random.Generator, supplies: Supplies) -> Look:
    """Of one building: plain plaster, blocks, or speckled stone."""
    return supplies.look(rng, "stone", 0.75, 0.08, (0.6, 3.0))


def column(rng: np.random.Generator, look: Look, height: float, radius: float) -> Surface:
    """Base, shaft with or without flutes, capital."""
    low, high = height * 0.06, height * 0.07
    parts = [
        box(look, (radius * 2.8, low * 0.5, radius * 2.8)),
        moved(cylinder(look, radius * 1.25, low * 0.5, radius * 1.1), at((0, low * 0.5, 0))),
    ]
    flutes, slender = int(rng.integers(8, 20)), rng.uniform(0.78, 1.0)
    deep = rng.uniform(0.04, 0.09) if rng.random() < 0.6 else 0.0
    angle = np.linspace(0, 2 * np.pi, flutes * 5 + 1 if deep else 25)
    levels = np.linspace(low, height - high, 5)
    ring = radius * (1 - deep * np.abs(np.cos(angle * flutes / 2)) ** 0.5)
    taper = np.linspace(1, slender, 5)[:, None] * ring[None]
    points = np.stack(
        [taper * np.cos(angle), np.broadcast_to(levels[:, None], taper.shape), -taper * np.sin(angle)], -1
    )
    uv = np.stack(np.broadcast_arrays(angle[None] * radius, levels[:, None]), -1)
    parts.append(grid(look, points, uv))
    parts.append(moved(cylinder(look, radius * slender, high * 0.6, radius * 1.3), at((0, height - high, 0))))
    parts.append(box(look, (radius * 2.9, high * 0.4, radius * 2.9), (0, height - high * 0.4, 0)))
    return joined(look, parts)


def arch(look: Look, width: float, height: float, depth: float, rim: float) -> Surface:
    """Two posts and a half ring over them, open below; `width` is that of the opening."""
    radius, post = width / 2, height - width / 2
    parts = [box(look, (rim, post, depth), (side * (radius + rim / 2), 0, 0)) for side in (-1, 1)]
    angle = np.linspace(0, np.pi, 17)
    inner = np.stack([np.cos(angle), np.sin(angle)], 1) * radius
    outer = np.stack([np.cos(angle), np.sin(angle)], 1) * (radius + rim)
    for front in (-depth / 2, depth / 2):
        face = np.stack([np.insert(inner, 2, front, 1), np.insert(outer, 2, front, 1)])
        parts.append(grid(look, face + (0, post, 0), face[..., :2], flat=True))
    for ring in (inner, outer):
        sheet = np.stack([np.insert(ring, 2, z, 1) for z in (-depth / 2, depth / 2)]) + (0, post, 0)
        along = angle[None] * radius
        parts.append(grid(look, sheet, np.stack(np.broadcast_arrays(along, np.array([[0.0], [depth]])), -1)))
    return joined(look, parts)


def statue(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """Rounded limbs and lumps that lean on each other, on a pedestal; one material."""
    kind = rng.random()
    bronze = Look(colours.metal(rng), gloss=float(rng.uniform(0.05, 0.25)))
    look = stone_look(rng, supplies) if kind < 0.6 else bronze
    base, tall = rng.uniform(0.4, 1.4), rng.uniform(0.9, 2.2)
    parts = [
        box(look, (0.9, base * 0.15, 0.9)),
        box(look, (0.7, base, 0.7)),
        box(look, (0.85, base * 0.1, 0.85), (0, base, 0)),
    ]
    parts.append(moved(ball(look, (0.4, tall * 0.55, 0.32), (0.8, 0.8)), at((0, base + tall * 0.3, 0))))
    parts.append(
        moved(boulder(rng, look, np.array([0.26, 0.3, 0.26])), at((rng.normal() * 0.05, base + tall * 0.84, 0.03)))
    )
    for side in (-1, 1):
        parts.append(moved(cylinder(look, 0.12, tall * 0.45, 0.09, 12), at((side * 0.12, base, rng.normal() * 0.05))))
        T = at((side * 0.2, base + tall * 0.75, 0), rng.uniform(-1, 1)) @ tilted(
            (rng.normal(), 0, 1), side * rng.uniform(-2.8, -0.6)
        )
        parts.append(moved(cylinder(look, 0.07, tall * 0.35, 0.05, 10), T))
    for _ in range(int(rng.integers(2, 7))):
        T = at(
            (*rng.normal(size=1) * 0.15, base + rng.uniform(0, tall * 0.7), *rng.normal(size=1) * 0.15),
            rng.uniform(0, 6),
        ) @ tilted(rng.normal(size=3), rng.uniform(0, 1))
        parts.append(
            moved(ball(look, rng.uniform(0.1, 0.45, 3), (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), 14), T)
        )
    return Mesh("statue", (joined(look, parts),))


def fountain(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """Basins on a turned foot, water in them, figures around."""
    look = stone_look(rng, supplies)
    radius, height = rng.uniform(0.8, 2.5), rng.uniform(1.2, 3.5)
    rim = np.array([[1, 0], [1.05, 0.45], [1.1, 0.5], [1.0, 0.52], [0.93, 0.45], [0.93, 0.2]]) * (radius, 1.0)
    surfaces = [
        lathe(look, rim, 40),
        lathe(Look((0.2, 0.3, 0.32), gloss=0.5), np.array([[0, 0.38], [radius * 0.95, 0.38]]), 32),
    ]
    for level, share in ((0.55, 0.5), (0.85, 0.28)):
        bowl = np.array([[0.1, -0.12], [0.6, -0.08], [1, 0.03], [0.97, 0.06], [0.5, -0.03], [0, -0.03]]) * (
            radius * share,
            height * 0.6,
        )
        surfaces.append(moved(lathe(look, bowl, 32), at((0, height * level, 0))))
    knots = rng.uniform(0.05, 0.16, 8) * radius
    surfaces.append(lathe(look, np.stack([knots, np.linspace(0, height, 8)], 1), 20))
    surfaces.append(moved(boulder(rng, look, np.array([0.3, 0.5, 0.3]) * radius * 0.6), at((0, height * 0.97, 0))))
    count = int(rng.integers(0, 7))
    for number in range(count):
        turn = 2 * np.pi * number / count
        place = (radius * np.cos(turn), 0.5, radius * np.sin(turn))
        surfaces.append(
            moved(
                joined(look, [ball(look, (0.25, 0.45, 0.25)), moved(ball(look, (0.18, 0.2, 0.18)), at((0, 0.4, 0)))]),
                at(place),
            )
        )
    return Mesh("fountain", tuple(surfaces))


def ruin(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A piece of wall whose top is broken, with a hole or two."""
    look, width, thick = stone_look(rng, supplies), rng.uniform(1.5, 6), rng.uniform(0.3, 0.7)
    columns = int(rng.integers(4, 10))
    tops = np.cumsum(rng.normal(size=columns) * 0.5) + rng.uniform(1, 3.5)
    each, parts = width / columns, []
    for number, top in enumerate(np.clip(tops, 0.3, 5)):
        x = -width / 2 + each * (number + 0.5)
        if rng.random() < 0.2 and top > 1.6:
            parts.append(box(look, (each, rng.uniform(0.3, 0.8), thick), (x, 0, 0)))
            parts.append(box(look, (each, top - 1.4, thick), (x, 1.4, 0)))
        else:
            parts.append(box(look, (each, top, thick * rng.uniform(0.9, 1.1)), (x, 0, 0)))
    return Mesh("ruin", (joined(look, parts),))


def tower(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A round or many-sided tower with a roof and a band."""
    look, roof = stone_look(rng, supplies), supplies.look(rng, "roof", 0.7, 0.1, (0.5, 1.5))
    radius, height, sides = rng.uniform(0.8, 2.2), rng.uniform(3, 9), int(rng.choice([4, 6, 8, 24]))
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    outline = np.stack([np.cos(angle), -np.sin(angle)], 1)
    body = extrusion(look, outline * radius, height)
    band = moved(extrusion(look, outline * radius * 1.1, 0.25), at((0, height * 0.9, 0)))
    holes = [
        moved(
            box(Look((0.04, 0.04, 0.05)), (0.3, 0.7, 0.1)),
            at((radius * 0.97 * np.sin(t), y, radius * 0.97 * np.cos(t)), t),
        )
        for t in np.arange(0, 6.2, 1.57)
        for y in (height * 0.3, height * 0.65)
    ]
    return Mesh(
        "tower",
        (
            body,
            band,
            joined(holes[0] and Look((0.04, 0.04, 0.05)), holes),
            moved(cylinder(roof, radius * 1.2, radius * rng.uniform(0.8, 2), 0.0, sides), at((0, height, 0))),
        ),
    )


def ring_of_columns(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A small round temple; some columns have fallen."""
    look, radius, height = stone_look(rng, supplies), rng.uniform(1.5, 3), rng.uniform(2, 4)
    count = int(rng.integers(5, 11))
    parts = [
        cylinder(look, radius * 1.25, 0.2, steps=32),
        moved(cylinder(look, radius * 1.15, 0.2, steps=32), at((0, 0.2, 0))),
    ]
    pillar = column(rng, look, height, radius * 0.11)
    whole = rng.random() < 0.5
    for number in range(count):
        turn = 2 * np.pi * number / count
        if whole or rng.random() < 0.7:
            parts.append(moved(pillar, at((radius * np.cos(turn), 0.4, radius * np.sin(turn)))))
    if whole:
        parts.append(moved(torus(look, radius, radius * 0.3, 32), at((0, height + 0.4, 0))))
    return Mesh("temple", (joined(look, parts),))
