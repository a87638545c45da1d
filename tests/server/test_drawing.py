"""Scenes are drawn by the server as the library draws them, and what cannot be drawn is refused by its place."""

import asyncio
import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from recon.reconstruction import Reconstruction
from render.cameras import Cameras
from render.files.ply import read_ply
from render.gaussians import Gaussians
from render.rasterize import rasterize
from server.caller import Caller, caller
from server.config import LimitsConfig
from server.drawing import Draughtsman, read_drawing
from server.pb import camera_pb2, service_pb2
from server.stored import Result, StoredFile
from server.work import Work
from tests.recon.small_scene import small_reconstruction
from tests.server.loopback import Painter, Served, refused, serve, told
from tests.server.sent import IDENTITY


class SceneWriter(Painter):
    """Its scene is a cloud."""

    scene: Reconstruction = small_reconstruction()

    def paint(self, work: Work) -> None:
        self.scene.save(work.folder)


def camera(x: float = 0.0, **fields: Any) -> camera_pb2.Camera:
    """96 x 64, at so far to the right."""
    pose = [*IDENTITY[:3], x, *IDENTITY[4:]]
    lens = camera_pb2.Intrinsics(fx_px=90, fy_px=90, cx_px=48, cy_px=32)
    size = camera_pb2.Size(width_px=96, height_px=64)
    return camera_pb2.Camera(**{"size": size, "intrinsics": lens, "t_world_camera": pose, **fields})


def drawn(
    served: Served, cameras: list[camera_pb2.Camera], kind: int = service_pb2.IMAGE_FORMAT_PNG, name: str = "a"
) -> Any:
    request = service_pb2.RenderRequest(request_id=name, cameras=cameras, format=kind)  # type: ignore[arg-type]
    return served.stub.Render(request, timeout=30)


async def images(call: Any) -> list[bytes]:
    found: list[bytes] = []
    async for piece in call:
        if piece.offset_bytes == 0:
            found.append(b"")
        assert (piece.camera_index, piece.offset_bytes) == (len(found) - 1, len(found[-1]))
        found[-1] += piece.content
        assert len(found[-1]) <= piece.size_bytes
    return found


