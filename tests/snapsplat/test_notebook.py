"""`snapsplat.view` and the notebook: it runs from top to bottom, and what is saved of it has pictures."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import snapsplat
from data_tools.make_notebook import NOTEBOOK, run
from snapsplat.notebook import InlineScene
from tests.recon.small_scene import NAMES, small_reconstruction


def jpeg_size(encoded: bytes) -> tuple[int, ...]:
    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR).shape


def test_a_scene_is_shown_in_a_frame_with_a_picture_beside_it():
    shown = snapsplat.view(small_reconstruction(), height_px=321)
    assert shown.gaussians == 60
    assert shown.scene.names == ("a.jpg", "b.png")
    html = shown._repr_html_()
    assert html.startswith('<iframe srcdoc="&lt;!doctype html')
    assert 'height="321"' in html
    assert html.count("<iframe") == html.count("<img") == 1
    assert jpeg_size(shown._repr_jpeg_()) == (320, 480, 3)


def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stages = []

    def reconstruct(photos, size, progress):
        stages.append((len(photos), size))
        progress("fuse")
        return small_reconstruction()

    for name in NAMES:
        cv2.imwrite(str(tmp_path / name), np.full((64, 96, 3), 128, np.uint8))
    monkeypatch.setattr("snapsplat.library.reconstruct", reconstruct)
    notebook = json.loads(NOTEBOOK.read_text())
    photos = [tmp_path / name for name in NAMES]
    values = run(notebook, {"PHOTOS": photos, "OUT": tmp_path / "out", "SIZE": 48})
    assert stages == [(3, 48)]
    assert isinstance(values[3], InlineScene)
    assert {"scene.ply", "scene.html", "path.mp4", "preview.png"} <= set(values[-1])
    kinds = [sorted(c["outputs"][0]["data"])[0] for c in notebook["cells"] if c.get("outputs")]
    assert kinds == ["image/jpeg", "text/plain", *["image/jpeg"] * 4, "text/plain"]


def test_the_saved_notebook_shows_pictures_and_is_small():
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    pictures = [kind for cell in cells for out in cell["outputs"] for kind in out["data"] if kind.startswith("image/")]
    assert len(pictures) == 5
    assert NOTEBOOK.stat().st_size < 1_500_000
