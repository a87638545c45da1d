"""`snapsplat convert` and `snapsplat info`: files that others can take, or a sentence and a code."""

import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from data_tools.captures.capture import DepthFile
from data_tools.captures.depth_file import MILLIMETRE, read_depth
from data_tools.captures.only_cameras import cameras_at
from render.files.cameras_json import read_cameras_json, write_cameras_json
from render.files.formats import FORMATS, format_of, read_scene, write_scene
from render.files.posed import placed_cameras
from render.rasterize import rasterize
from snapsplat.cli import app
from snapsplat.info_cli import _bytes
from tests.recon.small_scene import small_reconstruction
from tests.render.scenes import cameras, cloud


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    write_scene(tmp_path / "scene.ply", cloud(200, 1))
    return tmp_path / "scene.ply"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.mark.parametrize("suffix", [known.suffix for known in FORMATS])
def test_every_format(scene: Path, suffix: str) -> None:
    target = scene.parent / f"out{suffix}"
    result = run("convert", scene, target)
    assert result.exit_code == 0, result.output
    assert "200 of 200 Gaussians" in result.stdout
    assert len(read_scene(target)) == 200
    assert ("keeps harmonics up to degree 0" in result.stderr) == (suffix == ".splat")
    assert "200 Gaussians" in run("info", target).stdout


def test_all_changes_at_once(scene: Path) -> None:
    target = scene.parent / "out.ply"
    changes = ("--crop=-1,-1,-9,1,1,9", "--max-gaussians", 20, "--center", "--scale", 3, "--up", "y", "--sh-degree", 3)
    result = run("convert", scene, target, *changes)
    assert result.exit_code == 0, result.output
    changed = read_scene(target)
    assert len(changed) == 20
    assert changed.sh_degree == 3
    assert float(changed.means[:, 0].max() - changed.means[:, 0].min()) <= 6


def test_cameras_of_a_run(tmp_path: Path) -> None:
    small_reconstruction().save(tmp_path / "out")
    assert run("convert", tmp_path / "out", tmp_path / "colmap", "--text").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "colmap" / "sparse" / "0").iterdir()) == [
        *("cameras.txt", "images.txt", "points3D.txt")
    ]
    result = run("convert", tmp_path / "out", tmp_path / "colmap" / "transforms.json")
    assert "2 cameras" in result.stdout
    assert run("convert", tmp_path / "out", tmp_path / "a.glb").exit_code == 0
    assert torch.equal(read_scene(tmp_path / "a.glb").means, read_scene(tmp_path / "out" / "scene.ply").means)


def run_folder(tmp_path: Path) -> Path:
    small_reconstruction().save(tmp_path / "out")
    return tmp_path / "out"


