"""Who draws the scenes of an app. Here: this process, with all harmonics; browsers get pictures for their cameras."""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import viser
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from render.cameras import Cameras
from render.rasterize import rasterize
from render.view.drawing import PlacedScene

log = logging.getLogger(__name__)
LONGEST_PX = 1920
"""Larger windows get a picture of this long side."""
REST_S = 0.15
"""So long a camera has to stand still for the whole picture."""
MOVING_S = 0.08
"""What a picture may take while the camera moves; it gets as small as that needs."""
SMALLEST = 1 / 8
"""Of the window's sides, while the camera moves."""
TOLD_S = 10.0
"""So long a browser says that a picture was not drawn."""
JPEG_QUALITY = 90
BEHIND = 1.01
"""The picture's depth is this much farther than the surface, so that points on it are seen."""
NOTHING_DEPTH = 160.0
"""Where there is no surface: viser keeps depth up to 167."""


@dataclass(frozen=True)
class Picture:
    """What one camera sees."""

    rgb: UInt8[np.ndarray, "height width 3"]
    """sRGB."""
    depth: Float[np.ndarray, "height width"]
    """z-depth in the stage's unit, a little behind the surface: what of the stage lies before it hides the picture."""


class ServerDrawing:
    """Draws where the Gaussians are, on CUDA or a CPU, one picture after the other for each browser."""

    def __init__(self, server: viser.ViserServer, scenes: Sequence[PlacedScene], device: torch.device):
        self._gaussians = [each.scene.gaussians.to(device) for each in scenes]
        self._onto_scene = [each.placed.inverse for each in scenes]
        self._shown: int | None = 0
        self._opacity = 1.0
        self._painters: dict[int, _Painter] = {}
        self._closed, self._lock = False, threading.Lock()
        server.on_client_connect(self._begin)
        server.on_client_disconnect(self._end)

    def show(self, which: int | None) -> None:
        """See `Drawing`."""
        self._shown = which
        self._repaint()

    def fade(self, opacity: float) -> None:
        """See `Drawing`."""
        self._opacity = opacity
        self._repaint()

    def close(self) -> None:
        """See `Drawing`."""
        with self._lock:
            self._closed = True
            painters, self._painters = list(self._painters.values()), {}
        for painter in painters:
            painter.end()
        for painter in painters:
            painter.join()

    @torch.no_grad()
    def picture(self, camera: Cameras) -> Picture | None:
        """What a camera of the stage sees; None while no scene is shown."""
        which = self._shown
        if which is None:
            return None
        gaussians, onto_scene = self._gaussians[which], self._onto_scene[which]
        faded = replace(gaussians, opacities=gaussians.opacities * self._opacity)
        drawn = rasterize(faded, onto_scene.moved(camera))
        depth = torch.where(drawn.alpha > 0.5, drawn.depth * (BEHIND / onto_scene.scale), NOTHING_DEPTH)
        rgb = (drawn.rgb[0].clamp(0, 1) * 255).round().byte()
        return Picture(rgb.cpu().numpy(), depth[0].float().cpu().numpy())

    def _repaint(self) -> None:
        for painter in list(self._painters.values()):
            painter.wake()

    # Coroutines: viser runs these in order, in one thread.
    async def _begin(self, client: viser.ClientHandle) -> None:
        # Whoever comes while the app closes would get a painter that nobody ends.
        with self._lock:
            if not self._closed:
                self._painters[client.client_id] = _Painter(self, client)

    async def _end(self, client: viser.ClientHandle) -> None:
        if (painter := self._painters.pop(client.client_id, None)) is not None:
            painter.end()


class _Painter:
    """Keeps one browser's picture up to date: small and often while its camera moves, whole when it rests."""

    def __init__(self, drawing: ServerDrawing, client: viser.ClientHandle):
        self._drawing, self._client = drawing, client
        self._size = 0.25
        self._ended = False
        self._stale = threading.Event()
        client.camera.on_update(self._camera_moved)
        self.wake()
        self._thread = threading.Thread(target=self._work, name=f"painter-{client.client_id}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """The picture is not right any more."""
        self._stale.set()

    def end(self) -> None:
        """Nobody looks any more."""
        self._ended = True
        self.wake()

    def join(self) -> None:
        """Until the last picture is drawn, which is not sent any more."""
        self._thread.join()

    async def _camera_moved(self, _: viser.CameraHandle) -> None:
        self.wake()

    def _work(self) -> None:
        while self._stale.wait() and not self._ended:
            self._stale.clear()
            try:
                self._paint()
            except Exception as error:
                # Such as memory that has run out: said where one looks, and tried again when the camera moves.
                log.exception("a picture was not drawn")
                with contextlib.suppress(Exception):
                    self._client.add_notification("No picture", str(error), color="red", auto_close_seconds=TOLD_S)

    def _paint(self) -> None:
        began = time.monotonic()
        self._send(self._size)
        drawn_at, self._size = self._size, next_size(self._size, time.monotonic() - began)
        if drawn_at < 1 and not self._stale.wait(REST_S):
            self._send(1.0)

    def _send(self, size: float) -> None:
        picture = self._drawing.picture(camera_of(self._client.camera, size))
        if self._ended:
            return
        if picture is None:
            self._client.scene.set_background_image(None)
        else:
            self._client.scene.set_background_image(
                picture.rgb, format="jpeg", jpeg_quality=JPEG_QUALITY, depth=picture.depth
            )


def next_size(size: float, took_s: float) -> float:
    """The next picture's sides while a camera moves, of the window's, after one of `size` took so long."""
    wanted = size * (MOVING_S / max(took_s, 1e-6)) ** 0.5
    return float(np.clip(wanted, max(SMALLEST, size / 2), min(1.0, size * 2)))


def camera_of(handle: viser.CameraHandle, size: float) -> Cameras:
    """A browser's camera, for a picture whose sides are `size` of its window's.

    viser's cameras have OpenCV axes, square pixels, and their axis in the middle of the window.
    """
    width, height = max(handle.image_width, 1), max(handle.image_height, 1)
    focal = height / (2 * float(np.tan(handle.fov / 2)))
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3] = torch.from_numpy(Rotation.from_quat(handle.wxyz, scalar_first=True).as_matrix())
    T[:3, 3] = torch.from_numpy(np.asarray(handle.position, np.float64))
    K = torch.tensor([[[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]], dtype=torch.float64)
    factor = min(size, LONGEST_PX / max(width, height))
    drawn_wh = (max(round(width * factor), 1), max(round(height * factor), 1))
    return Cameras(K, T[None], torch.tensor([[width, height]])).resized(drawn_wh)
