"""What is written here, others' readers find: gaussforge, trimesh, plyfile and OpenUSD, which share no code of ours."""

import resource
from dataclasses import replace
from pathlib import Path

import gaussforge
import numpy as np
import plyfile
import pytest
import torch
import trimesh
from pxr import Usd, UsdGeom

from render.errors import BackendError, FileFormatError, OutputError
from render.files import usd
from render.files.formats import read_scene, write_scene
from render.files.point_cloud import LEAST_OPACITY, write_point_cloud
from render.files.usd import write_usd
from render.gaussians import Gaussians
from render.sh import sh0_to_rgb
from tests.render.files.test_round_trip import assert_same_axes, psnr
from tests.render.scenes import cloud


# It fails at whatever has no further harmonics, its own files too.
@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("suffix", [".ply", ".compressed.ply", ".spz", ".sog"])
def test_gaussforge_reads_it(tmp_path: Path, suffix: str, degree: int, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"a{suffix}"
    write_scene(path, cloud(300, degree))
    answer = gaussforge.GaussForge().read(path.read_bytes(), suffix[1:])
    capfd.readouterr()  # It prints.
    assert "error" not in answer, answer
    found = {key: np.frombuffer(value, "<f4") for key, value in answer["data"].items() if isinstance(value, bytes)}
    ours = read_scene(path)
    np.testing.assert_allclose(found["positions"].reshape(-1, 3), ours.means, atol=1e-4)
    np.testing.assert_allclose(np.exp(found["scales"].reshape(-1, 3)), ours.scales, rtol=1e-3)
    np.testing.assert_allclose(1 / (1 + np.exp(-found["alphas"])), ours.opacities, atol=1e-3)
    np.testing.assert_allclose(found["colors"].reshape(-1, 3), ours.sh[:, 0], atol=1e-3)
    np.testing.assert_allclose(found["sh"].reshape(300, -1, 3), ours.sh[:, 1:], atol=1e-3)
    assert_same_axes(found["rotations"].reshape(-1, 4), ours, 1e-3)


def test_trimesh_opens_a_glb_as_points_with_y_up(tmp_path: Path) -> None:
    scene = cloud(50, 1)
    write_scene(tmp_path / "a.glb", scene)
    opened = trimesh.load_scene(tmp_path / "a.glb")
    (node,) = opened.graph.nodes_geometry
    T_world_node, geometry = opened.graph[node]
    np.testing.assert_array_equal(np.asarray(opened.geometry[geometry].vertices, np.float32), scene.means)
    np.testing.assert_allclose(T_world_node, np.diag([1.0, -1.0, -1.0, 1.0]), atol=1e-12)


def test_points_are_the_solid_gaussians_in_their_colours(tmp_path: Path) -> None:
    scene = cloud(50, 1)
    assert write_point_cloud(tmp_path / "points.ply", scene) == int((scene.opacities >= LEAST_OPACITY).sum())
    solid = scene[scene.opacities >= LEAST_OPACITY]
    vertex = plyfile.PlyData.read(str(tmp_path / "points.ply"))["vertex"]
    np.testing.assert_array_equal(np.stack([vertex[axis] for axis in "xyz"], 1), solid.means)
    cloud_there = trimesh.load(tmp_path / "points.ply")
    expected = (255 * sh0_to_rgb(solid.sh[:, 0])).clamp(0, 255)
    np.testing.assert_allclose(np.asarray(cloud_there.colors)[:, :3], expected, atol=0.51)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("ending", usd.ENDINGS)
def test_openusd_finds_the_scene(tmp_path: Path, ending: str, degree: int) -> None:
    scene, path = cloud(200, degree), tmp_path / f"a{ending}"
    write_usd(path, scene)
    stage = Usd.Stage.Open(str(path))
    prim = stage.GetDefaultPrim()
    assert prim.GetTypeName() == "ParticleField3DGaussianSplat"

    def values(name: str) -> torch.Tensor:
        return torch.from_numpy(np.array(prim.GetAttribute(name).Get(), np.float32))

    assert prim.GetAttribute("radiance:sphericalHarmonicsDegree").Get() == degree
    read = Gaussians(
        means=values("positions"),
        quats_wxyz=values("orientations").roll(1, 1),
        scales=values("scales"),
        opacities=values("opacities"),
        sh=values("radiance:sphericalHarmonicsCoefficients").reshape(200, -1, 3),
    )
    assert psnr(scene, read) > 150
    assert prim.GetAttribute("orientations").Get()[0].GetReal() == float(scene.quats_wxyz[0, 0])
    # y points up: what lies at -y in the scene is above the origin in the stage.
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    T = UsdGeom.Xformable(prim).GetLocalTransformation()
    assert T.Transform((0, -1, 0))[1] == pytest.approx(1)
    assert not list(tmp_path.glob(".*"))


def test_openusd_gets_no_empty_scene_and_no_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="there is no Gaussian"):
        write_usd(tmp_path / "a.usda", cloud(0))
    with pytest.raises(OutputError, match="cannot be written"):
        write_usd(tmp_path / "nowhere" / "a.usda", cloud(1))


def test_openusd_on_a_full_disk(tmp_path: Path) -> None:
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        for ending in usd.ENDINGS:
            with pytest.raises(OutputError, match="cannot be written"):
                write_usd(tmp_path / f"a{ending}", cloud(2000, 3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_without_usd_core_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pxr", None)
    with pytest.raises(BackendError, match=r"needs usd-core, which is not installed: pip install -e '.\[usd\]'.$"):
        write_usd(tmp_path / "a.usda", cloud(1))


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_harmonics_that_a_format_has_no_room_for_do_not_change_what_it_has(tmp_path: Path, degree: int) -> None:
    scene = cloud(100, degree)
    write_scene(tmp_path / "a.splat", scene)
    write_scene(tmp_path / "b.splat", replace(scene, sh=scene.sh[:, :1]))
    assert (tmp_path / "a.splat").read_bytes() == (tmp_path / "b.splat").read_bytes()
