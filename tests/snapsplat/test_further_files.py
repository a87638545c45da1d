"""`snapsplat reconstruct --also`: further files of a run, refused before the work where they cannot be had."""

import importlib.util
from pathlib import Path

import pytest
import torch

from recon.outputs import FILE_KINDS
from render.errors import BackendError
from render.files.formats import read_scene
from tests.data_tools.meshes.runs import need_open3d
from tests.snapsplat.small_run import photos_in, run, with_small_engine


def test_further_files_stand_beside_those_of_every_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    need_open3d()
    monkeypatch.setattr("snapsplat.further_files.FRAMES", 3)
    with_small_engine(monkeypatch)
    asked = (
        "scene.spz",
        "scene.glb",
        "scene.usdc",
        "preview.mp4",
        "scene.html",
        "mesh.ply",
        "colmap",
        "transforms.json",
        "points.ply",
        "depth_exr",
    )
    options = [word for name in asked for word in ("--also", name)]
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILE_KINDS, *asked}
    assert all(name in result.stderr for name in asked)
    scene, glb = (read_scene(tmp_path / "out" / f"scene{ending}") for ending in (".ply", ".glb"))
    assert torch.equal(scene.means, glb.means)
    assert (tmp_path / "out" / "colmap" / "sparse" / "0" / "images.bin").is_file()


@pytest.mark.parametrize("name", ["scene.ply", "other.spz", "mesh.stl", "preview"])
def test_a_file_that_is_not_known_is_refused_before_the_work(tmp_path: Path, name: str):
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", "--also", name)
    assert result.exit_code == 2
    assert f"--also is '{name}'; it must be one of scene.compressed.ply, " in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_does_not_hinder_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with_small_engine(monkeypatch)
    (tmp_path / "out" / "scene.spz").mkdir(parents=True)
    (tmp_path / "out" / "scene.sog").mkdir(parents=True)
    asked = [word for name in ("scene.spz", "scene.sog", "scene.glb", "colmap") for word in ("--also", name)]
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", *asked)
    assert result.exit_code == 6
    assert "scene.spz is a folder, and a file is to be written there" in result.stderr
    assert "scene.sog is a folder" in result.stderr
    assert "Verdict" in result.stdout
    assert (tmp_path / "out" / "scene.glb").is_file()
    assert (tmp_path / "out" / "colmap").is_dir()


@pytest.mark.parametrize("missing", ["trimesh", "libGL"])
def test_what_meshes_need_is_asked_for_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str):
    def not_loaded() -> None:
        raise BackendError("Open3D cannot be loaded here (libGL).")

    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == missing else found(name, *a))
    monkeypatch.setattr("data_tools.meshes.tsdf.load_open3d", not_loaded)
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", "--also", "mesh.glb")
    assert result.exit_code == 8, result.output
    assert missing in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_missing_package_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "viser" else found(name, *a))
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", "--also", "scene.html")
    assert result.exit_code == 8
    assert "scene.html needs viser, which is not installed: pip install -e '.[view]'." in result.stderr
