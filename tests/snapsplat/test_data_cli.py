"""`snapsplat data inspect`: what it tells, what it writes, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from snapsplat.cli import app
from tests.data_tools.captures.folders import (
    names,
    small_room,
    transforms,
    write_cameras_capture,
    write_colmap_capture,
    write_transforms_capture,
)


def inspect(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["data", "inspect", *map(str, arguments)])


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder of three; the second cannot be used."""
    folder = tmp_path / "captures"
    write_cameras_capture(folder / "a", small_room())
    write_transforms_capture(folder / "b", small_room(), transforms(small_room(), camera_model="OPENCV_FISHEYE"))
    write_colmap_capture(folder / "c", small_room(), ending="bin")
    return folder


def test_a_good_capture(captures: Path):
    result = inspect(captures / "a")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "a: cameras.json, relative"
    assert lines[1] == "  photos      5 of 96 x 72"
    assert lines[2].startswith("  focal       82 px, 60.7 x 47.4 degrees of view")
    assert [line.split()[0] for line in lines[3:6]] == ["neighbours", "overlap", "depth"]
    assert "known for 100% of the pixels" in lines[5]
    assert "; photos agree on 9" in lines[5]
    assert lines[6] == "  Good to train on."
    assert lines[7].startswith("Overlap: points of one photo are followed")


def test_depth_that_is_not_known(captures: Path):
    assert "  depth       not known; by where the cameras stand and look, " in inspect(captures / "c").stdout


def test_one_capture_that_cannot_be_used_leaves_the_others(captures: Path):
    result = inspect(captures)
    assert result.exit_code == 4
    assert "the camera model is OPENCV_FISHEYE" in result.stderr
    assert [line for line in result.stdout.splitlines() if line.startswith(("a:", "b:", "c:"))] == [
        "a: cameras.json, relative",
        "c: COLMAP model, relative",
    ]


def test_what_is_left_out_is_told(captures: Path):
    (captures / "c" / "images" / names()[0]).unlink()
    assert "  1 photo is named but not there: photo 0.png.\n" in inspect(captures / "c").stdout


def test_too_few_photos_are_told(tmp_path: Path):
    write_cameras_capture(tmp_path, small_room(2))
    result = inspect(tmp_path)
    assert result.exit_code == 0
    assert "  Not good to train on: 2 with cameras are too few" in result.stdout


def test_pictures_are_one_sheet_of_all(captures: Path, tmp_path: Path):
    result = inspect(captures, "--pictures", tmp_path / "sheet.png")
    assert f"Pictures: {tmp_path / 'sheet.png'}\n" in result.stdout
    with Image.open(tmp_path / "sheet.png") as sheet:
        # Photos and depth of the first capture, photos of the last; five across.
        assert sheet.size == (5 * 196 - 4, 3 * 148 - 4)
        pixels = np.asarray(sheet)
    assert (pixels[144:148] == 255).all()
    assert abs(pixels[:144, :192].astype(float).mean() - small_room().photos[0].mean()) < 3


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["gone"], 3, "gone does not exist; name the folder of a capture"),
        (["."], 3, "holds no capture, and neither does a folder inside"),
        ([".", "--pictures", "a.jpg"], 2, "--pictures is 'a.jpg'; it must be a file that ends in .png."),
    ],
)
def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, sentence: str):
    monkeypatch.chdir(tmp_path)
    result = inspect(*arguments)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert result.stdout == ""


def test_a_sheet_that_cannot_be_written(captures: Path, tmp_path: Path):
    result = inspect(captures / "a", "--pictures", tmp_path / "gone" / "sheet.png")
    assert result.exit_code == 6
    assert "sheet.png cannot be written" in result.stderr


def test_names_do_not_steer_the_terminal(tmp_path: Path):
    content = transforms(small_room())
    content["frames"][0]["file_path"] = "\x1b[2Jgone\ud800.png"
    write_transforms_capture(tmp_path, small_room(), content)
    result = inspect(tmp_path)
    assert result.exit_code == 0, result.output
    assert "?[2Jgone?.png" in result.stdout
    assert "\x1b" not in result.output


def test_a_malformed_file_has_the_code_of_its_kind(captures: Path):
    (captures / "b" / "transforms.json").write_text(json.dumps({"frames": 5}))
    result = inspect(captures / "b")
    assert result.exit_code == 7
    assert result.stdout == ""
    assert 'holds no list "frames"' in result.stderr


def test_help_is_light_and_shows_the_codes():
    assert "4  the given cameras cannot be used" in CliRunner().invoke(app, ["data", "inspect", "--help"]).stdout
    code = "import sys, snapsplat.data_cli; print(sorted({'torch', 'numpy', 'cv2', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_random_scenes_are_good_to_train_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("moderngl")
    monkeypatch.setenv("SNAPSPLAT_CACHE", str(tmp_path / "nothing"))
    made = CliRunner().invoke(app, ["data", "rooms", str(tmp_path / "out"), "--scenes", "2", "--views", "3"])
    if made.exit_code == 8:
        pytest.skip(made.stderr)
    assert made.exit_code == 0, made.output
    assert "2 scenes of 3 photos" in made.stdout
    result = inspect(tmp_path / "out")
    assert result.exit_code == 0
    assert result.stdout.count("Good to train on.") == 2


def test_random_scenes_of_a_split_that_is_not_there(tmp_path: Path):
    assert CliRunner().invoke(app, ["data", "rooms", str(tmp_path), "--split", "test"]).exit_code == 2
