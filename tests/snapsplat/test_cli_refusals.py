"""Bad input and Ctrl-C: a sentence and a code of its kind, no traceback, earlier outputs as they were."""

import json
import os
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.recon.small_scene import small_reconstruction
from tests.snapsplat.foreground import FOREGROUND
from tests.snapsplat.small_run import photos_in, run, with_small_engine


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that an earlier run has filled."""
    with_small_engine(monkeypatch)
    small_reconstruction().save(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photos_in(tmp_path / "photos")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(out: Path, code: int, sentence: str, *arguments: object) -> None:
    """The sentence is all that is said beside progress, and `out` and its surroundings stay as they were."""
    before = contents(out.parent)
    result = run(*arguments, "-o", out)
    assert result.exit_code == code, result.output
    assert sentence in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].endswith(".")
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert contents(out.parent) == before


def bomb(path: Path) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4)


SPOILT = {
    "unreadable": (lambda path: path.write_text("dear diary"), "a.jpg is not a photo that can be read"),
    "empty": (lambda path: path.write_bytes(b""), "a.jpg is empty"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:1500]), "a.jpg is damaged or cut short"),
    "bomb": (bomb, "a.jpg has too many pixels"),
    "1x1": (
        lambda path: path.write_bytes(cv2.imencode(".jpg", np.zeros((1, 1, 3), np.uint8))[1].tobytes()),
        "a.jpg has 1 x 1 pixels",
    ),
}


@pytest.mark.parametrize(("spoil", "sentence"), SPOILT.values(), ids=SPOILT)
def test_a_spoilt_photo(out: Path, photos: Path, spoil, sentence: str):
    spoil(photos / "a.jpg")
    assert_refused(out, 3, sentence, photos)


def test_no_photos(out: Path, tmp_path: Path):
    assert_refused(out, 3, "No photos were given")
    (tmp_path / "empty").mkdir()
    assert_refused(out, 3, "empty holds no photo", tmp_path / "empty")
    assert_refused(out, 3, "gone.jpg does not exist", tmp_path / "gone.jpg")


def test_one_photo(out: Path, photos: Path):
    assert_refused(
        out, 3, "a.jpg alone was given; a scene needs 2 to 16 photos", photos / "a.jpg", "--model", "classical"
    )
    assert_refused(out, 3, "or learned depth (--model small)", photos / "a.jpg", "--model", "classical")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cameras.json is not JSON"),
        ('{"cameras": [{"image": "a.jpg", "fx": NaN}]}', 'a.jpg: "fx" is nan'),
        (
            json.dumps({"cameras": [{"image": "b.png", "camera_to_world": np.diag([1.0, -1, 1, 1]).tolist()}]}),
            'b.png: "camera_to_world" is a reflection',
        ),
        ('{"cameras": [{"image": "a.jpg", "width": 10, "height": 90}]}', "a.jpg: its camera is for 10 x 90 pixels"),
    ],
)
def test_malformed_cameras(out: Path, photos: Path, tmp_path: Path, content: str, sentence: str):
    (tmp_path / "cameras.json").write_text(content)
    assert_refused(out, 4, sentence, photos, "--cameras", tmp_path / "cameras.json")


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/out"])
def test_out_not_writable(photos: Path, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("recon.reconstructor.Reconstructor", None)  # Told before any work: this would fall over.
    (tmp_path / "file").touch()
    before = contents(tmp_path)
    result = run(photos, "-o", tmp_path / place)
    assert result.exit_code == 6
    assert f"{tmp_path / place} cannot be written" in result.stderr
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("size=5", "size is 5"),
        ("--size=5", "--size is 5; it must be from 64 to 1024 pixels."),
        ("netwrk.depth=1", "netwrk.depth"),
        ("--model=guess", "--model is 'guess'; one of classical, small is expected."),
        ("network=guess", "network is 'guess'; one of classical, small is expected."),
    ],
)
def test_wrong_options(out: Path, photos: Path, option: str, sentence: str):
    before = contents(out)
    result = run(photos, option, "-o", out)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert "Traceback" not in result.output
    assert contents(out) == before


STAGES = {
    "looking for photos": "recon.images.find_photos",
    "loading": "recon.reconstructor.load_config",
    "decoding": "recon.images.decode_photo",
    "views": "recon.scene_input.make_views",
    "network": "tests.snapsplat.small_run.SmallEngine.reconstruct",
    "preview": "recon.outputs.make_preview",
    "scene": "recon.outputs.write_ply",
}


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
@pytest.mark.parametrize(
    ("failure", "code", "sentence"),
    [
        (KeyboardInterrupt(), 130, "Stopped; what was in the output folder before is untouched."),
        (MemoryError(), 9, "Out of memory; try a smaller --size or fewer photos."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9e15 bytes"), 9, "Out of memory;"),
    ],
)
def test_stopped_in_any_stage(
    out: Path,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    failure: BaseException,
    code: int,
    sentence: str,
):
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(stage, fail)
    assert_refused(out, code, sentence, photos)


def test_a_bug_keeps_its_traceback(out: Path, photos: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr("recon.scene_input.make_views", fail)
    result = run(photos, "-o", out)
    assert isinstance(result.exception, RuntimeError)


def test_ctrl_c_of_a_real_run(photos: Path, tmp_path: Path):
    command = [sys.executable, "-c", FOREGROUND, "reconstruct", str(photos)]
    quick = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole = [*command, "-o", str(tmp_path / "out")]
    with subprocess.Popen(whole, stderr=subprocess.PIPE, text=True, env=quick) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert first.startswith("loading")
    assert rest.endswith("Stopped; what was in the output folder before is untouched.\n")
    assert "Traceback" not in rest
    assert not (tmp_path / "out").exists()
