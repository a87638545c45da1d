"""The app in the browser: Gaussians, cameras to click on, points, sliders, a second scene, a fly-through to keep."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
import viser

from render.view.drawing import BrowserDrawing, Drawing, PlacedScene
from render.view.scene import ViewedScene
from render.view.server_drawing import ServerDrawing
from render.view.similarity import Similarity, laid_on
from render.view.stage import add_frustums, add_points, point_colours, set_out, stands
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
        self,
        server: viser.ViserServer,
        scene: ViewedScene,
        against: ViewedScene | None,
        fly_through: FlyThrough,
        device: torch.device | None,
    ):
        """`device` is what this process draws the Gaussians on; None leaves it to the browser."""
        self._server = server
        self._stage = scene.as_shown()
        self._scenes = [PlacedScene(scene, scene.shown_by)]
        if against is not None:
            self._scenes.append(PlacedScene(against, _place(against, self._stage)))
        self._fly_through, self._device = fly_through, device
        self._shown, self._visible = 0, True
        # viser's button to share would send the scene to a server of others.
        server.gui.configure_theme(dark_mode=True, show_share_button=False, show_logo=False)
        set_out(server, self._stage)
        self._drawing: Drawing = (
            BrowserDrawing(server, self._scenes) if device is None else ServerDrawing(server, self._scenes, device)
        )
        self._frustums = add_frustums(server, self._stage)
        self._stood_in, self._frustums_shown = 0, True
        self._stands = stands(self._stage)
        self._points = add_points(server, self._stage.points, POINT_COLOURS[0]) if len(self._stage.points) else None
        for view, frustum in enumerate(self._frustums):
            frustum.on_click(lambda event, view=view: self.stand_in(event.client, view))
        self._add_controls()

    def _add_controls(self) -> None:
        gui = self._server.gui
        if len(self._scenes) > 1:
            after = gui.add_button_group("scene", ("this", "against"))
            after.on_click(lambda _: self.switch_to(after.value == "against"))
        gaussians = gui.add_checkbox("Gaussians", True)
        gaussians.on_update(lambda _: self.show_gaussians(gaussians.value))
        cameras = gui.add_checkbox("cameras", True)
        cameras.on_update(lambda _: self.show_cameras(cameras.value))
        opacity = gui.add_slider("opacity", 0.0, 1.0, 0.05, 1.0)
        opacity.on_update(lambda _: self._drawing.fade(opacity.value))
        if self._points is not None:
            shown = gui.add_checkbox("points", False)
            colours = gui.add_dropdown("points by", POINT_COLOURS)
            sure = gui.add_slider("confidence from", 0.0, 1.0, 0.05, 0.0)
            for control in (shown, colours, sure):
                control.on_update(lambda _: self.choose_points(shown.value, colours.value, sure.value))
        export = gui.add_button("export fly-through")
        export.on_click(lambda event: self._export(event.client, export))

    def close(self) -> None:
        """Before the server stops."""
        self._drawing.close()

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
        self._stood_in = view
        self._show_frustums()

    def switch_to(self, against: bool) -> None:
        """Show the other scene, or this one."""
        self._shown = int(against)
        self._drawing.show(self._shown if self._visible else None)

    def show_gaussians(self, visible: bool) -> None:
        """Or leave the cameras and points alone on the stage."""
        self._visible = visible
        self._drawing.show(self._shown if visible else None)

    def choose_points(self, shown: bool, by: str, confidence: float) -> None:
        """Show the points or none of them, colour them, and leave out those that are less sure."""
        chosen = self._stage.points[self._stage.points.confidence >= confidence]
        if self._points is None:
            return
        with self._server.atomic():
            # viser takes no cloud without a point.
            self._points.visible = shown and len(chosen) > 0
            if len(chosen):
                self._points.points = chosen.xyz
                self._points.colors = point_colours(chosen, by)

    def show_cameras(self, visible: bool) -> None:
        """Or none of them; the one that is stood in stays away."""
        self._frustums_shown = visible
        self._show_frustums()

    def _show_frustums(self) -> None:
        for view, frustum in enumerate(self._frustums):
            frustum.visible = self._frustums_shown and view != self._stood_in

    def _export(self, client: viser.ClientHandle | None, button: viser.GuiButtonHandle) -> None:
        """Draw the fly-through of the scene that is shown with all harmonics, and hand it to the browser."""
        if client is None:
            return
        button.disabled = True
        try:
            scene = self._scenes[self._shown].scene
            path = scene.fly_through(self._fly_through.frames, self._fly_through.side_px)
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "path.mp4"
                write_video(file, list(drawn_frames(scene.gaussians.to(self._device or "cpu"), path)))
                client.send_file_download("path.mp4", file.read_bytes(), save_immediately=True)
        finally:
            button.disabled = False


def _place(scene: ViewedScene, stage: ViewedScene) -> Similarity:
    """Where `scene` lies on the stage's: by the cameras of the photos that both have; without any, by itself."""
    both = [name for name in scene.names if name in stage.names]
    if not both:
        return scene.shown_by
    own, others = ([each.names.index(name) for name in both] for each in (scene, stage))
    return laid_on(scene.shown_by.moved(scene.cameras[own]), stage.cameras[others]).after(scene.shown_by)
