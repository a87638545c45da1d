"""The page that splat-transform makes opens from disk without a network and shows our render, harmonics and all."""

from pathlib import Path

import pytest

from render.view.supersplat import find_program, supersplat_page
from tests.browser.alike import alike, drawn, shown_when_alike
from tests.browser.chromium import CUT_OFF, MISSING, find_chromium, open_tab
from tests.render.view.viewed import many_coloured

PROGRAM = find_program()
SIZE_WH = (420, 280)
"""A photo's shape."""
pytestmark = [
    pytest.mark.skipif(find_chromium() is None, reason=MISSING),
    pytest.mark.skipif(PROGRAM is None, reason="splat-transform 3 is missing (npm, Node 22)."),
]


def test_a_page_of_supersplat_shows_its_scene_from_disk(tmp_path: Path):
    assert PROGRAM is not None
    scene = many_coloured()
    html, count = supersplat_page(scene, 20.0, PROGRAM)
    assert count == len(scene.gaussians)
    (tmp_path / "scene.html").write_text(html, encoding="utf-8")
    with open_tab((tmp_path / "scene.html").as_uri() + "?noanim&noui", SIZE_WH, CUT_OFF) as tab:
        tab.wait_for("document.querySelector('canvas') !== null", 60)
        _, *how = shown_when_alike(tab, drawn(scene.gaussians, scene.cameras[[0]], SIZE_WH), 60)
    assert alike(*how), how
    assert (tab.complaints, tab.requests) == ([], [])
