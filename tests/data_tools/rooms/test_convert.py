import numpy as np
import pytest

from data_tools.rooms.convert import convert
from data_tools.rooms.decimate import decimated, triangles_of, with_small_textures
from data_tools.rooms.mesh_files import decode_mesh, encode_mesh
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.normals import corner_normals
from data_tools.rooms.sh3f import open_library
from render.errors import FileFormatError
from tests.data_tools.rooms.libraries import BOX, BOX_LOOK, png, row, write_library


def box(tmp_path, **changes) -> Mesh:
    with open_library(write_library(tmp_path / "test.sh3f", **changes)) as library:
        return convert(library, next(library.models()), "box")


def corners(mesh: Mesh) -> np.ndarray:
    return np.concatenate([surface.positions for surface in mesh.surfaces])


def sphere(rings: int = 40) -> Mesh:
    """A unit sphere without shared corners, with a texture."""
    a, b = np.meshgrid(np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings + 1), indexing="ij")
    points = np.stack([np.sin(a) * np.cos(b), np.cos(a) + 1, np.sin(a) * np.sin(b)], -1)
    uv = np.stack([b / 2 / np.pi, a / np.pi], -1)

    def triangles(grid: np.ndarray) -> np.ndarray:
        p, q, r, s = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
        return np.concatenate([np.stack([p, q, r], -2), np.stack([p, r, s], -2)]).reshape(-1, grid.shape[-1])

    positions = triangles(points).astype(np.float32)
    normals = (positions - np.array([0, 1, 0], np.float32)).astype(np.float32)
    texture = np.random.default_rng(0).integers(0, 255, (64, 32, 3), np.uint8)
    return Mesh("ball", (Surface(positions, normals, triangles(uv).astype(np.float32), (1.0, 0.5, 0.25), texture),))


def test_a_model_stands_on_the_floor_in_the_catalogues_metres(tmp_path):
    mesh = box(tmp_path)
    np.testing.assert_allclose(mesh.size, [0.5, 0.8, 0.3], rtol=1e-5)
    np.testing.assert_allclose(corners(mesh).min(0), [-0.25, 0, -0.15], atol=1e-6)
    assert triangles_of(mesh) == 12


def test_the_catalogues_rotation_comes_before_its_size(tmp_path):
    mesh = box(tmp_path, models=(row(modelRotation="1 0 0 0 0 1 0 -1 0", elevation="120"),))
    np.testing.assert_allclose(mesh.size, [0.5, 0.8, 0.3], rtol=1e-5)
    # The painted face at the file's z = 3 faces up now.
    painted = mesh.surfaces[0]
    assert (painted.normals[np.isclose(painted.positions[:, 1], 0.8)][:, 1] > 0.9).any()


def test_materials_become_surfaces(tmp_path):
    paint, wood = box(tmp_path).surfaces
    assert paint.texture is None
    assert paint.colour == (0.2, 0.4, 0.6)
    # A grey under a texture is no choice of the modeller's.
    assert wood.colour == (1.0, 1.0, 1.0)
    assert wood.texture is not None
    assert wood.texture.shape == (8, 4, 3)
    assert (wood.texture == (120, 80, 40)).all()


def test_faces_of_a_box_are_flat(tmp_path):
    for surface in box(tmp_path).surfaces:
        np.testing.assert_allclose(np.abs(surface.normals).max(1), 1, atol=1e-6)


def test_normals_of_a_ball_are_smooth():
    (ball,) = sphere().surfaces
    flat = ball.positions.reshape(-1, 3, 3).astype(np.float64)
    area = np.linalg.norm(np.cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]), axis=1)
    computed = corner_normals(flat[area > 1e-9]).reshape(-1, 3)
    true = (ball.positions - [0, 1, 0])[np.repeat(area > 1e-9, 3)]
    assert np.abs((computed * true).sum(1)).min() > 0.99


def test_white_gets_a_colour_that_is_always_the_same(tmp_path):
    white = BOX_LOOK.replace("0.2 0.4 0.6", "1 1 1")
    first, again = box(tmp_path, box__mtl=white).surfaces[0], box(tmp_path, box__mtl=white).surfaces[0]
    assert first.colour == again.colour != (1.0, 1.0, 1.0)


