"""`snapsplat view`: what it opens, what it writes, who draws, and what it refuses."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import viser
from click.testing import Result
from typer.testing import CliRunner

from render.errors import BackendError
from render.files.formats import write_scene
from snapsplat.cli import app
from snapsplat.view_cli import _drawing_device
from tests.recon.small_scene import small_reconstruction
from tests.render.view.viewed import small_viewed

REFUSED, UNWRITABLE, MALFORMED, LACKS = 2, 6, 7, 8


@pytest.fixture
def out(tmp_path: Path) -> Path:
    small_reconstruction().save(tmp_path / "out")
    return tmp_path / "out"


def test_a_page_and_a_video_are_written_at_once(out: Path, tmp_path: Path):
    page, video = tmp_path / "scene.html", tmp_path / "path.mp4"
    options = ["--html", str(page), "--page", "viser", "--video", str(video), "--frames", "2", "--size", "32"]
    done = CliRunner().invoke(app, ["view", str(out), *options])
    assert done.exit_code == 0, done.output
    assert page.read_text().startswith("<!")
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 2
    assert f"Page     {page}" in done.output


def splat_transform(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str, *steps: str) -> None:
    """A program of that name and version, the first on the path; `$made` is the file that it shall make."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "splat-transform"
    says = f'if [ "$1" = --version ]; then echo "splat-transform {version} (0f60b17)"; exit; fi'
    program.write_text("\n".join(["#!/bin/sh", says, "for made; do :; done", *steps, ""]))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def write_page(out: Path, page: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["view", str(out), "--html", str(page), *options])


def test_splat_transform_makes_the_page_where_it_is(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # As without a GPU: the first call fails, the second one is told to do without.
    splat_transform(
        tmp_path, monkeypatch, "v3.7.0", 'case "$*" in *"--gpu cpu"*) echo theirs > "$made";; *) exit 1;; esac'
    )
    done = write_page(out, tmp_path / "a.html")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "a.html").read_text() == "theirs\n"
    assert "SuperSplat's viewer, with all harmonics" in done.output
    assert "viser's viewer" in write_page(out, tmp_path / "b.html", "--page", "viser").output
    assert (tmp_path / "b.html").read_text().startswith("<!")


@pytest.mark.parametrize("steps", ["echo it broke >&2; exit 1", "exit 0", 'head -c 30000000 /dev/zero > "$made"'])
def test_where_splat_transform_fails_viser_makes_the_page(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: str
):
    splat_transform(tmp_path, monkeypatch, "v3.7.0", steps)
    done = write_page(out, tmp_path / "a.html")
    assert done.exit_code == 0, done.output
    assert "Warning: splat-transform" in done.output
    assert (tmp_path / "a.html").read_text().startswith("<!")
    refused = write_page(out, tmp_path / "b.html", "--page", "supersplat")
    assert refused.exit_code == LACKS
    assert not (tmp_path / "b.html").exists()


def test_an_old_splat_transform_is_none(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    splat_transform(tmp_path, monkeypatch, "v2.7.1", 'echo theirs > "$made"')
    assert "viser's viewer" in write_page(out, tmp_path / "a.html").output
    refused = write_page(out, tmp_path / "b.html", "--page", "supersplat")
    assert refused.exit_code == LACKS
    assert "splat-transform 3 or newer is not on the path" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("draw", "said"), [("server", "here, on cpu, with all harmonics"), ("browser", "by the browser")]
)
def test_the_app_says_where_it_is_and_who_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draw: str, said: str):
    write_scene(tmp_path / "scene.spz", small_viewed().gaussians)
    monkeypatch.setattr(viser.ViserServer, "sleep_forever", lambda _: None)
    done = CliRunner().invoke(app, ["view", str(tmp_path / "scene.spz"), "--draw", draw, "--no-open", "--port", "0"])
    assert done.exit_code == 0, done.output
    assert "Viewer   http://127.0.0.1:" in done.output
    assert f"Drawn    {said}" in done.output


