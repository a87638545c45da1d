"""Whatever clients, engines, disks and operators do: the answer is the documented one, the next good request succeeds,
and nothing is left behind."""

import asyncio
import errno
import gc
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.simulated import GB, Cost, Reply, Service, Simulated, reply_of, service
from render.errors import ConfigError
from server.config import BatcherConfig, LimitsConfig
from server.pb import camera_pb2, request_pb2
from server.serving import serving
from tests.server.sent import header_of

PHOTOS = [b"one photo", b"another photo"]
QUICK = Cost(0.001, 0.001)
Day = Callable[["Scene"], Awaitable[None]]


@dataclass
class Scene:
    """Where a bad day happens."""

    service: Service
    engine: Simulated
    patch: pytest.MonkeyPatch

    async def reply(self, photos: list[bytes] = PHOTOS, **how: Any) -> Reply:
        return await reply_of(self.service.send(photos, **how))

    async def blame(self, photos: list[bytes] = PHOTOS, **how: Any) -> tuple[str, str, str]:
        return (await self.reply(photos, **how)).blame

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.005)

    async def good(self) -> None:
        """The next good request succeeds."""
        reply = await self.reply(request_id="good")
        assert reply.code == "OK", reply
        assert reply.files["scene.ply"].startswith(b"".join(PHOTOS))

    async def quiet(self) -> None:
        """Nothing is on its way any more, and nobody holds anything."""
        places = self.service.batcher.places
        await self.until(lambda: not (len(places) or len(self.service.desk) or self.service.staged))
        await self.service.desk.empty()
        assert places.held_bytes == 0


def open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - there are no paths behind it