def test_a_missing_texture_leaves_the_colour(tmp_path):
    wood = box(tmp_path, wood__png=None).surfaces[1]
    assert wood.texture is None
    assert wood.colour == (0.6, 0.6, 0.6)
    assert box(tmp_path, wood__png=b"no image").surfaces[1].texture is None
    assert len(box(tmp_path, box__mtl=None).surfaces) == 2


def test_glass_is_left_out(tmp_path):
    (paint,) = box(tmp_path, box__mtl=BOX_LOOK.replace("Kd 0.6", "d 0.3\nKd 0.6")).surfaces
    assert paint.texture is None
    with pytest.raises(FileFormatError, match="see-through"):
        box(tmp_path, box__mtl=BOX_LOOK.replace("Kd", "d 0.1\nKd"))


def test_what_a_texture_hides_is_left_out(tmp_path):
    see_through = png(np.concatenate([np.full((8, 4, 3), 90, np.uint8), np.zeros((8, 4, 1), np.uint8)], -1))
    (paint,) = box(tmp_path, wood__png=see_through).surfaces
    assert paint.texture is None


@pytest.mark.parametrize(
    "line",
    ["f 1 2 99999999", "f 0 1 2", "f -9999 1 2", "f 1 1 1", "f 1", "f", "f 1 2 2", "v nan nan nan\nf 1 2 -1",
     "v 0 0 0\nf 1 2 -1", "f 1/77 2/-99 7/0", "l 1 2", "v 1e300 0 0\nf 1 2 -1"],
)  # fmt: skip
def test_broken_lines_of_an_obj_do_no_harm(tmp_path, line):
    mesh = box(tmp_path, box__obj=BOX + line + "\n")
    assert triangles_of(mesh) in (12, 13)
    assert all(np.isfinite(part).all() for s in mesh.surfaces for part in (s.positions, s.normals, s.uv))
    np.testing.assert_allclose(mesh.size, [0.5, 0.8, 0.3], rtol=1e-5)


@pytest.mark.parametrize("line", ["v 1 2", "v a b c", "f x y z", "f 1 2 99999999999999999999999"])
def test_lines_that_cannot_be_read_refuse_the_model(tmp_path, line):
    with pytest.raises(FileFormatError, match=r"box\.obj"):
        box(tmp_path, box__obj=BOX + line + "\n")


def test_files_outside_the_library_are_not_reached(tmp_path):
    (tmp_path / "secret.png").write_bytes(png(np.zeros((4, 4, 3), np.uint8)))
    look = BOX_LOOK.replace("wood.png", str(tmp_path / "secret.png"))
    assert box(tmp_path, box__mtl=look).surfaces[1].texture is None
    look = BOX_LOOK.replace("wood.png", "../../../secret.png")
    assert box(tmp_path, box__mtl=look).surfaces[1].texture is None


def test_encoding_keeps_a_mesh():
    mesh = sphere()
    (before,), (after,) = mesh.surfaces, decode_mesh(encode_mesh(mesh), "ball").surfaces
    np.testing.assert_allclose(after.positions, before.positions, atol=2e-5)
    np.testing.assert_allclose(after.uv, before.uv, atol=2e-5)
    assert (after.normals * before.normals).sum(1).min() > 0.9999
    np.testing.assert_allclose(after.colour, before.colour)
    assert after.texture is not None
    assert encode_mesh(mesh) == encode_mesh(sphere())


def test_shared_textures_stay_shared():
    (surface,) = sphere(6).surfaces
    pair = Mesh("pair", (surface, surface))
    for mesh in (decode_mesh(encode_mesh(pair), "pair"), with_small_textures(pair, 16)):
        assert mesh.surfaces[0].texture is mesh.surfaces[1].texture
    assert with_small_textures(pair, 16).surfaces[0].texture.shape == (16, 8, 3)


def test_other_bytes_are_no_mesh():
    for content in (b"", b"PK\x03\x04 broken", encode_mesh(sphere(4))[:300]):
        with pytest.raises(FileFormatError, match="ball"):
            decode_mesh(content, "ball")


def test_fewer_triangles_keep_size_and_shape():
    mesh = sphere()
    few = decimated(mesh, 1000)
    assert 300 < triangles_of(few) <= 1000
    np.testing.assert_allclose(few.size, mesh.size, rtol=0.02)
    radius = np.linalg.norm(corners(few) - [0, 1, 0], axis=1)
    assert radius.min() > 0.9
    assert radius.max() < 1.1
    assert decimated(mesh, 100_000) is mesh
