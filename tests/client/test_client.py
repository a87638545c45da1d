"""Photos go to a server and a scene comes back, through both clients, whatever happens on the way."""

import asyncio
import errno
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from recon.saved import KINDS as SCENE_FILES
from recon.saved import load_reconstruction
from render.errors import ConfigError, OutputError, PhotoError
from render.files.cameras_json import read_cameras_json
from render.files.ply import read_ply
from render.rasterize import rasterize
from server.pb import result_pb2
from server.work import Work
from snapsplat import AsyncClient, Client
from snapsplat.client.errors import ServiceError
from tests.client.clients import KINDS, Kind, SceneWriter, ask, breaking_line, is_so, photos_in, saved_scene
from tests.recon.small_scene import NAMES
from tests.server.loopback import Painter, Served, serve

both = pytest.mark.parametrize("kind", KINDS)


def address_of(served: Served) -> str:
    return f"127.0.0.1:{served.server.port}"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@both
def test_the_files_that_the_engine_wrote_arrive(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")
    saved_scene().save(tmp_path / "written")
    stages: list[str] = []

    async def body(served: Served) -> None:
        out = tmp_path / "out"
        files = (*SCENE_FILES, "preview.png")
        answer = await ask(kind, address_of(served), "submit", photos, out, files, progress=stages.append)
        arrived, written = files_in(out), files_in(tmp_path / "written")
        assert set(arrived) == set(answer.files) == set(written)
        assert all(arrived[name] == written[name] for name in arrived if name != "report.json")
        assert answer.summary.photos == 3
        assert stages == ["depth"]

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_a_reconstruction_is_what_the_library_would_have_saved(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")
    saved_scene().save(tmp_path / "written")
    expected = load_reconstruction(tmp_path / "written", photos)

    async def body(served: Served) -> None:
        scene = await ask(kind, address_of(served), "reconstruct", tmp_path / "photos")
        assert (scene.names, scene.origin) == (NAMES, expected.origin)
        for name in ("means", "quats_wxyz", "scales", "opacities", "sh"):
            assert torch.equal(getattr(scene.gaussians, name), getattr(expected.gaussians, name))
        assert torch.equal(scene.cameras.K_px, expected.cameras.K_px)
        for ours, theirs in zip(scene.depth + scene.confidence, expected.depth + expected.confidence, strict=True):
            assert torch.equal(ours, theirs)
        np.testing.assert_array_equal(scene.photos, expected.photos)

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_arrays_arrive_as_they_are(tmp_path: Path, kind: Kind):
    chance = np.random.default_rng(1)
    arrays = [chance.integers(0, 255, (40, 60, channels), np.uint8) for channels in (3, 4)]
    masks = [None, chance.random((40, 60)) > 0.5]
    SceneWriter.seen.clear()

    async def body(served: Served) -> None:
        await ask(kind, address_of(served), "submit", arrays, tmp_path / "out", masks=masks, seed=7, size=128)
        (work,) = SceneWriter.seen
        assert (work.request.seed, work.request.size_px, work.request.names) == (7, 128, ("0000.png", "0001.png"))
        for image, array in zip(work.images, arrays, strict=True):
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(image.photo))), array)
        mask = work.images[1].mask
        assert work.images[0].mask is None
        assert mask is not None
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(mask))), masks[1] * np.uint8(255))

    serve(tmp_path / "results", body, SceneWriter)


@both
@pytest.mark.parametrize(("up", "down"), [(1, np.inf), (300_000, np.inf), (np.inf, 2_000), (np.inf, 1_000_000)])
def test_a_line_that_breaks_is_picked_up(tmp_path: Path, kind: Kind, up: float, down: float):
    photos = photos_in(tmp_path / "photos", side=512)
    content = b"".join(photo.read_bytes() for photo in photos) * 5
    assert len(content) > 1_000_000

    class Writer(Painter):
        def paint(self, work: Work) -> None:
            (work.folder / "scene.ply").write_bytes(b"".join(image.photo for image in work.images) * 5)

    async def body(served: Served) -> None:
        async with breaking_line(served.server.port, up=up, down=down) as address:
            await ask(kind, address, "submit", photos, tmp_path / "out")
        assert files_in(tmp_path / "out") == {"scene.ply": content}
        assert len(served.engine.ran) == 1

    serve(tmp_path / "results", body, Writer)


