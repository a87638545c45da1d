"""The app, driven as somebody would who sits before it: by mouse and keys, in a browser."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import viser

from render.view.app import App, FlyThrough
from render.view.server_drawing import camera_of
from render.view.stage import quiet_server
from tests.browser.alike import WITHOUT_NOTES, alike, drawn, errors, seen, shown_when_alike
from tests.browser.chromium import MISSING, Tab, find_chromium, open_tab
from tests.render.view.viewed import many_coloured

pytestmark = pytest.mark.skipif(find_chromium() is None, reason=MISSING)

SIZE_WH = (640, 600)
PANEL_PX = 280
"""Height of what the controls hide."""
LONGEST_S = 120
HOME, END = ("Home", 36), ("End", 35)


@dataclass
class Driven:
    """An app, and the tab that it is looked at in."""

    app: App
    tab: Tab
    client: viser.ClientHandle
    heard: list[tuple[np.ndarray, np.ndarray, float]]
    """What the browser has said of its camera: place, quaternion, field of view."""

    def place(self, element: str) -> tuple[float, float]:
        """Middle of an element of the page."""
        box = self.tab.evaluate(f"(b => [b.x + b.width / 2, b.y + b.height / 2])(({element}).getBoundingClientRect())")
        return box[0], box[1]

    def wait_for(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + LONGEST_S
        while not holds():
            assert time.monotonic() < end, "the app does not follow"
            self.tab.evaluate("1")
            time.sleep(0.05)

    def press(self, text: str) -> None:
        """The button with this text."""
        self.tab.click(*self.place(f"[...document.querySelectorAll('button')].find(b => b.textContent === '{text}')"))

    def tick(self, label: str) -> None:
        """A box to tick."""
        self.tab.click(*self.place(_control(label, "input[type=checkbox]")))

    def slide(self, label: str, key: tuple[str, int], times: int = 1) -> None:
        """A slider, by keys."""
        self.tab.evaluate(f"({_control(label, '[role=slider]')}).focus()")
        for _ in range(times):
            self.tab.key(*key)


def _control(label: str, kind: str) -> str:
    """JavaScript for the control beside a label: in the smallest element around it that has one."""
    return (
        f"(e => {{ while (!e.querySelector('{kind}')) e = e.parentElement; return e.querySelector('{kind}') }})"
        f"([...document.querySelectorAll('label')].find(l => l.textContent === '{label}'))"
    )


def driven(device: torch.device | None) -> Iterator[Driven]:
    """An app that draws there, opened, with a second scene of fewer Gaussians."""
    scene = many_coloured()
    other = replace(scene, gaussians=scene.gaussians[:50])
    with quiet_server() as server:
        app = App(server, scene, other, FlyThrough(4, 32), device)
        with open_tab(f"http://127.0.0.1:{server.get_port()}", SIZE_WH, []) as tab:
            tab.wait_for("document.querySelectorAll('[role=slider]').length === 2", LONGEST_S)
            tab.evaluate(WITHOUT_NOTES)
            end = time.monotonic() + LONGEST_S
            while not server.get_clients():
                assert time.monotonic() < end, "no client came"
                time.sleep(0.05)
            client, heard = next(iter(server.get_clients().values())), []
            client.camera.on_update(lambda camera: heard.append((camera.position, camera.wxyz, camera.fov)))
            yield Driven(app, tab, client, heard)
            app.close()
            assert errors(tab) == []
            assert [each for each in tab.requests if not each.startswith("http://127.0.0.1:")] == []


@pytest.fixture(scope="module")
def by_browser() -> Iterator[Driven]:
    yield from driven(None)


@pytest.fixture(scope="module")
def by_server() -> Iterator[Driven]:
    yield from driven(torch.device("cpu"))


def test_the_browser_draws_what_we_draw(by_browser: Driven):
    stage = by_browser.app._stage
    _, *how = shown_when_alike(by_browser.tab, drawn(stage.gaussians, stage.cameras[[0]], SIZE_WH), LONGEST_S, PANEL_PX)
    assert alike(*how), how


def test_pictures_of_the_server_have_the_harmonics(by_server: Driven):
    scene = many_coloured()
    wanted = drawn(scene.gaussians, scene.cameras[[0]], SIZE_WH)
    _, *how = shown_when_alike(by_server.tab, wanted, LONGEST_S, PANEL_PX)
    assert alike(*how), how

    def bluer(than: np.ndarray) -> float:
        """By how much blue differs below the panel, which harmonics alone change."""
        return float(np.abs(than.astype(int) - wanted)[PANEL_PX:, :, 2].mean())

    stage = by_server.app._stage
    assert bluer(drawn(stage.gaussians, stage.cameras[[0]], SIZE_WH)) > 8
    by_server.wait_for(lambda: bluer(seen(by_server.tab)) < 3)


@pytest.mark.parametrize("drawing", ["by_browser", "by_server"])
def test_a_click_on_a_frustum_puts_one_where_the_photo_was_taken(drawing: str, request: pytest.FixtureRequest):
    it: Driven = request.getfixturevalue(drawing)
    it.app.stand_in(it.client, 0)
    middle = SIZE_WH[0] / 2, SIZE_WH[1] / 2
    it.wait_for(lambda: it.app._frustums[1].visible)
    it.heard.clear()
    while not it.heard or it.heard[-1][0][2] > -1.0:
        it.tab.scroll(*middle, 240)
        time.sleep(0.3)
    said = 0
    while said != len(it.heard):
        said = len(it.heard)
        time.sleep(0.7)
    stand = it.app._stands[1]
    camera = camera_of(it.client.camera, 1.0).resized(SIZE_WH)
    inside = torch.from_numpy(stand.position + 0.1 * (stand.look_at - stand.position))
    xyz = camera.T_world_camera[0, :3, :3].T @ (inside - camera.centres[0])
    x, y, z = (camera.K_px[0] @ xyz).tolist()
    it.heard.clear()
    it.tab.click(x / z, y / z)
    it.wait_for(lambda: bool(it.heard) and np.allclose(it.heard[-1][0], stand.position, atol=1e-4))
    _, wxyz, fov = it.heard[-1]
    assert abs(wxyz @ stand.wxyz) == pytest.approx(1, abs=1e-6)
    assert fov == pytest.approx(stand.fov)
    it.wait_for(lambda: [frustum.visible for frustum in it.app._frustums] == [True, False, True])


def test_sliders_fade_gaussians_and_leave_out_points(by_browser: Driven):
    it, splats = by_browser, by_browser.app._drawing._splats[0]
    it.slide("opacity", HOME)
    it.wait_for(lambda: splats.opacities.max() == 0)
    it.wait_for(lambda: np.ptp(seen(it.tab)[PANEL_PX:, :, 0].astype(int)) < 100)
    it.slide("opacity", END)
    it.wait_for(lambda: splats.opacities.max() > 0.8)
    every = len(it.app._points.points)
    it.tick("points")
    it.wait_for(lambda: it.app._points.visible)
    it.slide("confidence from", ("ArrowRight", 39), times=15)
    it.wait_for(lambda: len(it.app._points.points) == every // 4 and it.app._points.visible)
    it.slide("confidence from", HOME)
    it.tick("points")
    it.wait_for(lambda: len(it.app._points.points) == every and not it.app._points.visible)


def test_before_and_after_are_switched_and_hidden(by_browser: Driven):
    it, splats = by_browser, by_browser.app._drawing._splats
    for button, visible in (("against", [False, True]), ("this", [True, False])):
        it.press(button)
        it.wait_for(lambda visible=visible: [each.visible for each in splats] == visible)
    it.tick("Gaussians")
    it.wait_for(lambda: not any(each.visible for each in splats))
    it.tick("Gaussians")
    it.wait_for(lambda: splats[0].visible)


def test_the_fly_through_is_handed_over(by_browser: Driven):
    with tempfile.TemporaryDirectory() as folder:
        by_browser.tab.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
        by_browser.press("export fly-through")
        by_browser.wait_for(lambda: (Path(folder) / "path.mp4").is_file())
        video = cv2.VideoCapture(str(Path(folder) / "path.mp4"))
        frames = []
        while (got := video.read())[0]:
            frames.append(got[1])
    assert len(frames) == 6
    assert frames[0].max() > 100
