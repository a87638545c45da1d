"""What layouts hand over: solid triangles on the ground, and places to stand outside of things."""

import numpy as np
import pytest

from data_tools.rooms.gl_geometry import geometry
from data_tools.rooms.layouts import LAYOUTS
from data_tools.rooms.layouts.walls import Opening, four_walls, wall_surfaces
from data_tools.rooms.shapes import Look
from data_tools.rooms.supplies import Supplies

pytestmark = pytest.mark.usefixtures("no_models")


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_stage_is_drawable_and_repeats(name: str, seed: int):
    layout, _ = LAYOUTS[name]
    stage = layout(np.random.default_rng(seed), Supplies("train"))
    again = layout(np.random.default_rng(seed), Supplies("train"))
    rows = geometry(stage.scene).rows
    np.testing.assert_array_equal(rows, geometry(again.scene).rows)
    assert stage.subjects == again.subjects
    for field in ("position", "normal", "uv"):
        assert np.isfinite(rows[field]).all(), field
    lengths = np.linalg.norm(rows["normal"], axis=1)
    # Triangles without a surface have no normal; they are few, at the poles of balls.
    assert (np.abs(lengths - 1) < 1e-3).mean() > 0.98
    assert 200 < len(rows) // 3 < 400_000
    low, high = np.array(stage.eyes)
    assert (low < high).all()
    assert stage.distance_m[0] < stage.distance_m[1]


@pytest.mark.parametrize("name", LAYOUTS)
def test_train_and_validation_share_no_texture(name: str):
    layout, _ = LAYOUTS[name]
    textures = [
        {
            surface.texture.tobytes()
            for seed in range(2)
            for placed in layout(np.random.default_rng(seed), Supplies(split)).scene.placed
            for surface in placed.mesh.surfaces
            if surface.texture is not None and surface.texture.std() > 0
        }
        for split in ("train", "validation")
    ]
    assert textures[0]
    assert not textures[0] & textures[1]


def test_walls_have_holes_where_they_open():
    (wall, *_) = four_walls(4.0, 3.0, 2.5)
    wall.openings.append(Opening(1.0, 2.0, 0.8, 2.0, "window"))
    surface, _ = wall_surfaces(wall, Look(), Look())
    corners = surface.positions.reshape(-1, 3, 3)
    faces = corners[(np.abs(corners[..., 2] + 1.5) < 1e-6).all(1)]
    area = 0.5 * np.linalg.norm(np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0]), axis=1).sum()
    assert area == pytest.approx(4 * 2.5 - 1.2, rel=1e-5)
    assert not wall.free(1.5, 3.0, 1.0, 1.5)
    assert wall.free(2.1, 3.0, 1.0, 1.5)


def test_walls_face_inwards():
    for wall in four_walls(4.0, 3.0, 2.5):
        middle = wall.at(wall.length / 2, 0, 0)
        assert middle @ wall.inward < 0
        assert np.linalg.det(wall.T_world_wall[:3, :3]) == pytest.approx(1)
