"""`snapsplat view`: what it opens, what it writes, who draws, and what it refuses."""

from pathlib import Path

import cv2
import pytest
import torch
import viser
from typer.testing import CliRunner

from render.errors import BackendError
from render.files.formats import write_scene
from snapsplat.cli import app
from snapsplat.view_cli import _drawing_device
from tests.recon.small_scene import small_reconstruction
from tests.render.view.viewed import small_viewed

REFUSED = 2


@pytest.fixture
def out(tmp_path: Path) -> Path:
    small_reconstruction().save(tmp_path / "out")
    return tmp_path / "out"


def test_a_page_and_a_video_are_written_at_once(out: Path, tmp_path: Path):
    page, video = tmp_path / "scene.html", tmp_path / "path.mp4"
    options = ["--html", str(page), "--video", str(video), "--frames", "2", "--size", "32"]
    done = CliRunner().invoke(app, ["view", str(out), *options])
    assert done.exit_code == 0, done.output
    assert page.read_text().startswith("<!")
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 2
    assert f"Page     {page}" in done.output


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


def test_photos_want_the_folder(out: Path):
    done = CliRunner().invoke(app, ["view", str(out / "scene.ply"), str(out)])
    assert done.exit_code == REFUSED
    assert "it must be the folder of the scene where photos are given" in " ".join(done.output.split())


def test_cuda_draws_where_gsplat_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert _drawing_device("auto") is None
    assert _drawing_device("server") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("render.rasterize.gsplat_cuda.load_gsplat", lambda: None)
    assert _drawing_device("auto") == _drawing_device("server") == torch.device("cuda")
    assert _drawing_device("browser") is None

    def missing() -> None:
        raise BackendError("gsplat cannot be imported; pip install '.[cuda]'.")

    monkeypatch.setattr("render.rasterize.gsplat_cuda.load_gsplat", missing)
    assert _drawing_device("auto") is None
    assert "gsplat cannot be imported" in capsys.readouterr().err
    with pytest.raises(BackendError):
        _drawing_device("server")
