"""What stands outside: trees, poles, railings, bollards, rocks, tufts of grass, a simple car."""

import numpy as np
from jaxtyping import Float

from data_tools.rooms import colours
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at, tilted
from data_tools.rooms.round_shapes import ball, cylinder, lathe, torus
from data_tools.rooms.shapes import Look, box, extrusion, joined, moved, triangles
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.things.small import boulder


def tree(rng: np.random.Generator, supplies: Supplies, height: float | None = None) -> Mesh:
    """A trunk, some boughs, and a crown of leaves; now and then bare, or a conifer."""
    height = height or float(rng.uniform(2.5, 9))
    bark = supplies.look(rng, "wood", 0.8, 0.0, (0.3, 1.0))
    thick, clear = height * rng.uniform(0.015, 0.04), height * rng.uniform(0.2, 0.45)
    wood = [cylinder(bark, thick, height * 0.8, thick * 0.3, 10)]
    crowns: list[tuple[np.ndarray, np.ndarray]] = []
    if rng.random() < 0.2:
        for level in np.linspace(clear, height, 7):
            wide = (height - level) * 0.35 + 0.15
            crowns.append((np.array([0, level, 0]), np.array([wide, height * 0.1, wide])))
    else:
        for _ in range(int(rng.integers(4, 10))):
            start, turn, lean = rng.uniform(clear, height * 0.75), rng.uniform(0, 6.28), rng.uniform(0.3, 1.0)
            length = height * rng.uniform(0.15, 0.35)
            T = at((0, start, 0), turn) @ tilted((1, 0, 0), lean)
            wood.append(moved(cylinder(bark, thick * 0.4, length, thick * 0.1, 6), T))
            crowns.append(((T @ (0, length, 0, 1))[:3], height * rng.uniform(0.1, 0.22, 3)))
    surfaces = [joined(bark, wood)]
    if rng.random() < 0.9:
        green = colours.leaf(rng)
        for centre, reach in crowns:
            shade = float(rng.uniform(0.7, 1.15))
            look = Look((min(1.0, green[0] * shade), min(1.0, green[1] * shade), min(1.0, green[2] * shade)))
            surfaces.append(
                foliage(rng, look, centre, reach, int(rng.integers(80, 260)), height * rng.uniform(0.012, 0.03))
            )
    return Mesh("tree", tuple(surfaces))