def test_a_kept_scene_is_drawn_as_the_library_draws_it(tmp_path: Path):
    path = [0.0, 0.2]

    async def body(served: Served) -> None:
        await told(served.send())
        ((_, folder),) = [served.desk.results.reading("a").__enter__()]
        T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
        T[:, 0, 3] = torch.tensor(path)
        K = torch.tensor([[90.0, 0, 48], [0, 90, 32], [0, 0, 1]], dtype=torch.float64).repeat(2, 1, 1)
        rgb = rasterize(read_ply(folder / "scene.ply"), Cameras(K, T, torch.tensor([[96, 64]] * 2))).rgb
        expected = (rgb.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        png = await images(drawn(served, [camera(x) for x in path]))
        jpeg = await images(drawn(served, [camera(x) for x in path], kind=0))
        for found, lossy, right in zip(png, jpeg, expected, strict=True):
            np.testing.assert_array_equal(_pixels(found), right)
            assert np.abs(_pixels(lossy).astype(int) - right).mean() < 10
        assert not np.array_equal(expected[0], expected[1])

    serve(tmp_path, body, SceneWriter)


def _pixels(image: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_a_scene_on_its_way_is_drawn_when_it_is_there(tmp_path: Path):
    async def body(served: Served) -> None:
        served.engine.gate.clear()
        first = asyncio.create_task(told(served.send()))
        await served.running()
        drawing = asyncio.create_task(images(drawn(served, [camera()])))
        await asyncio.sleep(0.05)
        served.engine.gate.set()
        assert len(await drawing) == 1
        await first

    serve(tmp_path, body, SceneWriter)


WRONG: dict[str, tuple[Callable[[], list[camera_pb2.Camera]], str, str]] = {
    "none": (lambda: [], "REQUEST_INVALID", "cameras"),
    "too many": (lambda: [camera()] * 5, "REQUEST_INVALID", "cameras"),
    "two sizes": (
        lambda: [camera(), camera(size=camera_pb2.Size(width_px=9, height_px=9))],
        "REQUEST_INVALID",
        "cameras[1].size",
    ),
    "no size": (lambda: [camera(size=None)], "REQUEST_INVALID", "cameras[0].size"),
    "too large": (
        lambda: [camera(size=camera_pb2.Size(width_px=999, height_px=9))],
        "REQUEST_INVALID",
        "cameras[0].size",
    ),
    "too many pixels": (lambda: [camera(size=camera_pb2.Size(width_px=200, height_px=200))], "TOO_LARGE", ""),
    "no pose": (lambda: [camera(t_world_camera=[])], "REQUEST_INVALID", "cameras[0].t_world_camera"),
    "a reflection": (
        lambda: [camera(), camera(t_world_camera=[-1.0, *IDENTITY[1:]])],
        "REQUEST_INVALID",
        "cameras[1]",
    ),
    "no focal length": (lambda: [camera(intrinsics=None)], "REQUEST_INVALID", "cameras[0]"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_drawn_is_refused_by_its_place(tmp_path: Path, what: str):
    cameras, reason, field = WRONG[what]

    async def body(served: Served) -> None:
        assert await refused(drawn(served, cameras())) == ("INVALID_ARGUMENT", reason, field)

    serve(tmp_path, body, max_images=4, max_side_px=256, max_drawn_pixels=30_000)


def test_many_scenes_drawn_at_a_time_take_the_memory_of_one(tmp_path: Path):
    async def body(served: Served) -> None:
        for name in "abcd":
            await told(served.send(request_id=name))
        before = scenes()
        calls = [drawn(served, [camera()] * 200, name=name) for name in "abcd"]
        for call in calls:
            await call.read()
        assert scenes() <= before + 1
        for call in calls:
            call.cancel()

    def scenes() -> int:
        gc.collect()
        return sum(type(each) is Gaussians for each in gc.get_objects())

    serve(tmp_path, body, SceneWriter)


def test_callers_take_turns_however_many_calls_they_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    order: list[str] = []
    monkeypatch.setattr(Draughtsman, "_image", lambda *_: b"an image")
    request = service_pb2.RenderRequest(request_id="a", cameras=[camera()] * 4)
    drawing = read_drawing(request, LimitsConfig())
    result = Result("a", "print", 0.0, "", "", (StoredFile("scene.ply", "scene.ply", 1, ""),))

    async def call(draughtsman: Draughtsman, who: str) -> None:
        caller.set(Caller(who, known=True))
        async for _ in draughtsman.draw(drawing, result, tmp_path):
            order.append(who)

    async def main() -> None:
        draughtsman = Draughtsman()
        await asyncio.gather(*(call(draughtsman, who) for who in ["many"] * 5 + ["one"]))

    asyncio.run(main())
    assert order[:8].count("one") >= 3
    assert order.count("one") == 4


def test_whoever_leaves_while_it_is_drawn_for_him_keeps_the_turn_until_the_image_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    go_on, drawing, most = threading.Event(), [0], [0]

    def image(draughtsman: Draughtsman, *_: object) -> bytes:
        drawing[0] += 1
        most[0] = max(most[0], *drawing)
        assert go_on.wait(30)
        draughtsman._scene = tmp_path, SceneWriter.scene.gaussians
        drawing[0] -= 1
        return b"an image"

    monkeypatch.setattr(Draughtsman, "_image", image)

    async def call(draughtsman: Draughtsman) -> None:
        request = service_pb2.RenderRequest(request_id="a", cameras=[camera()])
        result = Result("a", "print", 0.0, "", "", (StoredFile("scene.ply", "scene.ply", 1, ""),))
        async for _ in draughtsman.draw(read_drawing(request, LimitsConfig()), result, tmp_path):
            pass

    async def main() -> None:
        draughtsman = Draughtsman()
        calls = [asyncio.create_task(call(draughtsman)) for _ in range(6)]
        for each in calls[:5]:
            await asyncio.sleep(0.02)
            each.cancel()
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.wait(calls)
        assert not calls[5].cancelled()
        assert (drawing, most, draughtsman._scene) == ([0], [1], None)

    asyncio.run(main())


def test_a_damaged_scene_is_the_servers_fault_and_its_place_a_secret(tmp_path: Path):
    async def body(served: Served) -> None:
        await told(served.send())
        (scene,) = tmp_path.rglob("scene.ply")
        scene.write_bytes(b"ply" + scene.read_bytes()[4:])
        call = drawn(served, [camera()])
        assert await refused(call) == ("RESOURCE_EXHAUSTED", "NOT_STORED", "")
        assert str(tmp_path) not in await call.details()

    serve(tmp_path, body, SceneWriter)


def test_without_a_scene_there_is_nothing_to_draw(tmp_path: Path):
    async def body(served: Served) -> None:
        assert await refused(drawn(served, [camera()])) == ("NOT_FOUND", "REQUEST_UNKNOWN", "")
        await told(served.send(file_kinds=["report.json"]))
        assert await refused(drawn(served, [camera()])) == ("INVALID_ARGUMENT", "REQUEST_INVALID", "request_id")

    serve(tmp_path, body)
