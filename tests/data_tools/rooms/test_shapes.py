"""Shapes stand on y = 0, are as large as asked for, and have their normals outside."""

import numpy as np
import pytest

from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.placing import at, look_at, tilted
from data_tools.rooms.round_shapes import ball, cylinder, lathe, torus
from data_tools.rooms.shapes import Look, box, extrusion, moved, quad

LOOK = Look()
SOLIDS = {
    "box": (box(LOOK, (1.0, 2.0, 3.0)), (1, 2, 3)),
    "cylinder": (cylinder(LOOK, 0.5, 2.0), (1, 2, 1)),
    "ball": (ball(LOOK, (1.0, 2.0, 3.0), steps=40), (1, 2, 3)),
    "boxy ball": (ball(LOOK, (1.0, 2.0, 3.0), (0.2, 0.2), steps=40), (1, 2, 3)),
    "torus": (torus(LOOK, 1.0, 0.5, steps=40), (2.5, 0.5, 2.5)),
    "lathe": (lathe(LOOK, np.array([[0.2, 0.0], [0.5, 0.7], [0.1, 1.0]])), (1, 1, 1)),
    "prism": (extrusion(LOOK, np.array([(1.0, -0.5), (0, -0.5), (0, 0.5), (1, 0.5)]), 2.0), (1, 2, 1)),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_size_and_place(name: str):
    surface, size = SOLIDS[name]
    np.testing.assert_allclose(Mesh(name, (surface,)).size, size, rtol=0.02)
    assert surface.positions[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert len(surface.positions) == len(surface.normals) == len(surface.uv)
    assert len(surface.positions) % 3 == 0


@pytest.mark.parametrize("name", [name for name in SOLIDS if name not in ("torus", "lathe")])
def test_normals_point_out_of_what_is_convex(name: str):
    surface, _ = SOLIDS[name]
    middle = (surface.positions.min(0) + surface.positions.max(0)) / 2
    outward = ((surface.positions - middle) * surface.normals).sum(1)
    assert (outward > -1e-3).mean() > 0.97


def test_texture_coordinates_are_metres():
    side = quad(Look(repeat_m=0.5), np.array([(0, 0, 0), (2, 0, 0), (2, 1, 0), (0, 1, 0)]))
    np.testing.assert_allclose(side.uv.max(0), (4, 2))
    cube = box(Look(repeat_m=0.5), (2.0, 1.0, 3.0))
    np.testing.assert_allclose(cube.uv.max(0), (6, 6))


def test_moving_there_and_back_gives_the_same():
    surface, T = SOLIDS["ball"][0], at((1, 2, 3), 0.7, (1, 2, 0.5)) @ tilted((1, 2, 3), 0.4)
    back = moved(moved(surface, T), np.linalg.inv(T))
    np.testing.assert_allclose(back.positions, surface.positions, atol=1e-5)
    np.testing.assert_allclose(back.normals, surface.normals, atol=1e-4)


def test_normals_stay_upright_when_stretched():
    def off(surface: Surface) -> float:
        a, b, c = surface.positions[0::3], surface.positions[1::3], surface.positions[2::3]
        return float(
            np.abs(((b - a) * surface.normals[0::3]).sum(1)).max()
            + np.abs(((c - a) * surface.normals[0::3]).sum(1)).max()
        )

    assert off(moved(SOLIDS["box"][0], at((0, 0, 0), 0.3, (3, 1, 0.2)))) < 1e-5


def test_look_at_puts_the_target_ahead_and_up_up():
    T = look_at((1, 2, 3), (0, 0, 0))
    seen = np.linalg.inv(T) @ (0, 0, 0, 1)
    np.testing.assert_allclose(seen[:3], (0, 0, np.sqrt(14)), atol=1e-12)
    assert (np.linalg.inv(T) @ (1, 3, 3, 1))[1] < 0
    straight_down = look_at((0, 2, 0), (0, 0, 0))
    np.testing.assert_allclose(straight_down[:3, :3].T @ straight_down[:3, :3], np.eye(3), atol=1e-12)
