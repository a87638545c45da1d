"""`snapsplat reconstruct`: what it takes, what it leaves and what it says."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

import snapsplat
from snapsplat.cli import app
from snapsplat.overrides import split_overrides
from tests.snapsplat.small_run import SmallEngine, photos_in, run, with_small_engine


@pytest.fixture(autouse=True)
def small_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    with_small_engine(monkeypatch)


def test_a_folder_of_photos_becomes_the_files_it_names(tmp_path: Path):
    out = tmp_path / "out"
    result = run(photos_in(tmp_path / "photos"), "-o", out)
    assert result.exit_code == 0, result.output
    assert "2 of 3 photos registered, 60 Gaussians." in result.stdout
    assert "Not registered: c.jpg" in result.stdout
    for what, name in (("Scene", "scene.ply"), ("Preview", "preview.png"), ("Report", "report.json")):
        assert f"{what:<8} {out / name}\n" in result.stdout
        assert (out / name).is_file()


def test_progress_and_warnings_go_to_stderr(tmp_path: Path):
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out")
    stages = [line.split()[0] for line in result.stderr.splitlines() if line.endswith(" s")]
    assert stages == ["loading", "photos", "depth", "fuse", "files"]
    assert "Warning: c.jpg could not be registered.\n" in result.stderr
    assert "Warning" not in result.stdout


def test_options_reach_the_engine(tmp_path: Path):
    photos = photos_in(tmp_path / "photos")
    files = sorted(photos.iterdir(), reverse=True)
    options = ("--size", 128, "--seed", 7, "--model", "classical", "network.depth.planes=33")
    assert run(*files, "--output", tmp_path / "out", *options).exit_code == 0
    views, seed = SmallEngine.asked
    assert views.names == ("c.jpg", "b.png", "a.jpg")
    assert views.size_wh[0] == 128
    assert seed == 7
    assert SmallEngine.config.depth.planes == 33  # type: ignore[attr-defined]


def test_polish_is_a_stage_of_its_own(tmp_path: Path):
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", "--polish", "0.5")
    assert result.exit_code == 0, result.output
    stages = [line.split()[0] for line in result.stderr.splitlines() if line.endswith(" s")]
    assert stages == ["loading", "photos", "depth", "fuse", "polish", "files"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["polish"]["held_out_rays_psnr_after"] >= report["polish"]["held_out_rays_psnr_before"]
    assert "polish" in report["stages"]
    assert f"Polish: {report['polish']['rounds']} rounds over the photos; " in result.stdout


def test_what_speaks_against_a_scene_is_said(tmp_path: Path):
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out")
    assert "Not better, because two photos hardly fix a focal length." in result.stdout


def test_photos_of_formats_that_are_not_read_are_named(tmp_path: Path):
    photos = photos_in(tmp_path / "photos")
    for name in ("IMG_10.HEIC", "IMG_9.dng", ".hidden.heic", "notes.txt"):
        (photos / name).write_bytes(b"something")
    result = run(photos, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "no such format is read; save as JPEG or PNG: IMG_9.dng, IMG_10.HEIC.\n" in result.stderr


def test_a_negative_time_is_refused(tmp_path: Path):
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", "--polish", "-1")
    assert result.exit_code != 0
    assert "polish is -1.0; it must be 0 seconds or more." in result.stderr
    assert not (tmp_path / "out").exists()


def test_given_cameras_reach_the_engine_and_their_warnings_the_user(tmp_path: Path):
    rows = [{"image": "a.jpg", "fx": 90.0}, {"image": "gone.jpg"}]
    (tmp_path / "cameras.json").write_text(json.dumps({"scale": "metric", "cameras": rows}))
    result = run(photos_in(tmp_path / "photos"), "-o", tmp_path / "out", "--cameras", tmp_path / "cameras.json")
    assert result.exit_code == 0, result.output
    views, _ = SmallEngine.asked
    assert views.metric == (True,)
    assert views.known[0].K_px is not None
    assert views.known[0].K_px.tolist() == [[90, 0, 48], [0, 90, 32], [0, 0, 1]]
    assert views.known[1].K_px is None
    assert "Warning: The cameras name what is not among the photos: gone.jpg." in result.stderr
    written = json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(written["warnings"]) == 3


def test_what_holds_an_equals_sign_is_an_override_unless_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b=1.jpg").touch()
    arguments = ["a.jpg", "b=1.jpg", "network.depth.planes=9", "c=2.jpg", "day/d=3.jpg"]
    assert split_overrides(arguments) == (["a.jpg", "b=1.jpg", "day/d=3.jpg"], ["network.depth.planes=9", "c=2.jpg"])


def test_version():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"snapsplat {version('snapsplat')}\n"


@pytest.mark.parametrize("kind", [str, Path, lambda folder: sorted(Path(folder).iterdir())])
def test_the_library_takes_a_folder_or_files(tmp_path: Path, kind):
    stages: list[str] = []
    scene = snapsplat.reconstruct(kind(photos_in(tmp_path / "photos")), size=96, seed=3, progress=stages.append)
    assert scene.names == ("a.jpg", "b.png", "c.jpg")
    assert SmallEngine.asked[1] == 3
    assert stages == ["photos", "depth", "fuse"]
    scene.save(tmp_path / "out")
    assert (tmp_path / "out" / "scene.ply").is_file()
