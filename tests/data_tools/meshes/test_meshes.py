"""Meshes of scenes whose surface is known: near it, closed where asked, moving as the cameras do, in their colours."""

from pathlib import Path

import numpy as np
import pygltflib
import pytest
import trimesh

from data_tools.meshes.depth_views import read_depth_views
from data_tools.meshes.mesh_file import SUFFIXES, write_mesh
from data_tools.meshes.surface import Surface
from data_tools.meshes.tidy import closed, tidied
from data_tools.meshes.tsdf import fuse
from data_tools.room import Room
from render.errors import ConfigError, FileFormatError, ReconstructionError
from tests.data_tools.meshes.runs import ball, chamfer, corner, elsewhere, need_open3d, points_of, run_of

TURN = np.array([[0, -1, 0, 1e4], [0, 0, -1, -2e4], [1, 0, 0, 50], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module", autouse=True)
def _open3d() -> None:
    need_open3d()


def surface_of(folder: Path, scene: Room, voxel: float | None = None) -> Surface:
    photos = {f"{view}.png": photo for view, photo in enumerate(scene.photos)}
    return tidied(fuse(read_depth_views(run_of(folder, scene), 0.3, photos), voxel))


def as_mesh(surface: Surface) -> trimesh.Trimesh:
    return trimesh.Trimesh(surface.vertices, surface.faces, process=False)


@pytest.fixture(scope="module")
def room_surface(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    return surface_of(tmp_path_factory.mktemp("room"), corner())


def test_a_room_is_where_it_is(room_surface: Surface):
    """Half a voxel is 0.75 of a pixel's footprint."""
    there, back = chamfer(as_mesh(room_surface), points_of(corner(4)))
    assert there < 0.25 * room_surface.voxel
    assert back < 0.4 * room_surface.voxel


def test_a_ball_seen_from_all_around_is_closed_by_itself(tmp_path: Path):
    surface = surface_of(tmp_path, ball())
    mesh = as_mesh(surface)
    assert chamfer(mesh, trimesh.creation.icosphere(6).vertices)[0] < 0.35 * surface.voxel
    assert mesh.is_volume
    assert mesh.volume == pytest.approx(4 / 3 * np.pi, rel=0.03)
    assert len(closed(surface).faces) == len(surface.faces)


def test_what_is_open_becomes_watertight_and_keeps_its_front(room_surface: Surface):
    assert not as_mesh(room_surface).is_watertight
    thick = closed(room_surface)
    mesh = as_mesh(thick)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    there, back = chamfer(mesh, points_of(corner(4)))
    assert (there + back) / 2 < 1.0 * thick.voxel
    np.testing.assert_array_equal(thick.faces[: len(room_surface.faces)], room_surface.faces)
    np.testing.assert_array_equal(thick.vertices[: len(room_surface.vertices)], room_surface.vertices)


def test_no_islands_and_no_edge_between_more_than_two(room_surface: Surface):
    mesh = as_mesh(room_surface)
    parts = mesh.split(only_watertight=False)
    assert min(len(part.faces) for part in parts) >= 0.01 * max(len(part.faces) for part in parts)
    assert np.unique(mesh.edges_sorted, axis=0, return_counts=True)[1].max() == 2
    assert mesh.area_faces.min() > 0


def test_the_mesh_moves_with_the_cameras(tmp_path: Path, room_surface: Surface):
    """Far off and in another unit, which float32 alone would not bear."""
    there = surface_of(tmp_path, elsewhere(corner(), TURN, 1000.0))
    assert there.voxel == pytest.approx(1000 * room_surface.voxel, rel=1e-5)
    assert len(there.faces) == pytest.approx(len(room_surface.faces), rel=0.01)
    expected = 1000 * room_surface.vertices @ TURN[:3, :3].T + TURN[:3, 3]
    for find in (np.min, np.max, np.median):
        np.testing.assert_allclose(find(there.vertices, 0), find(expected, 0), atol=0.2 * there.voxel)


def test_colours_are_those_of_the_photos(room_surface: Surface):
    scene = corner()
    K, T = scene.cameras.K_px[1].numpy(), scene.cameras.T_world_camera[1].numpy()
    local = (room_surface.vertices - T[:3, 3]) @ T[:3, :3]
    u, v = (local[:, :2] / local[:, 2:] * np.diag(K)[:2] + K[:2, 2]).astype(int).T
    inside = (u >= 0) & (u < 128) & (v >= 0) & (v < 96)
    u, v, found = u[inside], v[inside], room_surface.rgb[inside].astype(float)
    seen = np.abs(local[inside, 2] - scene.depth[1][v, u]) < room_surface.voxel
    shown = scene.photos[1][v, u].astype(float)
    assert np.abs(found - shown)[seen].mean() < 15
    assert np.corrcoef(found[seen].ravel(), shown[seen].ravel())[0, 1] > 0.8


def colours_of(glb: Path) -> np.ndarray:
    """As the file has them: trimesh does not read colours beside a material."""
    document = pygltflib.GLTF2().load(str(glb))
    assert document is not None
    accessor = document.accessors[document.meshes[0].primitives[0].attributes.COLOR_0 or 0]
    start = document.bufferViews[accessor.bufferView or 0].byteOffset or 0
    return np.frombuffer(document.binary_blob(), np.uint8, 4 * accessor.count, start).reshape(-1, 4)[:, :3]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_read_back_as_they_were(tmp_path: Path, room_surface: Surface, suffix: str):
    thick = closed(room_surface)
    path = tmp_path / f"mesh{suffix}"
    write_mesh(path, thick)
    read = trimesh.load(path, force="mesh")
    assert read.is_watertight
    # glTF has y up; in the other files the scene has its own axes.
    vertices = thick.vertices * ([1, -1, -1] if suffix == ".glb" else [1, 1, 1])
    np.testing.assert_allclose(read.bounds, [vertices.min(0), vertices.max(0)], atol=1e-5)
    assert len(read.faces) == len(thick.faces)
    if suffix == ".glb":
        # A half grey of sRGB is a fifth of the light, and glTF's colours are light.
        rgb = colours_of(path)
        assert (rgb <= thick.rgb).all()
        assert rgb[thick.rgb == 128].mean() == pytest.approx(55, abs=1)
    else:
        np.testing.assert_array_equal(read.visual.vertex_colors[:, :3], thick.rgb)


def test_voxels_that_are_too_small_are_refused_with_what_would_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ConfigError, match=r"Voxels of 0.001 are less than a quarter of any pixel.* 0\.0\d+ suits it"):
        surface_of(tmp_path / "pixels", corner(), voxel=1e-3)
    monkeypatch.setattr("data_tools.meshes.tsdf.MOST_BLOCKS", 20)
    with pytest.raises(ConfigError, match=r"Voxels of 0.05 take \d+ blocks .* 0\.\d+ would be about right"):
        surface_of(tmp_path / "memory", corner(), voxel=0.05)


def test_voxels_grow_where_their_own_size_takes_too_much_memory(
    tmp_path: Path, room_surface: Surface, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("data_tools.meshes.tsdf.MOST_BLOCKS", 20)
    assert surface_of(tmp_path, corner()).voxel > 1.2 * room_surface.voxel


def test_nothing_sure_makes_no_mesh(tmp_path: Path):
    views = read_depth_views(run_of(tmp_path, corner()), 0.8, {})
    with pytest.raises(ReconstructionError, match="lower confidence"):
        fuse(views)


def test_other_folders_and_broken_maps_are_refused(tmp_path: Path):
    with pytest.raises(FileFormatError, match="no run has left this"):
        read_depth_views(tmp_path, 0.3, {})
    folder = run_of(tmp_path / "run", corner())
    np.save(folder / "confidence" / "1.png.npy", np.zeros((3, 4), np.float32))
    with pytest.raises(FileFormatError, match="they must be alike"):
        read_depth_views(folder, 0.3, {})
    (folder / "depth" / "0.png.npy").unlink()
    with pytest.raises(FileFormatError, match=r"0\.png\.npy.*cannot be read"):
        read_depth_views(folder, 0.3, {})