def test_cameras_move_with_the_scene(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    result = run("convert", folder, tmp_path / "a.ply", "--up", "z", "--center", "--scale", 3)
    assert result.exit_code == 0, result.output
    assert "Cameras, moved alike" in result.stdout
    before, after = placed_cameras(folder / "cameras.json"), placed_cameras(tmp_path / "a.cameras.json")
    assert before[0] == after[0]
    pictures = [
        rasterize(read_scene(path), seen).rgb
        for path, seen in ((folder / "scene.ply", before[1]), (tmp_path / "a.ply", after[1]))
    ]
    torch.testing.assert_close(*pictures, rtol=0, atol=2e-4)
    rows = read_cameras_json(tmp_path / "a.cameras.json").rows
    assert rows["c.jpg"].T_world_camera is None
    # Cameras alone, moved by the same options, are the same.
    assert run("convert", folder, tmp_path / "b.cameras.json", "--up", "z", "--center", "--scale", 3).exit_code == 0
    torch.testing.assert_close(
        placed_cameras(tmp_path / "b.cameras.json")[1].T_world_camera, after[1].T_world_camera, rtol=0, atol=1e-9
    )
    assert run("convert", folder, tmp_path / "c.ply").exit_code == 0
    assert not (tmp_path / "c.cameras.json").exists()


@pytest.mark.parametrize("through", ["colmap", "colmap --text", "nerf/transforms.json"])
def test_cameras_there_and_back(tmp_path: Path, through: str) -> None:
    folder, (target, *options) = run_folder(tmp_path), through.split()
    assert run("convert", folder, tmp_path / target, *options).exit_code == 0
    back = run("convert", tmp_path / target, tmp_path / "back.cameras.json")
    assert back.exit_code == 0, back.output
    before, after = placed_cameras(folder / "cameras.json"), placed_cameras(tmp_path / "back.cameras.json")
    assert before[0] == after[0]
    torch.testing.assert_close(after[1].K_px, before[1].K_px, rtol=1e-12, atol=0)
    torch.testing.assert_close(after[1].T_world_camera, before[1].T_world_camera, rtol=0, atol=1e-7)
    assert torch.equal(after[1].size_wh, before[1].size_wh)
    # And from one of the others to the other.
    other = tmp_path / ("other.json" if target == "colmap" else "other")
    assert run("convert", tmp_path / target, other).exit_code == 0
    assert placed_cameras(folder / "cameras.json")[0] == cameras_at(other)[0]


def test_cameras_are_of_the_scene_that_they_stand_beside(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    original = placed_cameras(folder / "cameras.json")[1].T_world_camera
    # Half a turn about x, and half a turn back: only with cameras of its own frame are they where they were.
    assert run("convert", folder, folder / "up.ply", "--up", "y").exit_code == 0
    assert run("convert", folder / "up.ply", tmp_path / "back.ply", "--up", "y").exit_code == 0
    torch.testing.assert_close(placed_cameras(tmp_path / "back.cameras.json")[1].T_world_camera, original)
    # scene.cameras.json is of scene.splat; the run's own scene keeps its own.
    assert run("convert", folder, folder / "scene.splat", "--up", "y").exit_code == 0
    assert run("convert", folder, tmp_path / "twice.ply", "--scale", 2).exit_code == 0
    twice = placed_cameras(tmp_path / "twice.cameras.json")[1].T_world_camera
    torch.testing.assert_close(twice[:, :3, 3], 2 * original[:, :3, 3])
    result = run("convert", folder, folder / "scene.ply", "--up", "y")
    assert result.exit_code == 2, result.output
    assert "a moved scene needs another name" in result.stderr


def test_what_is_wrong_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run_folder(tmp_path)
    monkeypatch.setitem(sys.modules, "pxr", None)
    (folder / "scene.ply").write_text("dear diary")
    result = run("convert", folder, tmp_path / "a.usdc")
    assert (result.exit_code, "needs usd-core" in result.stderr) == (8, True)
    (folder / "cameras.json").write_text("dear diary")
    assert run("convert", folder, tmp_path / "a.ply", "--up", "y").exit_code == 4
    assert not list(tmp_path.glob("a.*"))


def test_cameras_alone_do_not_ask_for_the_scene(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    (folder / "scene.ply").write_text("dear diary")
    result = run("convert", folder, tmp_path / "nerf" / "transforms.json", "--up", "y")
    assert result.exit_code == 0, result.output
    assert run("convert", folder, tmp_path / "a.cameras.json", "--center").exit_code == 7
    assert run("convert", folder, tmp_path / "colmap").exit_code == 7


def test_depth_for_other_programs(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    for pattern in ("png/{}.png", "exr/{}.exr"):
        result = run("convert", folder, tmp_path / pattern)
        assert result.exit_code == 0, result.output
        assert "Depth of 3 photos" in result.stdout
    depth = np.load(folder / "depth" / "a.jpg.npy")
    np.testing.assert_array_equal(OpenEXR.File(str(tmp_path / "exr" / "a.jpg.exr")).channels()["Z"].pixels, depth)
    np.testing.assert_allclose(read_depth(DepthFile(tmp_path / "png" / "a.jpg.png", MILLIMETRE)), depth, atol=5.1e-4)
    np.save(folder / "depth" / "a.jpg.npy", depth * 30)
    result = run("convert", folder, tmp_path / "{}.png")
    assert f"{(depth * 30 > 65.5355).sum()} of {3 * depth.size} pixels lie beyond 65.535" in result.stderr


def test_points(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    result = run("convert", folder, tmp_path / "a.points.ply", "--up", "y")
    assert result.exit_code == 0, result.output
    assert "60 points" in result.stdout
    assert (tmp_path / "a.cameras.json").is_file()
    assert "60 points" in run("convert", folder, tmp_path / "points.ply").stdout
    assert "of degree" in run("convert", folder, tmp_path / "checkpoints.ply").stdout


def test_those_that_add_most_to_the_pictures_stay(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    scene = read_scene(folder / "scene.ply")
    scene.means[:20, 2] = -5
    scene.opacities[:20] = 0.99
    write_scene(folder / "scene.ply", scene)
    assert run("convert", folder, tmp_path / "a.ply", "--max-gaussians", 20).exit_code == 0
    assert bool((read_scene(tmp_path / "a.ply").means[:, 2] > 0).all())
    (folder / "cameras.json").unlink()
    assert run("convert", folder, tmp_path / "a.ply", "--max-gaussians", 20).exit_code == 0
    assert bool((read_scene(tmp_path / "a.ply").means[:, 2] < 0).all())


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("scene.ply", "out.obj"), 2, "out.obj: no scene is written with this ending; .compressed.ply, .ply, "),
        (("scene.ply", "out"), 2, "out: the ending is missing, which says what to write; .compressed.ply, .ply, "),
        (("scene.ply", "out.json"), 2, "out.json: no scene is written with this ending; .compressed.ply, .ply, "),
        (("scene.xyz", "out.spz"), 7, "scene.xyz: it does not exist"),
        (("a.usdc", "out.spz"), 2, "a.usdc: OpenUSD is written, not read; .compressed.ply, .ply, "),
        (("notes.txt", "out.spz"), 2, "notes.txt: no scene has this ending; .compressed.ply, .ply,"),
        (("nowhere.ply", "out.spz"), 7, "nowhere.ply: it does not exist"),
        (("broken.ply", "out.spz"), 7, "this is no .ply file"),
        (("scene.ply", "nowhere/out.spz"), 6, "cannot be written"),
        (("scene.ply", "out.glb", "--up", "z"), 2, "a .glb has y up by itself"),
        (("scene.ply", "out.ply", "--crop", "1,2,3"), 2, "six numbers are right"),
        (("scene.ply", "out.ply", "--crop", "1,0,0,0,0,0"), 2, "six numbers are right"),
        (("scene.ply", "out.ply", "--scale", "0"), 2, "--scale is 0.0"),
        (("scene.ply", "out.ply", "--sh-degree", "4"), 2, "--sh-degree is 4"),
        (("scene.ply", "out.ply", "--max-gaussians", "0"), 2, "--max-gaussians is 0"),
        (("scene.ply", "out.glb", "--crop", "9,9,9,9,9,9"), 7, "there is no Gaussian"),
        (("scene.ply", "out.ply", "--text"), 2, "COLMAP's model"),
        ((".", "colmap"), 3, "holds no cameras"),
        (("nowhere", "colmap"), 3, "does not exist"),
        ((".", "colmap", "--sh-degree", "1"), 2, "change a scene, not cameras"),
        (("cameras.json", "t.json", "--text"), 2, "t.json is text"),
        (("cameras.json", "t.json", "--center"), 2, "has no scene.ply"),
        ((".", "{}.png"), 4, "cameras.json cannot be read"),
        ((".", "{}.tiff"), 2, ".png or .exr"),
        ((".", "{}.png", "--scale", "2"), 2, "do not change depth"),
        (("scene.ply", "out.usda", "--up", "y"), 2, "a .usda has y up by itself"),
        (("broken.ply", "nowhere/out.spz"), 6, "there is no folder nowhere"),
    ],
)
def test_refusals(
    scene: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    monkeypatch.chdir(scene.parent)
    Path("broken.ply").write_text("dear diary")
    Path("notes.txt").write_text("dear diary")
    Path("a.usdc").touch()
    if arguments[0] == "cameras.json":
        write_cameras_json("cameras.json", ["a.jpg"], cameras(1), [True])
    before = sorted(Path().rglob("*"))
    result = run("convert", *arguments)
    assert result.exit_code == code, result.output
    assert sentence in result.stderr
    assert sorted(Path().rglob("*")) == before


def converted(scene: Path, name: str, *options: object) -> Path:
    assert run("convert", scene, scene.with_name(name), *options).exit_code == 0
    return scene.with_name(name)


def test_bytes_of_a_palette_are_of_its_rows() -> None:
    rows = _bytes(format_of("a.sog"), cloud(70000, 1), 0)
    assert [row.split() for row in rows if "sh_" in row] == [["sh_labels", "140000"], ["sh_rest", f"{65536 * 9}"]]


def test_info(scene: Path) -> None:
    told = run("info", scene).stdout
    assert "200 Gaussians of degree 1" in told
    assert "Longest scale" in told
    assert f"{scene.stat().st_size} bytes of .ply" in told
    assert "sh_labels" in run("info", converted(scene, "a.sog")).stdout
    without = run("info", converted(scene, "b.sog", "--sh-degree", 0)).stdout
    assert not {"sh_labels", "sh_rest"} & set(without.split())
    assert run("info", scene.parent).stdout == told
    scene.write_bytes(b"ply")
    assert run("info", scene).exit_code == 7
    scene.unlink()
    for place, said in ((scene.parent, "there is no scene.ply in it"), (scene, "it does not exist")):
        result = run("info", place)
        assert (result.exit_code, f"{place}: {said}" in result.stderr) == (7, True)
