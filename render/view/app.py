"""The app in the browser: Gaussians, cameras to click on, points, sliders, a second scene, a fly-through to keep."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import viser

from render.view.scene import ViewedScene
from render.view.similarity import laid_on
from render.view.stage import (
    add_frustums,
    add_points,
    add_splats,
    point_colours,
    set_out,
    stands,
)
from render.view.video import drawn_frames, write_video

POINT_COLOURS = ("photo", "depth", "confidence")


@dataclass(frozen=True)
class FlyThrough:
    """What the export button makes."""

    frames: int
    """One way."""
    side_px: int
    """Long side."""


class App:
    """Puts one scene on a server, and a second one in the same place to switch to."""

    def __init__(
        self, server: viser.ViserServer, scene: ViewedScene, against: ViewedScene | None, fly_through: FlyThrough
    ):
        self._server = server
        self._scene, self._shown = scene, scene.as_shown()
        self._fly_through = fly_through
        set_out(server, self._shown)
        self._splats = [add_splats(server, "/scene", self._shown.gaussians)]
        self._opacities = [self._shown.gaussians.opacities[:, None].numpy()]
        if against is not None:
            other = _laid(against.as_shown(), self._shown)
            self._splats.append(add_splats(server, "/against", other.gaussians))
            self._opacities.append(other.gaussians.opacities[:, None].numpy())
            self._splats[1].visible = False
        self._frustums = add_frustums(server, self._shown)
        self._stands = stands(self._shown)
        self._points = add_points(server, self._shown.points, POINT_COLOURS[0])
        for view, frustum in enumerate(self._frustums):
            frustum.on_click(lambda event, view=view: self.stand_in(event.client, view))
        self._add_controls()

    def _add_controls(self) -> None:
        gui, points = self._server.gui, self._shown.points
        if len(self._splats) > 1:
            after = gui.add_button_group("scene", ("this", "against"))
            after.on_click(lambda _: self.switch_to(after.value == "against"))
        splats = gui.add_checkbox("Gaussians", True)
        splats.on_update(lambda _: self._show_splats(splats.value))
        cameras = gui.add_checkbox("cameras", True)
        cameras.on_update(lambda _: self._show_cameras(cameras.value))
        opacity = gui.add_slider("opacity", 0.0, 1.0, 0.05, 1.0)
        opacity.on_update(lambda _: self.fade(opacity.value))
        if len(points):
            shown = gui.add_checkbox("points", False)
            colours = gui.add_dropdown("points by", POINT_COLOURS)
            sure = gui.add_slider("confidence from", 0.0, 1.0, 0.05, 0.0)
            shown.on_update(lambda _: setattr(self._points, "visible", shown.value))
            for control in (colours, sure):
                control.on_update(lambda _: self.choose_points(colours.value, sure.value))
        export = gui.add_button("export fly-through")
        export.on_click(lambda event: self._export(event.client, export))

    def stand_in(self, client: viser.ClientHandle | None, view: int) -> None:
        """Look through a camera: its frustum would be in the way and goes, those of the others come back."""
        if client is None:
            return
        stand = self._stands[view]
        with client.atomic():
            client.camera.up_direction = stand.up
            client.camera.position = stand.position
            client.camera.look_at = stand.look_at
            client.camera.fov = stand.fov
        for other, frustum in enumerate(self._frustums):
            frustum.visible = other != view

    def switch_to(self, against: bool) -> None:
        """Show the other scene, or this one."""
        for which, splats in enumerate(self._splats):
            splats.visible = which == int(against)

    def fade(self, opacity: float) -> None:
        """Multiply all opacities."""
        for splats, full in zip(self._splats, self._opacities, strict=True):
            splats.opacities = (full * opacity).astype(np.float32)

    def choose_points(self, by: str, confidence: float) -> None:
        """Colour the points, and leave out those that are less sure."""
        chosen = self._shown.points[self._shown.points.confidence >= confidence]
        with self._server.atomic():
            self._points.points = chosen.xyz
            self._points.colors = point_colours(chosen, by)

    def _show_splats(self, visible: bool) -> None:
        self._splats[0].visible = visible
        for splats in self._splats[1:]:
            splats.visible = False

    def _show_cameras(self, visible: bool) -> None:
        for frustum in self._frustums:
            frustum.visible = visible

    def _export(self, client: viser.ClientHandle | None, button: viser.GuiButtonHandle) -> None:
        """Draw the fly-through with all harmonics, on this machine, and hand it to the browser."""
        if client is None:
            return
        button.disabled = True
        try:
            path = self._scene.fly_through(self._fly_through.frames, self._fly_through.side_px)
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "path.mp4"
                write_video(file, list(drawn_frames(self._scene.gaussians, path)))
                client.send_file_download("path.mp4", file.read_bytes())
        finally:
            button.disabled = False


def _laid(scene: ViewedScene, on: ViewedScene) -> ViewedScene:
    """`scene` in the place of `on`, by the cameras of the photos that both have; without any, as it is."""
    both = [name for name in scene.names if name in on.names]
    if not both:
        return scene
    own, others = ([each.names.index(name) for name in both] for each in (scene, on))
    return scene.moved(laid_on(scene.cameras[own], on.cameras[others]))
