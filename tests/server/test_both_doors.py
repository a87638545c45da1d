"""The service as clients see it: the same without Ray and behind Ray Serve with two replicas."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from typer.testing import CliRunner

from render.errors import ConfigError, PhotoError
from server.around import SERVICE
from server.pb import request_pb2, service_pb2_grpc
from server.replica import remove_left
from server.service_config import load_service_config
from snapsplat.cli import app
from snapsplat.client.errors import ServiceError
from tests.client.clients import ask, photos_in, saved_scene
from tests.server.loopback import FILES, refused
from tests.server.ray_door import RayDoor
from tests.server.sent import header_of
from tests.server.stand_in import painted

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[ray]'")
DOORS = ["plain", pytest.param("ray", marks=needs_ray)]


class Door(Protocol):
    address: str

    def close(self) -> None: ...


class PlainDoor:
    """A thread with a server."""

    def __init__(self, folder: Path):
        self.address = ""
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._folder = folder
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(20)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        config = replace(load_service_config(), folder=str(self._folder / "127.0.0.1" / "plain"))
        async with painted(config, "127.0.0.1:0") as server:
            self.address = f"127.0.0.1:{server.serving.port}"
            self._ready.set()
            await self._stop.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("results")
    opened: Door = (PlainDoor if request.param == "plain" else RayDoor)(folder)
    yield opened, folder
    opened.close()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return photos_in(tmp_path / "photos", side=700)


def submit(door: Any, photos: list[Path], out: Path, kind: Any = "aio", **options: Any) -> Any:
    return ask(kind, door[0].address, "submit", photos, out, **options)


async def failed(asking: Any, error: type[Exception] = ServiceError) -> tuple[str, str]:
    """Reason and field."""
    with pytest.raises(error) as found:
        await asking
    caught: Any = found.value
    return caught.reason, caught.field


@pytest.mark.parametrize("kind", ["aio", "sync"])
def test_a_scene_comes_back_whole(tmp_path: Path, door: Any, photos: list[Path], kind: Any):
    assert photos[0].stat().st_size > 2**19, "one chunk does not try much"
    saved_scene().save(tmp_path / "written")
    answer = asyncio.run(submit(door, photos, tmp_path / "out", kind))
    assert answer.summary.photos == 3
    assert (tmp_path / "out" / "scene.ply").read_bytes() == (tmp_path / "written" / "scene.ply").read_bytes()


def test_refusals_keep_their_reasons(tmp_path: Path, door: Any, photos: list[Path]):
    (tmp_path / "bad.jpg").write_bytes(b"no photo")

    async def main() -> None:
        out = tmp_path / "out"
        bad = [photos[0], tmp_path / "bad.jpg"]
        assert await failed(submit(door, bad, out), PhotoError) == ("PHOTO_UNUSABLE", "images[1].photo")
        assert await failed(submit(door, photos, out, size=5), ConfigError) == ("REQUEST_INVALID", "options.size_px")
        assert await failed(submit(door, photos, out, model="x"), ConfigError) == ("NAME_UNKNOWN", "options.model")
        await submit(door, photos, out, request_id="taken")
        again = submit(door, photos[1:], out, request_id="taken")
        assert await failed(again, ConfigError) == ("ID_TAKEN", "")

    asyncio.run(main())


def test_who_sends_the_same_request_joins_it_wherever_it_is(tmp_path: Path, door: Any, photos: list[Path]):
    async def main() -> None:
        asking = [
            asyncio.create_task(submit(door, photos, tmp_path / f"out-{i}", request_id="slow-joined")) for i in range(5)
        ]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in asking)
        (door[1] / "slow-joined").touch()
        await asyncio.gather(*asking)

    before = _results(door[1])
    asyncio.run(main())
    assert len(_results(door[1]) - before) == 1


def _results(folder: Path) -> set[Path]:
    """Of all replicas."""
    return {path for path in folder.glob("*/*/[!.]*") if path.is_dir()}


def test_cancelled_by_its_id_wherever_it_is(tmp_path: Path, door: Any, photos: list[Path]):
    address = door[0].address

    async def main() -> None:
        for i in range(3):
            name = f"slow-{i}"
            asking = asyncio.create_task(submit(door, photos, tmp_path / name, request_id=name))
            while not await _is_known(address, name):
                await asyncio.sleep(0.02)
            assert await ask("aio", address, "cancel", name)
            assert (await failed(asking))[0] == "CANCELLED"
            (door[1] / name).touch()
        assert (await failed(ask("aio", address, "cancel", "another")))[0] == "REQUEST_UNKNOWN"

    asyncio.run(main())


async def _is_known(address: str, request_id: str) -> bool:
    from server.pb import service_pb2

    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = service_pb2_grpc.SnapsplatServiceStub(channel)  # type: ignore[no-untyped-call]
        call = stub.GetResult(service_pb2.GetResultRequest(request_id=request_id))
        try:
            answer = await call.read()
            return answer is not grpc.aio.EOF and answer.HasField("event")
        except grpc.aio.AioRpcError:
            return False
        finally:
            call.cancel()


def test_a_scene_is_drawn_and_a_refusal_draws_nothing(tmp_path: Path, door: Any, photos: list[Path]):
    from snapsplat import AsyncClient

    cameras = saved_scene().cameras[[0, 1]]

    async def main() -> None:
        await submit(door, photos, tmp_path / "out", request_id="drawn")
        async with AsyncClient(door[0].address) as client:
            assert len([image async for image in client.render("drawn", cameras)]) == 2
            assert (await failed(anext(client.render("another", cameras))))[0] == "REQUEST_UNKNOWN"

    asyncio.run(main())


def test_models_and_plans(door: Any):
    listed = asyncio.run(ask("aio", door[0].address, "list_models"))
    assert [model.name for model in listed.models] == ["small", "big"]
    plan = asyncio.run(ask("sync", door[0].address, "plan", 4, (256, 192)))
    assert plan.seconds > 0


def test_who_asks_for_its_health_hears_the_standard_answer(door: Any):
    async def main() -> tuple[int, str]:
        async with grpc.aio.insecure_channel(door[0].address) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            found = await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE))
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await stub.Check(health_pb2.HealthCheckRequest(service="another"))
            return found.status, error.value.code().name

    assert asyncio.run(main()) == (health_pb2.HealthCheckResponse.SERVING, "NOT_FOUND")


def test_who_runs_out_of_time_is_told_so(tmp_path: Path, door: Any, photos: list[Path]):
    asking = submit(door, photos, tmp_path / "out", request_id="slow-late", timeout=1.0)
    with pytest.raises(ServiceError, match=r"deadline|not done in the time"):
        asyncio.run(asking)
    (door[1] / "slow-late").touch()


@needs_ray
@pytest.mark.parametrize("door", ["ray"], indirect=True)
def test_a_deadline_that_the_proxy_repeats_holds_in_the_replica(door: Any):
    async def main() -> tuple[str, str, str]:
        async with grpc.aio.insecure_channel(door[0].address) as channel:
            stub: Any = service_pb2_grpc.SnapsplatServiceStub(channel)  # type: ignore[no-untyped-call]
            # Nothing follows the header: without a deadline the upload's time would have to be up.
            call = stub.Reconstruct(timeout=20, metadata=[("snapsplat-timeout", "500m")])
            await call.write(request_pb2.ReconstructRequest(header=header_of(FILES, "timed")))
            return await refused(call)

    assert asyncio.run(main())[0] == "DEADLINE_EXCEEDED"


@needs_ray
@pytest.mark.parametrize("door", ["ray"], indirect=True)
def test_a_replica_that_dies_loses_no_request(tmp_path: Path, door: Any, photos: list[Path]):
    answer = asyncio.run(submit(door, photos, tmp_path / "out", request_id="die", timeout=60.0))
    assert answer.files == ("scene.ply",)
    assert (door[1] / "die").exists(), "no replica died"


@needs_ray
@pytest.mark.parametrize("door", ["ray"], indirect=True)
def test_sigterm_lets_what_has_begun_end_and_leaves_nothing(tmp_path: Path, door: Any, photos: list[Path]):
    # Last: it does not come back.
    opened, folder = door
    [of_host] = [path for path in folder.iterdir() if path.is_dir()]
    # Of the replica that died; those that live keep theirs.
    remove_left(of_host)
    assert list(of_host.iterdir())

    async def main() -> Any:
        asking = asyncio.create_task(submit(door, photos, tmp_path / "out", request_id="slow-last"))
        while not await _is_known(opened.address, "slow-last"):
            await asyncio.sleep(0.02)
        await asyncio.to_thread(opened.stop)
        (folder / "slow-last").touch()
        return await asking

    assert asyncio.run(main()).files == ("scene.ply",)
    assert opened.ended() == (0, [])
    assert not list(of_host.iterdir())


@needs_ray
# Of Ray's own, when it is imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Ray's gRPC port listens on all addresses of a node, and has no TLS"),
        (["--insecure", "--listen", "127.0.0.1:0"], "with --ray it is HOST:PORT"),
        (["--insecure", "ray.max_replicas=0"], "max_replicas is 0; it must be min_replicas, 1, or more"),
        (["--insecure", "security.tls={certificate:a,key:b}"], "TLS ends in the proxy before Ray"),
    ],
)
def test_what_cannot_be_on_ray_is_refused(options: list[str], sentence: str):
    result = CliRunner().invoke(app, ["serve", "--ray", *options])
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