@both
def test_a_full_queue_is_waited_for(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        places = [served.desk.places.take(1) for _ in range(3)]
        asking = asyncio.create_task(ask(kind, address_of(served), "submit", photos, tmp_path / "out"))
        await asyncio.sleep(0.3)
        assert not asking.done()
        for place in places:
            place.release()
        assert (await asking).files == ("scene.ply",)

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_who_runs_out_of_time_is_told_so(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        served.engine.gate.clear()
        with pytest.raises(ServiceError, match=r"DEADLINE|deadline|not done in the time"):
            await ask(kind, address_of(served), "submit", photos, tmp_path / "out", timeout=0.3)
        assert not (tmp_path / "out").exists()
        served.engine.gate.set()

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_refusals_are_the_library_s(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")
    (tmp_path / "bad.jpg").write_bytes(b"no photo")

    async def refused(served: Served, error: type[Exception], *arguments: Any, **options: Any) -> tuple[str, str, str]:
        with pytest.raises(error) as found:
            await ask(kind, address_of(served), "submit", *arguments, **options)
        caught: Any = found.value
        return caught.reason, caught.field, str(caught)

    async def body(served: Served) -> None:
        out = tmp_path / "out"
        assert await refused(served, PhotoError, [photos[0], tmp_path / "bad.jpg"], out) == (
            "PHOTO_UNUSABLE",
            "images[1].photo",
            "bad.jpg is no photo.",
        )
        assert (await refused(served, ConfigError, photos, out, size=5))[:2] == ("REQUEST_INVALID", "options.size_px")
        assert (await refused(served, ConfigError, photos, out, model="x"))[:2] == ("NAME_UNKNOWN", "options.model")
        assert (await refused(served, ConfigError, photos, out, ("x",)))[:2] == ("NAME_UNKNOWN", "file_kinds[0]")
        assert not out.exists()
        (tmp_path / "file").touch()
        assert (await refused(served, OutputError, photos, tmp_path / "file"))[0] == ""
        assert not served.engine.ran

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_cancelled_by_its_id(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        served.engine.gate.clear()
        asking = asyncio.create_task(
            ask(kind, address_of(served), "submit", photos, tmp_path / "out", request_id="mine")
        )
        await served.running()
        assert await ask(kind, address_of(served), "cancel", "mine")
        with pytest.raises(ServiceError) as error:
            await asking
        assert error.value.reason == "CANCELLED"
        assert not await ask(kind, address_of(served), "cancel", "mine")
        with pytest.raises(ServiceError) as error:
            await ask(kind, address_of(served), "cancel", "another")
        assert error.value.reason == "REQUEST_UNKNOWN"
        served.engine.gate.set()

    serve(tmp_path / "results", body, SceneWriter)


def test_a_task_that_is_cancelled_cancels_the_request(tmp_path: Path):
    photos = photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        served.engine.gate.clear()
        asking = asyncio.create_task(ask("aio", address_of(served), "submit", photos, tmp_path / "out"))
        await served.running()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await is_so(lambda: not len(served.desk))
        served.engine.gate.set()

    serve(tmp_path / "results", body, SceneWriter)


def test_ctrl_c_cancels_the_request(tmp_path: Path):
    photos = photos_in(tmp_path / "photos")

    class Telling(SceneWriter):
        async def run(self, shape: Any, jobs: Any) -> Any:
            jobs[0].payload.tell(result_pb2.ResultEvent(progress=result_pb2.Progress(stage="photos")))
            async for answer in super().run(shape, jobs):
                yield answer

    def stop(_stage: str) -> None:
        raise KeyboardInterrupt

    def submit(address: str) -> None:
        with Client(address) as client, pytest.raises(KeyboardInterrupt):
            client.submit(photos, tmp_path / "out", progress=stop)

    async def body(served: Served) -> None:
        served.engine.gate.clear()
        await asyncio.to_thread(submit, address_of(served))
        await is_so(lambda: not len(served.desk))
        assert not (tmp_path / "out").exists()
        served.engine.gate.set()

    serve(tmp_path / "results", body, Telling)


@both
def test_a_caller_s_own_mistake_cancels_the_request(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")

    class Telling(SceneWriter):
        async def run(self, shape: Any, jobs: Any) -> Any:
            jobs[0].payload.tell(result_pb2.ResultEvent(progress=result_pb2.Progress(stage="photos")))
            async for answer in super().run(shape, jobs):
                yield answer

    def fail(_stage: str) -> None:
        raise ZeroDivisionError

    async def body(served: Served) -> None:
        served.engine.gate.clear()
        with pytest.raises(ZeroDivisionError):
            await ask(kind, address_of(served), "submit", photos, tmp_path / "out", progress=fail)
        await is_so(lambda: not len(served.desk))
        served.engine.gate.set()

    serve(tmp_path / "results", body, Telling)


@both
def test_a_scene_for_which_there_is_no_room_here_is_told_so(
    tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
):
    photos = photos_in(tmp_path / "photos")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("snapsplat.client.received.Receiver.take", full)

    async def body(served: Served) -> None:
        with pytest.raises(OutputError, match="No space left"):
            await ask(kind, address_of(served), "reconstruct", photos)

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_a_server_that_goes_is_not_asked_for_ever(tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("snapsplat.client.retries.LONGEST_PAUSE_SECONDS", 0.01)
    photos = photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        served.engine.gate.clear()
        running = asyncio.create_task(ask(kind, address_of(served), "submit", photos, tmp_path / "one"))
        await served.running()
        draining = asyncio.create_task(served.server.drain(10))
        await asyncio.sleep(0.05)
        with pytest.raises(ServiceError) as error:
            await ask(kind, address_of(served), "submit", photos, tmp_path / "two")
        assert error.value.reason == "DRAINING"
        served.engine.gate.set()
        assert (await running).files == ("scene.ply",)
        await draining

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_where_no_server_is_that_is_said_soon(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")
    with pytest.raises(ServiceError, match="cannot be reached"):
        asyncio.run(ask(kind, "127.0.0.1:1", "submit", photos, tmp_path / "out"))


@both
def test_models_are_listed(tmp_path: Path, kind: Kind):
    async def body(served: Served) -> None:
        listed = await ask(kind, address_of(served), "list_models")
        assert [model.name for model in listed.models] == ["small", "big"]

    serve(tmp_path, body)


def test_a_photo_that_changes_while_it_is_sent_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("snapsplat.client.retries.LONGEST_PAUSE_SECONDS", 0.01)
    photos = photos_in(tmp_path / "photos")

    def submit(address: str) -> str:
        from snapsplat.client import sync

        make_order = sync.make_order

        def changed(*arguments: Any, **options: Any) -> Any:
            order = make_order(*arguments, **options)
            content = photos[1].read_bytes()
            photos[1].write_bytes(bytes([content[0] ^ 1]) + content[1:])
            return order

        monkeypatch.setattr(sync, "make_order", changed)
        with Client(address) as client, pytest.raises(ServiceError) as error:
            client.submit(photos, tmp_path / "out")
        return error.value.reason

    async def body(served: Served) -> None:
        assert await asyncio.to_thread(submit, address_of(served)) == "CHECKSUM_MISMATCH"

    serve(tmp_path / "results", body, SceneWriter)


@both
def test_a_scene_is_drawn_by_the_server_as_by_the_library(tmp_path: Path, kind: Kind):
    photos = photos_in(tmp_path / "photos")
    cameras = saved_scene().cameras[[0, 1]]

    async def images(address: str, request_id: str) -> list[bytes]:
        if kind == "aio":
            async with AsyncClient(address) as client:
                return [image async for image in client.render(request_id, cameras, png=True)]
        with Client(address) as client:
            return await asyncio.to_thread(lambda: list(client.render(request_id, cameras, png=True)))

    async def body(served: Served) -> None:
        await ask(kind, address_of(served), "submit", photos, tmp_path / "out", request_id="mine")
        found = await images(address_of(served), "mine")
        rgb = rasterize(read_ply(tmp_path / "out" / "scene.ply"), cameras).rgb
        expected = (rgb.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        np.testing.assert_array_equal([np.asarray(Image.open(io.BytesIO(image))) for image in found], expected)
        with pytest.raises(ServiceError) as error:
            await images(address_of(served), "another")
        assert error.value.reason == "REQUEST_UNKNOWN"

    serve(tmp_path / "results", body, SceneWriter)


def test_both_clients_have_the_same_methods():
    def public(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(Client) == public(AsyncClient)


def test_cameras_are_sent_as_the_file_has_them(tmp_path: Path):
    photos = photos_in(tmp_path / "photos")
    saved_scene().save(tmp_path / "written")
    SceneWriter.seen.clear()

    async def body(served: Served) -> None:
        cameras = tmp_path / "written" / "cameras.json"
        await ask("sync", address_of(served), "submit", photos[1:], tmp_path / "out", cameras=cameras)
        expected = read_cameras_json(cameras)
        sent = SceneWriter.seen[0].request.cameras
        assert sent.scale == expected.scale
        for name, row in sent.rows.items():
            pose, given = row.T_world_camera, expected.rows[name].T_world_camera
            assert (pose is None) == (given is None)
            assert pose is None or torch.equal(pose, given)
            assert (row.fx, row.fy, row.cx, row.cy) == tuple(
                getattr(expected.rows[name], k) for k in ("fx", "fy", "cx", "cy")
            )

    serve(tmp_path / "results", body, SceneWriter)
