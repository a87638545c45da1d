"""A bare room with simple solids in it."""

import numpy as np

from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.placing import at, triple
from data_tools.rooms.scene import Lights, Placed, PointLight, Scene
from data_tools.rooms.shapes import Look, ball, box, cylinder, quad, torus
from data_tools.rooms.sky import random_sky, random_sun
from data_tools.rooms.standin import standin_texture


def boxes(rng: np.random.Generator) -> Stage:
    """Floor, walls and a ceiling, and up to thirty solids on the floor and on each other."""
    width, depth, height = rng.uniform(3, 8), rng.uniform(3, 8), rng.uniform(2.3, 3.2)
    x, z = width / 2, depth / 2
    textures = [standin_texture(rng, 256) for _ in range(8)]

    def look() -> Look:
        colour = triple(rng.uniform(0.25, 1, 3) * 0.5 + rng.uniform(0, 0.5))
        gloss = float(rng.uniform(0.05, 0.5)) if rng.random() < 0.3 else 0.0
        if rng.random() < 0.35:
            return Look(colour, gloss=gloss)
        light = triple(rng.uniform(0.7, 1, 3))
        return Look(light, textures[rng.integers(len(textures))], float(rng.uniform(0.3, 2)), gloss)

    corners = [(-x, -z), (x, -z), (x, z), (-x, z)]
    shell = [quad(look(), np.array([(-x, 0, z), (x, 0, z), (x, 0, -z), (-x, 0, -z)]))]
    shell += [quad(look(), np.array([(-x, height, z), (x, height, z), (x, height, -z), (-x, height, -z)]))]
    for (ax, az), (bx, bz) in zip(corners, corners[1:] + corners[:1], strict=True):
        shell.append(quad(look(), np.array([(ax, 0, az), (bx, 0, bz), (bx, height, bz), (ax, height, az)])))
    placed = [Placed(Mesh("shell", tuple(shell)), np.eye(4))]
    subjects = []
    for _ in range(rng.integers(8, 30)):
        size = rng.uniform(0.1, 1.1, 3) * rng.uniform(0.4, 1)
        kind = rng.integers(4)
        surface = (
            box(look(), size) if kind == 0
            else ball(look(), size, (rng.uniform(0.2, 2), rng.uniform(0.2, 2))) if kind == 1
            else cylinder(look(), size[0] / 2, size[1] * 1.5, size[0] / 2 * rng.uniform(0, 1)) if kind == 2
            else torus(look(), size[0] / 2, size[1] / 4)
        )  # fmt: skip
        place = (float(rng.uniform(-x, x) * 0.8), 0.0, float(rng.uniform(-z, z) * 0.8))
        placed.append(Placed(Mesh("solid", (surface,)), at(place, rng.uniform(0, 6.28))))
        subjects.append((place[0], float(size[1]) * 0.6, place[2]))
    sun = random_sun(rng, 1.0)
    lamps = (
        PointLight((float(rng.uniform(-x, x) * 0.5), height - 0.3, float(rng.uniform(-z, z) * 0.5)), (2.0, 1.8, 1.5)),
    )
    level = rng.uniform(0.25, 0.6)
    lights = Lights((level, level, level), (level * 0.7, level * 0.65, level * 0.6), None, lamps)
    margin = 0.4
    return Stage(
        scene=Scene(tuple(placed), lights, random_sky(rng, sun)),
        subjects=tuple(subjects),
        eyes=((-x + margin, 0.5, -z + margin), (x - margin, min(1.9, height - 0.2), z - margin)),
        distance_m=(1.2, max(width, depth)),
        moves=("arc", "arc", "walk", "sideways", "wander"),
    )
