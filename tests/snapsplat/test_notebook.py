"""`snapsplat.view` and the notebooks: they run from top to bottom in a kernel, and what is saved has pictures."""

import sys
from pathlib import Path

import cv2
import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

import snapsplat
from data_tools.make_notebook import NOTEBOOKS, kept, run
from snapsplat.notebook import StageBar
from tests.recon.small_scene import small_reconstruction

EXPECTED = {"viewer.ipynb": {"scene.html", "path.mp4"}, "client.ipynb": {"kept", "server.log"}}
"""What each writes beside the files of a run."""


def jpeg_size(encoded: bytes) -> tuple[int, ...]:
    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR).shape


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(notebook: NotebookNode, kind: str) -> list[str]:
    """Everything of this kind that its cells show."""
    outputs = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    return [data[kind] for data in outputs if kind in data]


def test_a_scene_is_shown_in_a_frame_with_a_picture_beside_it():
    scene = snapsplat.view(small_reconstruction(), height_px=321)
    assert scene.gaussians == 60
    assert scene.scene.names == ("a.jpg", "b.png")
    html = scene._repr_html_()
    assert html.startswith('<iframe srcdoc="&lt;!doctype html')
    assert 'height="321"' in html
    assert html.count("<iframe") == html.count("<img") == 1
    assert jpeg_size(scene._repr_jpeg_()) == (320, 480, 3)


def test_outside_of_a_notebook_the_bar_is_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    for notebook in ("marimo", "IPython"):
        monkeypatch.delitem(sys.modules, notebook, raising=False)
    bar = StageBar()
    for stage in ("photos", "cameras", "gaussians", "verify"):
        bar(stage)
    assert capsys.readouterr().err.splitlines() == [
        *("[#....] encoder", "[###..] depth", "[#####] all stages done", "[#####] all stages done")
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SNAPSPLAT_SERVER", raising=False)
    out = tmp_path / "out"
    ran = run(path, f"SIZE, MODEL, OUT = 96, 'classical', Path({str(out)!r})")
    assert all(cell.execution_count for cell in code_cells(ran))
    assert [output for cell in code_cells(ran) for output in cell.outputs if output.output_type == "stream"] == []
    assert "[#####] all stages done" in shown(ran, "text/plain")
    assert not any("viser" in text for text in shown(ran, "text/plain"))
    assert len(shown(ran, "image/jpeg")) == 5
    (frame,) = [html for html in shown(ran, "text/html") if "<iframe" in html]
    # Nothing has to listen anywhere: what a frame shows is in it.
    assert "srcdoc=" in frame
    assert "127.0.0.1" not in frame
    files = {file.name for file in out.iterdir()}
    assert (
        files
        == {"scene.ply", "cameras.json", "depth", "confidence", "preview.png", "report.json"} | EXPECTED[path.name]
    )
    assert all("<iframe" not in str(kept(output)) for cell in code_cells(ran) for output in cell.outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_saved_notebook_shows_pictures_and_is_small(path: Path):
    saved = nbformat.read(path, as_version=4)
    assert [cell.execution_count for cell in code_cells(saved)] == list(range(1, len(code_cells(saved)) + 1))
    assert len(shown(saved, "image/jpeg")) == 5
    assert "[#####] all stages done" in shown(saved, "text/plain")
    assert path.stat().st_size < 700_000
