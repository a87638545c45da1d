"""The page is one file within its size; the app's controls change what is on the stage. No browser here."""

from dataclasses import replace
from unittest.mock import MagicMock, Mock

import numpy as np
import pytest
import viser

from render.points import Points
from render.view.app import App, FlyThrough
from render.view.page import page
from render.view.stage import point_colours, quiet_server, stands
from tests.render.view.viewed import small_viewed


def test_a_page_holds_everything_and_names_no_other_site(capsys: pytest.CaptureFixture[str]):
    html, count = page(small_viewed(), 2.0)
    assert count == 200
    assert "__VISER_EMBED_DATA__" in html
    assert 'src="http' not in html
    assert 'href="http' not in html
    assert capsys.readouterr().out == ""


def test_a_page_that_would_be_too_large_leaves_gaussians_out():
    scene = small_viewed(count=20_000)
    whole, every = page(scene, 5.0)
    limit = (len(whole) - 200_000) / 1e6
    smaller, count = page(scene, limit)
    assert every == 20_000
    assert 5_000 < count < 20_000
    assert len(smaller) <= limit * 1e6


def test_controls_change_the_stage():
    scene = small_viewed()
    with quiet_server() as server:
        app = App(server, scene, replace(scene, names=("x", "b.jpg", "c.jpg")), FlyThrough(4, 32), None)
        splats, other = app._drawing._splats
        assert (splats.visible, other.visible) == (True, False)
        np.testing.assert_allclose(other.centers, splats.centers, atol=1e-5)
        app.switch_to(True)
        assert (splats.visible, other.visible) == (False, True)
        app.show_gaussians(False)
        assert (splats.visible, other.visible) == (False, False)
        app.show_gaussians(True)
        assert (splats.visible, other.visible) == (False, True)
        full = splats.opacities.astype(float)
        app._drawing.fade(0.5)
        np.testing.assert_allclose(splats.opacities, full / 2, atol=1)
        app.choose_points(True, "confidence", 0.75)
        assert (app._points.visible, len(app._points.points)) == (True, 50)
        app.choose_points(True, "confidence", 1.1)
        assert not app._points.visible


def test_no_frustum_stands_where_one_stands_nor_where_none_is_wanted():
    with quiet_server() as server:
        app = App(server, small_viewed(), None, FlyThrough(4, 32), None)

        def shown() -> list[bool]:
            return [frustum.visible for frustum in app._frustums]

        assert shown() == [False, True, True]
        app.show_cameras(False)
        app.stand_in(MagicMock(spec=viser.ClientHandle, camera=Mock()), 1)
        assert shown() == [False, False, False]
        app.show_cameras(True)
        assert shown() == [True, False, True]


def test_a_scene_without_points_has_no_controls_for_them():
    scene = small_viewed()
    with quiet_server() as server:
        app = App(server, replace(scene, points=Points.concatenate([])), None, FlyThrough(4, 32), None)
        assert app._points is None
        app.choose_points(True, "depth", 0.5)


def test_one_stands_where_the_cameras_stood():
    scene = small_viewed()
    first = stands(scene)[0]
    np.testing.assert_allclose(first.position, [-1, 0, 0])
    np.testing.assert_allclose(first.look_at - first.position, [0, 0, scene.distance])
    np.testing.assert_allclose(first.up, [0, -1, 0])
    assert first.fov == pytest.approx(2 * np.arctan(16 / 40))


def test_points_are_coloured_by_what_is_asked():
    points = small_viewed().points
    assert (point_colours(points, "photo") == 200).all()
    assert point_colours(points, "confidence")[[0, -1]].tolist() == [[0, 0, 0], [255, 255, 255]]
    by_depth = point_colours(points, "depth").astype(int)
    nearest, farthest = by_depth[points.depth.argmin()], by_depth[points.depth.argmax()]
    assert nearest[0] > nearest[2]
    assert farthest[2] > farthest[0]