def foliage(
    rng: np.random.Generator,
    look: Look,
    centre: Float[np.ndarray, "3"],
    reach: Float[np.ndarray, "3"],
    count: int,
    size: float,
) -> Surface:
    """Leaves of four corners in an ellipsoid, most of them near its skin; lit as the ellipsoid would be."""
    outward = rng.normal(size=(count, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    middle = centre + outward * reach * rng.uniform(0.4, 1.0, (count, 1)) ** 0.5
    along = rng.normal(size=(count, 3))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, rng.normal(size=(count, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    half = size * rng.uniform(0.6, 1.6, (count, 1))
    tips = middle + along * half * 1.6, middle + across * half, middle - along * half * 1.6, middle - across * half
    corners = np.stack([tips[i] for i in (0, 1, 2, 0, 2, 3)], 1).reshape(-1, 3)
    normals = np.repeat(outward + 0.5 * rng.normal(size=(count, 3)), 6, axis=0)
    return triangles(look, corners, np.zeros((len(corners), 2)), normals)


def grass(rng: np.random.Generator, look: Look, places: Float[np.ndarray, "blade 3"], height: float) -> Surface:
    """Blades: a triangle each, from its place upwards."""
    count = len(places)
    turn, tall = rng.uniform(0, 6.28, count), height * rng.uniform(0.4, 1.2, count)
    side = np.stack([np.cos(turn), np.zeros(count), np.sin(turn)], 1) * (0.02 + 0.04 * height)
    lean = rng.normal(size=(count, 3)) * (0.3, 0, 0.3) * height
    corners = np.stack([places - side, places + side, places + lean + tall[:, None] * (0, 1, 0)], 1).reshape(-1, 3)
    normals = np.repeat(np.array([[0.0, 1.0, 0.0]]) + 0.3 * rng.normal(size=(count, 3)), 3, axis=0)
    return triangles(look, corners, np.zeros((len(corners), 2)), normals)


def pole(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A street lamp, a sign, a traffic light or a bare mast."""
    iron = supplies.look(rng, "metal", 0.1, 0.4)
    height, radius = rng.uniform(2.2, 7), rng.uniform(0.03, 0.09)
    parts, surfaces = [cylinder(iron, radius, height, radius * 0.7, 12)], []
    kind = rng.integers(4)
    if kind == 0:
        reach = rng.uniform(0.4, 1.6)
        parts.append(box(iron, (reach, 0.06, 0.06), (reach / 2, height - 0.06, 0)))
        surfaces.append(moved(ball(Look((0.95, 0.93, 0.85)), (0.5, 0.15, 0.25)), at((reach, height - 0.2, 0))))
    elif kind == 1:
        plate = moved(
            cylinder(
                supplies.look(rng, "cloth", 0.4, 0.3, (0.3, 0.9)),
                0.32,
                0.02,
                steps=int(rng.choice([3, 4, 8, 28])),
            ),
            tilted((1, 0, 0), np.pi / 2),
        )
        surfaces.append(moved(plate, at((0, height - 0.4, radius))))
    elif kind == 2:
        surfaces.append(box(Look((0.08, 0.08, 0.08), gloss=0.05), (0.28, 0.85, 0.22), (0, height - 0.9, radius + 0.1)))
        for number, colour in enumerate([(0.1, 0.8, 0.3), (0.95, 0.7, 0.1), (0.9, 0.1, 0.1)]):
            surfaces.append(
                moved(ball(Look(colour), (0.17, 0.17, 0.08)), at((0, height - 0.85 + 0.27 * number, radius + 0.2)))
            )
    return Mesh("pole", (joined(iron, parts), *surfaces))


def railing(rng: np.random.Generator, supplies: Supplies, length: float) -> Mesh:
    """A fence of thin bars, or of boards, along x."""
    height, look = (
        rng.uniform(0.7, 1.5),
        supplies.look(rng, "metal" if rng.random() < 0.6 else "wood", 0.3, 0.2),
    )
    thick, gap = (
        (rng.uniform(0.01, 0.03), rng.uniform(0.08, 0.2))
        if rng.random() < 0.7
        else (rng.uniform(0.06, 0.1), rng.uniform(0.1, 0.16))
    )
    bars = [box(look, (thick, height, 0.02), (x, 0, 0)) for x in np.arange(-length / 2, length / 2 + 1e-6, gap)]
    bars += [box(look, (length, 0.04, 0.04), (0, y, 0)) for y in (0.1, height - 0.08)]
    bars += [
        box(look, (0.06, height + 0.1, 0.06), (x, 0, 0))
        for x in np.linspace(-length / 2, length / 2, max(2, int(length / 2) + 1))
    ]
    return Mesh("railing", (joined(look, bars),))


def bollard(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A short post, a bin, a hydrant-like turned thing, a box on the pavement."""
    look, height = (
        supplies.look(rng, "metal" if rng.random() < 0.5 else "cloth", 0.3, 0.3),
        rng.uniform(0.5, 1.2),
    )
    if rng.random() < 0.5:
        radius = np.array([0.5, 0.5, 0.35, 0.35, 0.5, 0.3, 0.0]) * rng.uniform(0.15, 0.45)
        return Mesh(
            "bollard", (lathe(look, np.stack([radius, np.array([0, 0.1, 0.15, 0.8, 0.85, 0.97, 1.0]) * height], 1)),)
        )
    return Mesh("box", (box(look, (rng.uniform(0.3, 1.2), height, rng.uniform(0.3, 0.8))),))


def rock(rng: np.random.Generator, supplies: Supplies, size: float) -> Mesh:
    """A boulder with a stony surface."""
    look = supplies.look(rng, "stone", 0.9, 0.0, (0.4, 2.0))
    return Mesh("rock", (boulder(rng, look, size * rng.uniform(0.6, 1.3, 3) * (1, 0.75, 1), int(rng.integers(8, 24))),))


def car(rng: np.random.Generator, _supplies: Supplies) -> Mesh:
    """A body with a cabin, windows and wheels; its front faces +z."""
    paint = Look(colours.cloth(rng), gloss=float(rng.uniform(0.05, 0.3)))
    glass, rubber = Look((0.06, 0.07, 0.08), gloss=0.4), Look((0.05, 0.05, 0.05))
    length, width, height = rng.uniform(3.4, 5), rng.uniform(1.6, 1.95), rng.uniform(1.35, 1.9)
    side = np.array(
        [
            [-0.5, 0.12],
            [-0.5, 0.5],
            [-0.42, 0.58],
            [-0.3, 1.0],
            [0.12, 1.0],
            [0.26, 0.6],
            [0.47, 0.52],
            [0.5, 0.3],
            [0.5, 0.12],
        ]
    )
    side = side + rng.normal(size=side.shape) * 0.015
    # The outline lies along the car and upwards; it is drawn across.
    across = np.array([[0, 1, 0, -width / 2], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    surfaces = [moved(extrusion(paint, side * (length, height), width), across)]
    surfaces.append(box(glass, (width * 1.01, height * 0.27, length * 0.36), (0, height * 0.64, -length * 0.08)))
    wheel = moved(cylinder(rubber, 0.31, 0.2, steps=20), at((0.1, 0, 0)) @ tilted((0, 0, 1), np.pi / 2))
    for x in (-1, 1):
        for z in (-0.31, 0.31):
            surfaces.append(moved(wheel, at((x * (width / 2 - 0.1), 0.31, z * length))))
    return Mesh("car", tuple(surfaces))


def arch_bench(rng: np.random.Generator, supplies: Supplies) -> Mesh:
    """A bench of boards."""
    wood, iron = supplies.look(rng, "wood", 0.6, 0.1), Look(colours.metal(rng), gloss=0.1)
    length = rng.uniform(1.2, 2.2)
    boards = [box(wood, (length, 0.035, 0.09), (0, 0.43, z)) for z in (-0.15, -0.04, 0.07, 0.18)]
    boards += [box(wood, (length, 0.09, 0.03), (0, y, -0.24)) for y in (0.58, 0.72, 0.86)]
    legs = [box(iron, (0.05, 0.9, 0.05), (x, 0, -0.22)) for x in (-length / 2.4, length / 2.4)]
    legs += [box(iron, (0.05, 0.43, 0.05), (x, 0, 0.16)) for x in (-length / 2.4, length / 2.4)]
    ring = moved(torus(iron, 0.09, 0.03, 14), tilted((0, 0, 1), np.pi / 2))
    return Mesh("bench", (joined(wood, boards), joined(iron, [*legs, moved(ring, at((length / 2, 0.5, 0)))])))
