"""`snapsplat mesh`: a file that opens as a mesh, or a sentence and a code."""

import importlib.util
from pathlib import Path

import cv2
import pytest
import trimesh
from click.testing import Result
from typer.testing import CliRunner

from render.files.formats import read_scene
from snapsplat.cli import app
from tests.data_tools.meshes.runs import corner, need_open3d, run_of


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return run_of(tmp_path / "out", corner())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["mesh", *map(str, arguments)])


def test_a_mesh_in_the_colours_of_the_photos(out: Path):
    need_open3d()
    scene = corner()
    for view, photo in enumerate(scene.photos):
        cv2.imwrite(str(out.parent / f"{view}.png"), photo[..., ::-1])
    photos = [out.parent / f"{view}.png" for view in range(3)]
    result = run(out, *photos, "-o", out.parent / "mesh.ply", "--watertight", "--voxel", 0.1)
    assert result.exit_code == 0, result.output
    assert "of voxels of 0.1" in result.stdout
    mesh = trimesh.load(out.parent / "mesh.ply")
    assert mesh.is_watertight
    assert mesh.visual.vertex_colors[:, :3].std() > 20
    others = photos[0].rename(out.parent / "other.png")
    refused = run(out, others, "-o", out.parent / "other.ply")
    assert refused.exit_code == 3, refused.output
    assert "other.png: none is a photo of" in refused.stderr


def test_what_the_gaussians_show_is_fused_on_request(out: Path):
    need_open3d()
    result = run(out, "-o", out.parent / "mesh.ply", "--drawn")
    assert result.exit_code == 0, result.output
    means = read_scene(out / "scene.ply").means.numpy()
    mesh = trimesh.load(out.parent / "mesh.ply")
    assert (mesh.bounds[0] > means.min(0) - 0.2).all()
    assert (mesh.bounds[1] < means.max(0) + 0.2).all()


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("-o", "mesh.stl"), 2, "mesh.stl: no mesh has this ending; .glb, .ply, .obj are known."),
        (("-o", "nowhere/mesh.glb"), 6, "there is no folder nowhere"),
        (("-o", "mesh.glb", "--voxel", "0"), 2, "--voxel is 0.0; it must be a length above 0."),
        (("-o", "mesh.glb", "--confidence", "2"), 2, "--confidence is 2.0; it must be from 0 to 1."),
    ],
)
def test_refusals(tmp_path: Path, options: tuple[str, ...], code: int, sentence: str):
    need_open3d()
    result = run(tmp_path, *options)
    assert result.exit_code == code, result.output
    assert sentence in result.stderr


def test_a_folder_that_no_run_has_left(tmp_path: Path):
    need_open3d()
    result = run(tmp_path, "-o", tmp_path / "mesh.glb")
    assert result.exit_code == 7
    assert "no run has left this" in result.stderr
    result = run(tmp_path / "none", tmp_path, "-o", tmp_path / "mesh.glb")
    assert result.exit_code == 7
    assert "none: it does not exist; a folder with cameras.json and depth is right." in result.stderr


def test_without_its_packages_it_says_how_to_get_them(out: Path, monkeypatch: pytest.MonkeyPatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "open3d" else found(name, *a))
    result = run(out, "-o", out.parent / "mesh.glb")
    assert result.exit_code == 8
    assert "Meshes need open3d, which is not installed: pip install -e '.[mesh]'." in result.stderr
