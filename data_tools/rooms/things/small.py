"""What stands on tables: vases, cups, bottles, books, boxes, fruit and odd solids, up to half a metre high."""

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at, tilted
from data_tools.rooms.round_shapes import ball, cylinder, grid, lathe, torus
from data_tools.rooms.shapes import Look, box, extrusion, joined, moved
from data_tools.rooms.supplies import Supplies


def small_thing(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """One of them."""
    makers = (vase, cup, bottle, books, carton, solid, solid, fruit, lattice, plant)
    return makers[rng.integers(len(makers))](rng, supplies)


def vase(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A turned body of a random smooth outline; some hold twigs."""
    height, width = rng.uniform(0.08, 0.4), rng.uniform(0.03, 0.12)
    knots = width * np.array([rng.uniform(0.4, 0.8), *rng.uniform(0.3, 1.0, 4)])
    t = np.linspace(0, 1, 14)
    radius = np.interp(t, np.linspace(0, 1, 5), knots)
    radius = np.convolve(np.pad(radius, 1, "edge"), [0.25, 0.5, 0.25], "valid")
    look = _ware(rng, supplies)
    profile = np.concatenate([[[0, 0]], np.stack([radius, t * height], 1)])
    surfaces = [lathe(look, profile)]
    if rng.random() < 0.3:
        surfaces.append(
            twigs(rng, Look(colours.leaf(rng)), height * 0.7, rng.uniform(0.15, 0.4), int(rng.integers(5, 25)))
        )
    return Mesh("vase", tuple(surfaces))


def cup(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A mug with a handle."""
    radius, height = rng.uniform(0.03, 0.05), rng.uniform(0.06, 0.12)
    look = _ware(rng, supplies)
    flare = rng.uniform(0.75, 1.25)
    profile = np.array([[0, 0], [radius, 0], [radius, 0], [radius * flare, height], [radius * flare, height],
                        [radius * flare * 0.9, height], [radius * 0.9, 0.01], [0, 0.01]])  # fmt: skip
    parts = [lathe(look, profile[i : i + 2]) for i in (0, 2, 4, 5, 6)]
    handle = moved(torus(look, height * 0.3, height * 0.09, 16), tilted((1, 0, 0), np.pi / 2))
    parts.append(moved(handle, at((radius * (1 + flare) / 2, height * 0.5, 0))))
    return Mesh("cup", (joined(look, parts),))


def bottle(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A bottle, or a tin, with a label."""
    radius, height = rng.uniform(0.025, 0.05), rng.uniform(0.1, 0.32)
    neck = rng.uniform(0.25, 0.45) if rng.random() < 0.7 else 0.95
    profile = np.array([[0, 0], [1, 0], [1, 0.6], [0.95, 0.66], [neck, 0.8], [neck, 1], [0, 1]]) * (radius, height)
    body = lathe(Look(colours.cloth(rng), gloss=float(rng.uniform(0.05, 0.4))), profile)
    label = lathe(
        supplies.look(rng, "cloth", 0.8, 0.1, (0.05, 0.3)),
        np.array([[1.01, 0.15], [1.01, 0.5]]) * (radius, height),
    )
    return Mesh("bottle", (body, label))


def books(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A stack of books, or a row of them."""
    count, surfaces, level, lying = int(rng.integers(1, 9)), [], 0.0, rng.random() < 0.5
    width, height = rng.uniform(0.12, 0.2), rng.uniform(0.18, 0.28)
    for number in range(count):
        thick, grow = rng.uniform(0.01, 0.05), rng.uniform(0.8, 1.05)
        cover = supplies.look(rng, "cloth", 0.3, 0.3, (0.1, 0.4))
        size = (width * grow, thick, height * grow) if lying else (thick, height * grow, width * grow)
        base = (0.0, level, 0.0) if lying else (level + thick / 2, 0.0, 0.0)
        turned = at((0, 0, 0), rng.normal() * 0.15) if lying else np.eye(4)
        surfaces.append(moved(box(cover, size, base), turned))
        pages = (
            (size[0] * 0.985, size[1] * 0.86, size[2] * 1.01)
            if lying
            else (size[0] * 0.8, size[1] * 1.006, size[2] * 0.98)
        )
        paper = box(Look((0.93, 0.9, 0.82)), pages, (base[0], base[1] + (thick * 0.07 if lying else -0.0), base[2]))
        surfaces.append(moved(paper, turned))
        level += thick
        del number
    return Mesh("books", tuple(surfaces))


def carton(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A box, now and then a smaller one on top."""
    size = rng.uniform(0.04, 0.3, 3)
    surfaces = [box(supplies.look(rng, "cloth", 0.6, 0.25, (0.05, 0.4)), size)]
    if rng.random() < 0.3:
        above = size * rng.uniform(0.3, 0.8, 3)
        surfaces.append(moved(box(supplies.look(rng, "cloth"), above), at((0, size[1], 0), rng.uniform(0, 3))))
    return Mesh("carton", tuple(surfaces))


def solid(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A superquadric, a cone, a ring, a prism or a boulder."""
    look = supplies.look(rng, "cloth", 0.5, 0.35, (0.03, 0.3))
    size = rng.uniform(0.04, 0.25, 3)
    kind = rng.integers(5)
    if kind == 0:
        return Mesh("solid", (ball(look, size, (rng.uniform(0.2, 2.0), rng.uniform(0.2, 2.0))),))
    if kind == 1:
        return Mesh("cone", (cylinder(look, size[0] / 2, size[1] * 1.5, size[0] / 2 * rng.uniform(0, 0.9)),))
    if kind == 2:
        return Mesh("ring", (torus(look, size[0] / 2, size[0] * rng.uniform(0.15, 0.5)),))
    if kind == 3:
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
        outline = np.stack([np.cos(angle), np.sin(angle)], 1) * size[0] / 2
        return Mesh("prism", (extrusion(look, outline, size[1]),))
    return Mesh("boulder", (boulder(rng, look, size),))


def boulder(rng: np.random.Generator, look: Look, size: np.ndarray, steps: int = 16) -> Surface:
    """A ball with dents; some are faceted."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, steps + 1), np.linspace(-np.pi / 2, np.pi / 2, steps // 2 + 1))
    unit = np.stack([np.cos(v) * np.cos(u), np.sin(v), -np.cos(v) * np.sin(u)], -1)
    radius = np.ones(u.shape)
    for _ in range(8):
        direction = rng.normal(size=3)
        radius += rng.normal() * 0.12 * np.cos(unit @ direction * rng.uniform(1, 3) + rng.uniform(0, 6))
    unit = unit * radius[..., None]
    unit[..., 1] -= unit[..., 1].min()
    points = unit * size / 2
    uv = np.stack([u * size[0] / 2, v * size[1] / 2], -1)
    return grid(look, points, uv, flat=rng.random() < 0.5)


def fruit(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A heap of balls, on a plate or in a row."""
    surfaces = []
    width = rng.uniform(0.05, 0.09)
    look = Look(colours.cloth(rng), gloss=float(rng.uniform(0, 0.15)))
    for number in range(int(rng.integers(1, 7))):
        ring = 0.0 if number == 0 else width * 1.05
        place = (ring * np.cos(number * 1.05), 0.012, ring * np.sin(number * 1.05))
        surfaces.append(moved(ball(look, (width, width * rng.uniform(0.85, 1.1), width), steps=14), at(place)))
    if rng.random() < 0.6:
        plate = np.array([[0, 0], [0.6, 0], [1, 0.18], [0.97, 0.2], [0.58, 0.1], [0, 0.1]]) * width * 2.2
        surfaces.append(lathe(_ware(rng, supplies), plate))
    return Mesh("fruit", tuple(surfaces))


def lattice(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A basket, cage or toy of thin bars."""
    size, bars = rng.uniform(0.08, 0.3, 3), int(rng.integers(3, 9))
    thick = rng.uniform(0.002, 0.008)
    look = supplies.look(rng, "metal", 0.0, 0.6)
    parts = []
    for share in np.linspace(-0.5, 0.5, bars):
        for side in (-0.5, 0.5):
            parts.append(box(look, (thick, size[1], thick), (share * size[0], 0, side * size[2])))
            parts.append(box(look, (thick, size[1], thick), (side * size[0], 0, share * size[2])))
    for level in np.linspace(0, size[1] - thick, int(rng.integers(2, 5))):
        for side in (-0.5, 0.5):
            parts.append(box(look, (size[0], thick, thick), (0, level, side * size[2])))
            parts.append(box(look, (thick, thick, size[2]), (side * size[0], level, 0)))
    return Mesh("lattice", (joined(look, parts),))


def plant(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """Leaves in a pot."""
    radius, height = rng.uniform(0.04, 0.12), rng.uniform(0.06, 0.2)
    pot = cylinder(_ware(rng, supplies), radius * rng.uniform(0.7, 1), height, radius)
    leaves = twigs(rng, Look(colours.leaf(rng)), height * 0.9, height * rng.uniform(1, 3.5), int(rng.integers(20, 120)))
    return Mesh("plant", (pot, leaves))


def twigs(rng: np.random.Generator, look: Look, base: float, length: float, count: int) -> Surface:
    """Long leaves that rise from one place and bend outwards, three triangles each."""
    steps = np.linspace(0, 1, 4)
    turn, lean = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.1, 0.9, count)
    reach = length * rng.uniform(0.5, 1.0, count)
    out = reach[:, None] * lean[:, None] * steps**1.5
    up = base + reach[:, None] * (steps - 0.5 * lean[:, None] * steps**2)
    middle = np.stack([out * np.cos(turn)[:, None], up, out * np.sin(turn)[:, None]], -1)
    half = (reach * rng.uniform(0.02, 0.08))[:, None] * np.array([0.6, 1.0, 0.8, 0.02])
    side = np.stack([-np.sin(turn), np.zeros(count), np.cos(turn)], -1)[:, None] * half[..., None]
    strips = [
        grid(look, np.stack([m - s, m + s], 1), np.zeros((4, 2, 2)), flat=True)
        for m, s in zip(middle, side, strict=True)
    ]
    return joined(look, strips)


def _ware(rng: np.random.Generator, supplies: Supplies) -> Look:
    """Glazed or raw clay, glass-like, metal."""
    return supplies.look(rng, "metal" if rng.random() < 0.15 else "ware", 0.35, 0.6, (0.04, 0.25))
