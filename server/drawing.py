"""Scenes that are kept, drawn for clients that have no renderer: a path of cameras in, image files out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import cv2
import torch

from render.cameras import Cameras
from render.errors import CamerasError, FileFormatError, OutputError
from render.files.cameras_json import camera_row
from render.files.ply import read_ply
from render.gaussians import Gaussians
from render.rasterize import rasterize
from server.caller import caller
from server.config import LimitsConfig
from server.errors import RequestError, TooLargeError
from server.pb import camera_pb2, service_pb2
from server.stored import Result
from server.upload import MAX_CHUNK_BYTES

SCENE = "scene.ply"
ENCODINGS = {
    service_pb2.IMAGE_FORMAT_UNSPECIFIED: (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]),
    service_pb2.IMAGE_FORMAT_JPEG: (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]),
    service_pb2.IMAGE_FORMAT_PNG: (".png", [cv2.IMWRITE_PNG_COMPRESSION, 3]),
}


@dataclass(frozen=True)
class Drawing:
    """What is to be drawn."""

    cameras: Cameras
    encoding: tuple[str, list[int]]
    """As OpenCV takes it: ending of the file, and options."""


def read_drawing(request: service_pb2.RenderRequest, limits: LimitsConfig) -> Drawing:
    """What a request asks for, checked before any scene is read.

    Raises:
        RequestError: a field makes no sense; the error has its path. TooLargeError: there are too many pixels.
    """
    if request.format not in ENCODINGS:
        raise RequestError("format", f"is {request.format}, which is none.")
    count = len(request.cameras)
    if not 1 <= count <= limits.max_images:
        raise RequestError("cameras", f"has {count} entries; 1 to {limits.max_images} are expected.")
    size = request.cameras[0].size
    width, height = size.width_px, size.height_px
    for i, camera in enumerate(request.cameras):
        if camera.size != size or not (1 <= width <= limits.max_side_px and 1 <= height <= limits.max_side_px):
            right = "all are of one size, and each side has 1 or more"
            given = f"{camera.size.width_px} x {camera.size.height_px}"
            raise RequestError(f"cameras[{i}].size", f"is {given}; {right}, at most {limits.max_side_px}.")
    if count * width * height > limits.max_drawn_pixels:
        pixels = f"{count} images of {width} x {height} pixels"
        raise TooLargeError(f"The path has {pixels}; at most {limits.max_drawn_pixels} pixels are drawn for a request.")
    rows = [_camera(camera, f"cameras[{i}]") for i, camera in enumerate(request.cameras)]
    cameras = Cameras(
        K_px=torch.stack([K for K, _ in rows]),
        T_world_camera=torch.stack([T for _, T in rows]),
        size_wh=torch.tensor([(width, height)] * count),
    )
    return Drawing(cameras, ENCODINGS[request.format])


def _camera(camera: camera_pb2.Camera, field: str) -> tuple[torch.Tensor, torch.Tensor]:
    """As a row of cameras.json, so that one place judges both."""
    numbers = list(camera.t_world_camera)
    if len(numbers) != 16:
        raise RequestError(f"{field}.t_world_camera", f"has {len(numbers)} numbers; 16 are expected.")
    lens = camera.intrinsics
    entry = {"fx": lens.fx_px, "fy": lens.fy_px, "cx": lens.cx_px, "cy": lens.cy_px}
    pose = [numbers[row : row + 4] for row in range(0, 16, 4)]
    try:
        row = camera_row({**entry, "camera_to_world": pose}, "is no camera")
    except CamerasError as error:
        raise RequestError(field, str(error)) from error
    assert row.T_world_camera is not None
    K_px = [[lens.fx_px, 0, lens.cx_px], [0, lens.fy_px, lens.cy_px], [0, 0, 1]]
    return torch.tensor(K_px, dtype=torch.float64), row.T_world_camera


class Draughtsman:
    """Draws one image at a time, whoever asks: it takes all cores, and the calls go on meanwhile. Callers take turns,
    however many calls each of them makes."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._in_line: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of each caller, for a place in the line for `_turn`."""
        self._calls = 0
        self._scene: tuple[Path, Gaussians] | None = None
        """The one drawn last, and no other: however many are asked for at a time, one takes memory."""

    async def draw(self, drawing: Drawing, result: Result, folder: Path) -> AsyncIterator[service_pb2.RenderResponse]:
        """The images in pieces. `folder` has the result's files, and keeps them meanwhile.

        Raises:
            RequestError: the scene was not among the files that were asked for. OutputError: it cannot be read.
        """
        if SCENE not in [file.name for file in result.files]:
            raise RequestError("request_id", f"is that of a request that did not ask for {SCENE}, which is drawn.")
        self._calls += 1
        in_line = self._in_line.setdefault(caller.get().principal, asyncio.Lock())
        try:
            for i in range(len(drawing.cameras)):
                async with in_line, self._turn:
                    image = await _in_thread(self._image, folder / SCENE, drawing.cameras[[i]], drawing.encoding)
                for offset in range(0, len(image), MAX_CHUNK_BYTES):
                    yield service_pb2.RenderResponse(
                        camera_index=i,
                        size_bytes=len(image),
                        offset_bytes=offset,
                        content=image[offset : offset + MAX_CHUNK_BYTES],
                    )
        finally:
            self._calls -= 1
            if not self._calls:
                self._scene = None

    def _image(self, path: Path, camera: Cameras, encoding: tuple[str, Sequence[int]]) -> bytes:
        last = self._scene if self._scene is not None and self._scene[0] == path else None
        if last is None:
            self._scene = None
            last = self._scene = path, _read(path)
        return draw_image(last[1], camera, encoding)


async def _in_thread(draw: Callable[..., bytes], *args: Any) -> bytes:
    """What it gives. A caller that is cancelled waits as well: the thread goes on, and its turn with it."""
    task = asyncio.ensure_future(asyncio.to_thread(draw, *args))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _read(path: Path) -> Gaussians:
    try:
        return read_ply(path)
    except OSError as error:
        raise OutputError(f"The scene cannot be read back ({error.strerror or error}).") from error
    except FileFormatError as error:
        raise OutputError("The scene cannot be read back (its file is damaged).") from error


def draw_image(gaussians: Gaussians, camera: Cameras, encoding: tuple[str, Sequence[int]]) -> bytes:
    """One image file, of 8-bit sRGB."""
    with torch.no_grad():
        rgb = rasterize(gaussians, camera).rgb[0]
    pixels = (rgb.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    ending, options = encoding
    _, encoded = cv2.imencode(ending, pixels[..., ::-1], options)
    return encoded.tobytes()