@pytest.fixture
def nothing_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals come before scenes are opened and pictures drawn."""

    def opened(*_: object) -> None:
        raise AssertionError("a scene is opened")

    monkeypatch.setattr("snapsplat.view_cli._opened", opened)


@pytest.mark.usefixtures("nothing_opened")
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["OUT", "--html", "nowhere/a.html"], UNWRITABLE, "nowhere/a.html cannot be written (there is no folder"),
        (["OUT", "--video", "nowhere/a.mp4"], UNWRITABLE, "nowhere/a.mp4 cannot be written (there is no folder"),
        (["OUT", "--video", "a.avi"], REFUSED, "video is 'a.avi'; it must be a name that ends in .mp4"),
        (["OUT", "--video", "a.mp4", "--against", "OUT"], REFUSED, "left out with --html and --video"),
        (["OUT", "--html", "a.html", "--against", "OUT"], REFUSED, "left out with --html and --video"),
        (["OUT", "--against", "none"], MALFORMED, "none: it does not exist; a run's folder, or the file of a scene"),
        (["none", "photo.jpg"], MALFORMED, "none: it does not exist; a run's folder, or the file of a scene"),
        ([".", "photo.jpg"], MALFORMED, ".: there is no scene.ply in it"),
        (["OUT", "--against", "notes.txt"], REFUSED, "no scene has this ending"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    out: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, said: str
):
    monkeypatch.chdir(out.parent)
    Path("notes.txt").touch()
    done = CliRunner().invoke(app, ["view", *(str(out) if option == "OUT" else option for option in options)])
    assert done.exit_code == code, done.output
    assert said in " ".join(done.output.split())


@pytest.mark.usefixtures("nothing_opened")
@pytest.mark.parametrize("options", [[], ["--html", "a.html", "--page", "viser"], ["--html", "a.html"]])
def test_without_viser_there_is_a_sentence_at_once(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "viser", None)
    for module in ("supersplat", "page", "stage"):
        monkeypatch.delitem(sys.modules, f"render.view.{module}", raising=False)
    done = CliRunner().invoke(app, ["view", str(out), *options])
    assert done.exit_code == LACKS
    assert "This needs viser, which is not installed: pip install -e '.[view]'." in done.output


@pytest.mark.usefixtures("nothing_opened")
def test_without_splat_transform_its_page_is_refused_at_once(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "")
    refused = write_page(out, tmp_path / "a.html", "--page", "supersplat")
    assert refused.exit_code == LACKS
    assert "splat-transform 3 or newer is not on the path" in " ".join(refused.output.split())


def test_photos_want_the_folder(out: Path):
    done = CliRunner().invoke(app, ["view", str(out / "scene.ply"), str(out)])
    assert done.exit_code == REFUSED
    assert "it must be the folder of the scene where photos are given" in " ".join(done.output.split())


def test_photos_of_another_scene_are_refused(out: Path, tmp_path: Path):
    cv2.imwrite(str(tmp_path / "other.jpg"), np.zeros((64, 96, 3), np.uint8))
    done = CliRunner().invoke(app, ["view", str(out), str(tmp_path / "other.jpg"), "--video", str(tmp_path / "a.mp4")])
    assert done.exit_code == 3, done.output
    assert "other.jpg: none is a photo of" in done.output


def test_cuda_draws_where_gsplat_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert _drawing_device("auto") is None
    assert _drawing_device("server") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("render.rasterize.gsplat_cuda.load_gsplat", lambda: None)
    assert _drawing_device("auto") == _drawing_device("server") == torch.device("cuda")
    assert _drawing_device("browser") is None

    def missing() -> None:
        raise BackendError("gsplat cannot be imported; pip install -e '.[cuda]'.")

    monkeypatch.setattr("render.rasterize.gsplat_cuda.load_gsplat", missing)
    assert _drawing_device("auto") is None
    assert "gsplat cannot be imported" in capsys.readouterr().err
    with pytest.raises(BackendError):
        _drawing_device("server")
