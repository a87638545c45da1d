"""What Ray Serve is told, and what a replica does where others fail; `test_both_doors.py` asks real ones."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from render.errors import ConfigError
from server.pb import service_pb2

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[ray]'"),
    # Of Ray's own, when it is imported.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Other:
    """In the place of a carrier: nobody is there."""

    closed: tuple[str, ...] = ()

    def __init__(self, address: str):
        self._address = address

    async def one(self, *_: object) -> bytes:
        raise grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata())

    async def close(self) -> None:
        Other.closed = (*Other.closed, self._address)


class Directory:
    """In the place of Ray's handle for one, which has every request at one address."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.find = SimpleNamespace(remote=self._find)
        self.forget = SimpleNamespace(remote=self._forget)

    async def _find(self, _id: str) -> str:
        return "other:1"

    async def _forget(self, address: str) -> None:
        self.forgotten.append(address)


class Context:
    """In the place of Ray's."""

    code: Any = None

    def invocation_metadata(self) -> list[tuple[str, str]]:
        return []

    def set_code(self, code: Any) -> None:
        self.code = code

    def set_details(self, _details: str) -> None: ...

    def set_trailing_metadata(self, _metadata: Any) -> None: ...


@contextlib.asynccontextmanager
async def start(*_: object) -> AsyncIterator[Any]:
    yield SimpleNamespace(serving=SimpleNamespace(port=1))


@contextlib.asynccontextmanager
async def fail(*_: object) -> AsyncIterator[Any]:
    raise ConfigError("It cannot.")
    yield


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A replica, not yet begun, which Python itself does not end."""
    from server import ray_serve

    context = SimpleNamespace(replica_id=SimpleNamespace(unique_id="a"))
    monkeypatch.setattr(ray_serve.ray.util, "get_node_ip_address", lambda: "own")
    monkeypatch.setattr(ray_serve.serve, "get_replica_context", lambda: context)
    monkeypatch.setattr(ray_serve, "Carrier", Other)
    monkeypatch.setattr(Other, "closed", ())
    return type("Made", (ray_serve.Replica,), {"__del__": lambda _: None}), ray_serve.Replica.__del__


def test_one_that_did_not_come_up_has_nothing_to_end(made: Any):
    kind, end = made

    async def main() -> None:
        replica = kind.__new__(kind)
        with pytest.raises(ConfigError, match="It cannot"):
            await replica.__init__(Directory(), (), fail)
        await end(replica)

    asyncio.run(main())


def test_a_replica_that_is_gone_is_forgotten_and_nothing_stays_of_it(made: Any):
    kind, end = made
    directory, context = Directory(), Context()

    async def main() -> None:
        replica = kind.__new__(kind)
        await replica.__init__(directory, (), start)
        await replica.CancelRequest(service_pb2.CancelRequestRequest(request_id="x"), context)
        assert (context.code, directory.forgotten) == (grpc.StatusCode.UNAVAILABLE, ["other:1"])
        assert Other.closed == ("other:1",)
        await end(replica)
        assert directory.forgotten == ["other:1", "own:1"]
        assert Other.closed == ("other:1", "own:1")

    asyncio.run(main())


def test_a_directory_that_is_gone_holds_up_no_replica(made: Any, monkeypatch: pytest.MonkeyPatch):
    kind, end = made
    monkeypatch.setattr("server.ray_serve.PARTING_SECONDS", 0.01)

    async def main() -> None:
        replica, directory = kind.__new__(kind), Directory()
        directory.forget.remote = lambda _: asyncio.Event().wait()
        await replica.__init__(directory, (), start)
        await asyncio.wait_for(end(replica), 10)
        assert Other.closed == ("own:1",)

    asyncio.run(main())


@pytest.mark.parametrize(("requests", "wanted"), [(8, 1), (16, 2), (30, 4)])
def test_replicas_follow_the_queue(requests: int, wanted: int):
    from ray.serve.autoscaling_policy import replica_queue_length_autoscaling_policy
    from ray.serve.config import AutoscalingContext

    from server.ray_serve import ONGOING, application

    options = ["folder=/kept", "ray.min_replicas=1", "ray.max_replicas=4", "ray.target_requests=8", "ray.cpus=2"]
    deployed: Any = application({"options": options})._bound_deployment
    scaling = deployed._deployment_config.autoscaling_config
    assert (scaling.min_replicas, scaling.max_replicas) == (1, 4)
    # Calls beyond what a replica may have would wait at the door, uncounted.
    assert deployed.max_ongoing_requests == ONGOING
    assert deployed.ray_actor_options["num_cpus"] == 2
    unsaid: dict[str, Any] = dict.fromkeys(AutoscalingContext.__init__.__annotations__)
    unsaid.pop("return", None)
    context = AutoscalingContext(
        **{**unsaid, "current_num_replicas": 1, "total_num_requests": requests, "policy_state": {}, "config": scaling}
    )
    many, _ = replica_queue_length_autoscaling_policy(context)
    assert math.ceil(many) == wanted


def test_what_has_begun_ends_before_serve_does(monkeypatch: pytest.MonkeyPatch):
    from server import ray_serve

    done: list[str] = []
    there = [{"snapsplat"}, {"snapsplat"}, set()]
    monkeypatch.setattr(ray_serve, "LOOK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(ray_serve.serve, "delete", lambda name, _blocking: done.append(f"delete {name}"))
    monkeypatch.setattr(ray_serve.serve, "status", lambda: SimpleNamespace(applications=there.pop(0)))
    monkeypatch.setattr(ray_serve.serve, "shutdown", lambda: done.append(f"shutdown, {len(there)} left"))
    ray_serve._end_serve(60.0)
    assert done == ["delete snapsplat", "shutdown, 0 left"]