class Mistakes(logging.Handler):
    """What the service calls a mistake of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


async def live(folder: Path, day: Day, patch: pytest.MonkeyPatch) -> None:
    engine = Simulated(QUICK)
    config = BatcherConfig(
        100 * GB, max_jobs=3, max_bytes=10_000_000, hang_seconds=0.3 if day is engine_hangs else 60.0
    )
    limits = LimitsConfig(max_file_bytes=5_000_000, max_request_bytes=8_000_000, upload_seconds=30.0)
    async with service(folder, [engine], config, limits=limits) as running, asyncio.timeout(120):
        scene = Scene(running, engine, patch)
        # gRPC opens what it needs at the first call.
        await scene.good()
        await scene.quiet()
        tasks, files = len(asyncio.all_tasks()), open_files()
        mistakes = Mistakes()
        patch.setattr(logging.getLogger("server.servicer"), "handlers", [mistakes])
        await day(scene)
        patch.undo()
        engine.gate.set()
        await scene.good()
        await scene.quiet()
        gc.collect()
        await scene.until(lambda: len(asyncio.all_tasks()) <= tasks and open_files() <= files)
        assert mistakes.found == []


async def client_gone_in_mid_upload(scene: Scene) -> None:
    call = await scene.service.announce([bytes(3_000_000)])
    await call.write(request_pb2.ReconstructRequest(chunk=request_pb2.ImageChunk(content=bytes(2**20))))
    await scene.until(lambda: len(scene.service.batcher.places))
    call.cancel()


async def client_gone_in_mid_download(scene: Scene) -> None:
    scene.engine.scene_bytes = 50_000_000
    call = scene.service.send(PHOTOS)
    async for answer in call:
        if answer.event.HasField("chunk"):
            break
    call.cancel()
    # Nobody has to send the photos again.
    assert (await reply_of(scene.service.get("a"))).code == "OK"


async def deadline_passed_while_queued(scene: Scene) -> None:
    scene.engine.gate.clear()
    # One on the device, and one that the engine makes ready.
    first = [asyncio.create_task(scene.reply(request_id="a"))]
    await scene.until(lambda: scene.engine.ran[1:] == [1])
    first += [asyncio.create_task(scene.reply(request_id="b"))]
    await scene.until(lambda: scene.engine.ran[1:] == [1, 1])
    assert (await scene.blame(request_id="late", seconds=0.2))[0] == "DEADLINE_EXCEEDED"
    await scene.until(lambda: len(scene.service.desk) == 2)
    assert (await reply_of(scene.service.get("late"))).blame == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED", "")
    scene.engine.gate.set()
    assert [reply.code for reply in await asyncio.gather(*first)] == ["OK", "OK"]
    assert sum(scene.engine.ran) == 3


async def queue_full(scene: Scene) -> None:
    scene.engine.gate.clear()
    held = [asyncio.create_task(scene.reply(request_id=f"held-{i}")) for i in range(3)]
    await scene.until(lambda: len(scene.service.batcher.places) == 3)
    one_more = await reply_of(await scene.service.announce(PHOTOS))
    assert one_more.blame == ("RESOURCE_EXHAUSTED", "QUEUE_FULL", "")
    scene.engine.gate.set()
    assert [reply.code for reply in await asyncio.gather(*held)] == ["OK"] * 3


async def too_many_bytes_at_a_time(scene: Scene) -> None:
    calls = [await scene.service.announce([bytes(4_000_000)], request_id=f"held-{i}") for i in range(2)]
    await scene.until(lambda: len(scene.service.batcher.places) == 2)
    one_more = await reply_of(await scene.service.announce([bytes(4_000_000)]))
    assert one_more.blame == ("RESOURCE_EXHAUSTED", "QUEUE_FULL", "")
    for call in calls:
        call.cancel()


async def upload_not_as_announced(scene: Scene) -> None:
    wrong, short, long = b"another phot0", b"another", b"another photo and more"
    for content, reason in (
        (wrong, "CHECKSUM_MISMATCH"),
        (short, "UPLOAD_INCOMPLETE"),
        (long, "UPLOAD_INVALID"),
    ):
        blame = await scene.blame(content=[PHOTOS[0], content])
        assert blame == ("INVALID_ARGUMENT", reason, "images[1].photo")
    # The other's place.
    swapped = await scene.service.announce(PHOTOS)
    await swapped.write(request_pb2.ReconstructRequest(chunk=request_pb2.ImageChunk(image_index=1, content=PHOTOS[1])))
    assert (await reply_of(swapped)).blame == ("INVALID_ARGUMENT", "UPLOAD_INVALID", "images[0].photo")


async def hostile_headers(scene: Scene) -> None:
    nan = camera_pb2.KnownCamera(fx_px=float("nan"))
    bent = camera_pb2.KnownCamera(t_world_camera=[float("inf")] * 16)
    for camera in (nan, bent):
        header = header_of([(photo, None) for photo in PHOTOS])
        header.images[1].camera.CopyFrom(camera)
        call = scene.service.stub.Reconstruct(timeout=20)
        await call.write(request_pb2.ReconstructRequest(header=header))
        assert (await reply_of(call)).blame == ("INVALID_ARGUMENT", "REQUEST_INVALID", "images[1].camera")
    for photos in ([], [b"x"] * 5000):
        call = await scene.service.announce(photos)
        assert (await reply_of(call)).blame == ("INVALID_ARGUMENT", "REQUEST_INVALID", "images")
    call = await scene.service.announce([bytes(5_000_001)])
    assert (await reply_of(call)).blame == ("INVALID_ARGUMENT", "TOO_LARGE", "")


async def engine_fails_at_one_of_many(scene: Scene) -> None:
    photos = {"b": b"fine", "c": b"die once: and no more"}
    scene.engine.gate.clear()
    replies = [asyncio.create_task(scene.blame([b"die: every time"], request_id="a"))]
    # By itself: what shares its batch has one try less.
    await scene.until(lambda: scene.engine.ran[1:] == [1])
    replies += [asyncio.create_task(scene.blame([photo], request_id=name)) for name, photo in photos.items()]
    await scene.until(lambda: len(scene.service.desk) == 3)
    scene.engine.gate.set()
    assert await asyncio.gather(*replies) == [("INTERNAL", "ENGINE_FAILED", ""), ("OK", "", ""), ("OK", "", "")]


async def engine_hangs(scene: Scene) -> None:
    assert await scene.blame([b"hang: for ever"]) == ("INTERNAL", "ENGINE_FAILED", "")
    assert scene.engine.replaced == 2


async def memory_runs_out(scene: Scene) -> None:
    scene.engine.gate.clear()
    first = asyncio.create_task(scene.blame(request_id="first"))
    await scene.until(lambda: scene.engine.ran[1:] == [1])
    crowd = [asyncio.create_task(scene.blame([b"crowded: in twos"], request_id=name)) for name in "ab"]
    scene.engine.gate.set()
    assert await asyncio.gather(first, *crowd) == [("OK", "", "")] * 3
    # From here on, the device is known to be small, for a while: the good request is one that it has room for.
    assert await scene.blame([b"run out: alone"], request_id="c") == ("RESOURCE_EXHAUSTED", "OUT_OF_MEMORY", "")
    for lane in scene.service.batcher.lanes:
        scene.patch.setattr(lane, "ceiling", type(lane.ceiling)(100 * GB, 1.0, asyncio.get_running_loop().time))
    assert await scene.blame([b"no scene: of this"], request_id="d") == ("FAILED_PRECONDITION", "NO_SCENE", "")


async def cancelled_while_the_engine_writes(scene: Scene) -> None:
    scene.engine.gate.clear()
    call = asyncio.create_task(scene.blame())
    await scene.until(lambda: scene.engine.ran[1:] == [1])
    assert await scene.service.cancel("a")
    assert await call == ("CANCELLED", "CANCELLED", "")
    # The engine may be writing still.
    assert scene.service.staged == 1
    scene.engine.gate.set()


async def two_servers_on_one_port(scene: Scene) -> None:
    address = f"127.0.0.1:{scene.service.server.port}"
    with pytest.raises(ConfigError, match="where no server can listen"):
        async with serving(scene.service.desk, LimitsConfig(), address):
            pass


def full(*_args: object, **_more: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def disk_full(scene: Scene) -> None:
    truly_open = Path.open

    def opened(path: Path, mode: str = "r", **how: Any) -> Any:
        return full() if path.name == "scene.ply" and "w" in mode else truly_open(path, mode, **how)

    for target, name, fails in (
        ("tempfile.mkdtemp", "at the beginning", full),
        ("pathlib.Path.mkdir", "for the folder inside", full),
        ("pathlib.Path.open", "while the engine writes", opened),
        ("pathlib.Path.write_text", "for what says what is there", full),
        ("pathlib.Path.rename", "at the end", full),
    ):
        with scene.patch.context() as patch:
            patch.setattr(target, fails)
            assert await scene.blame() == ("RESOURCE_EXHAUSTED", "NOT_STORED", ""), name
        await scene.quiet()


async def results_removed_by_hand(scene: Scene) -> None:
    for path in scene.service.folder.iterdir():
        if path.is_dir():
            path.rename(scene.service.folder.parent / "elsewhere")
    assert (await reply_of(scene.service.get("good"))).blame == ("NOT_FOUND", "REQUEST_UNKNOWN", "")


DAYS: list[Day] = [
    client_gone_in_mid_upload,
    client_gone_in_mid_download,
    deadline_passed_while_queued,
    queue_full,
    too_many_bytes_at_a_time,
    upload_not_as_announced,
    hostile_headers,
    engine_fails_at_one_of_many,
    engine_hangs,
    memory_runs_out,
    cancelled_while_the_engine_writes,
    two_servers_on_one_port,
    disk_full,
    results_removed_by_hand,
]


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.__name__)
def test_a_bad_day_leaves_nothing_behind(day: Day, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asyncio.run(live(tmp_path / "results", day, monkeypatch))


def test_a_slow_reader_costs_no_memory(tmp_path: Path):
    """Of 60 MB, what gRPC has on its way is a few; the engine is free meanwhile."""

    async def main() -> None:
        engine = Simulated(QUICK, scene_bytes=60_000_000)
        async with service(tmp_path, [engine], BatcherConfig(100 * GB)) as running:
            slow = running.send(PHOTOS)
            async for answer in slow:
                if answer.event.HasField("chunk"):
                    break
            before = rss_bytes()
            for _ in range(10):
                await asyncio.sleep(0.02)
                assert rss_bytes() < before + 20_000_000
            engine.scene_bytes = 1000
            assert (await reply_of(running.send(PHOTOS, request_id="b"))).code == "OK"
            slow.cancel()

    asyncio.run(main())


def rss_bytes() -> int:
    return psutil.Process().memory_info().rss


def test_a_server_told_to_stop_ends_what_it_has_begun(tmp_path: Path):
    """As at SIGTERM: what runs ends well, what is new is refused, and nothing waits for what hangs."""

    async def main() -> None:
        engine = Simulated(QUICK)
        async with service(tmp_path, [engine], BatcherConfig(100 * GB)) as running:
            engine.gate.clear()
            load = [asyncio.create_task(reply_of(running.send(PHOTOS, request_id=f"r{i}"))) for i in range(20)]
            async with asyncio.timeout(60):
                while len(running.desk) < 20:
                    await asyncio.sleep(0.005)
            draining = asyncio.create_task(running.server.drain(30.0))
            await asyncio.sleep(0.02)
            new = await reply_of(await running.announce(PHOTOS, request_id="new"))
            assert new.blame == ("UNAVAILABLE", "DRAINING", "")
            engine.gate.set()
            assert {reply.code for reply in await asyncio.gather(*load)} == {"OK"}
            await draining
        assert running.staged == 0

    asyncio.run(main())


def test_a_server_told_to_stop_waits_for_those_who_lost_their_stream(tmp_path: Path):
    """What they asked for is done while they are away; one comes back, and one had no time left."""

    async def main() -> None:
        engine = Simulated(QUICK)
        async with service(tmp_path, [engine], BatcherConfig(100 * GB)) as running:
            engine.gate.clear()
            lost = running.send(PHOTOS, request_id="a")
            in_a_hurry = running.send(PHOTOS, request_id="b", seconds=0.5)
            async with asyncio.timeout(60):
                while len(running.desk) < 2:
                    await asyncio.sleep(0.005)
            lost.cancel()
            in_a_hurry.cancel()
            draining = asyncio.create_task(running.server.drain(30.0))
            engine.gate.set()
            await running.desk.empty()
            await asyncio.sleep(0.3)
            assert (await reply_of(running.get("a"))).code == "OK"
            began = asyncio.get_running_loop().time()
            await draining
            assert asyncio.get_running_loop().time() - began < 10

    asyncio.run(main())


def test_a_server_that_does_not_wait_tells_who_waits(tmp_path: Path):
    """Its queue ends while the wire still listens."""

    async def main() -> None:
        engine = Simulated(QUICK)
        async with service(tmp_path, [engine], BatcherConfig(100 * GB)) as running:
            engine.gate.clear()
            load = [asyncio.create_task(reply_of(running.send(PHOTOS, request_id=f"r{i}"))) for i in range(5)]
            async with asyncio.timeout(60):
                while len(running.desk) < 5:
                    await asyncio.sleep(0.005)
            running.dispatching.cancel()
            assert [reply.blame for reply in await asyncio.gather(*load)] == [("UNAVAILABLE", "DRAINING", "")] * 5
            assert (await reply_of(running.send(PHOTOS, request_id="new"))).blame == ("UNAVAILABLE", "DRAINING", "")
            await running.desk.empty()
            assert (len(running.batcher.places), running.staged) == (0, 0)

    asyncio.run(main())
