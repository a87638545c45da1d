"""`snapsplat convert` and `snapsplat info`: files that others can take, or a sentence and a code."""

from pathlib import Path

import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from render.files.formats import FORMATS, read_scene, write_scene
from snapsplat.cli import app
from tests.recon.small_scene import small_reconstruction
from tests.render.scenes import cloud


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


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("scene.ply", "out.obj"), 7, "no scene has this ending"),
        (("nowhere.ply", "out.spz"), 7, "cannot be read"),
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
        ((".", "colmap"), 4, "cameras.json cannot be read"),
        ((".", "colmap", "--center"), 2, "do not change cameras"),
    ],
)
def test_refusals(
    scene: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    monkeypatch.chdir(scene.parent)
    Path("broken.ply").write_text("dear diary")
    before = sorted(Path().rglob("*"))
    result = run("convert", *arguments)
    assert result.exit_code == code, result.output
    assert sentence in result.stderr
    assert sorted(Path().rglob("*")) == before


def test_info(scene: Path) -> None:
    told = run("info", scene).stdout
    assert "200 Gaussians of degree 1" in told
    assert "Longest scale" in told
    assert f"{scene.stat().st_size} bytes of .ply" in told
    scene.write_bytes(b"ply")
    assert run("info", scene).exit_code == 7
