"""Batches on a Ray cluster: the rows and files of any other, and no scene lost to a worker or a node that dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from recon.batch.config import BatchConfig
from recon.batch.messages import PackOrder, Refused, SceneOrder
from recon.batch.places import InputFile
from recon.network.depth.stage import DepthConfig
from recon.network.fuse import FuseConfig
from recon.network.splat_network import NetworkConfig
from render.errors import BackendError
from tests.recon.batch.captures import add_capture, add_captures
from tests.recon.batch.fake_engine import FakeEngine
from tests.recon.batch.fake_runs import Runs, entries_of, files_of
from tests.recon.batch.ray_runs import RayRuns

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[ray]'")


@pytest.fixture(scope="module")
def ray_runs(marks: Path) -> Iterator[RayRuns]:
    started = RayRuns(marks)
    yield started
    started.close()


@needs_ray
def test_the_command_finds_the_cluster(tmp_path: Path, ray_runs: RayRuns):
    add_captures(tmp_path / "captures", 1)
    code = "from snapsplat.cli import main; main()"
    command = [sys.executable, "-c", code, "batch", "--dry-run", "-o", "out", "--ray", "captures"]
    environment = {**os.environ, "RAY_ADDRESS": ray_runs.address}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "with 2 workers on cpu, 1 threads" in done.stdout, done.stderr


@needs_ray
def test_nodes_that_do_not_answer_end_the_run_in_a_sentence(tmp_path: Path, ray_runs: RayRuns):
    refusal = ray_runs(add_captures(tmp_path / "captures", 1), tmp_path / "out", look_seconds=0.0)
    assert refusal.startswith("2 of 2 nodes of the Ray cluster did not say within 0 s what they have: ")


@needs_ray
def test_a_worker_and_a_node_that_die_lose_nothing_and_who_kills_its_own_costs_itself_alone(
    tmp_path: Path, runs: Runs, ray_runs: RayRuns
):
    captures = add_captures(tmp_path / "captures", 20)
    assert runs(captures, tmp_path / "undisturbed") == 0
    add_capture(captures / "deadly", names=["die.png", "z.png"])
    # Last: the node does not come back.
    lose = {"worker": 3, "node": 10}
    assert ray_runs(captures, tmp_path / "out", lose=lose, batch_seconds=0.001) == "1"
    entries = entries_of(tmp_path / "out")
    deadly = entries.pop("deadly")
    assert deadly.error_kind == "WorkerDied"
    assert "the second time with this scene alone (its actor ended" in (deadly.error or "")
    assert {entry.state for entry in entries.values()} == {"done"}
    # Of three deaths, what the dead had: three packs of one at most.
    assert 1 <= sum(entry.attempt == 2 for entry in entries.values()) <= 9
    assert files_of(tmp_path / "out") == files_of(tmp_path / "undisturbed")


@needs_ray
# Of Ray's own, when it is imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_address_is_rays_to_find_and_sigterm_the_commands(monkeypatch: pytest.MonkeyPatch):
    from recon.batch import ray_fleet

    begun: list[str | None] = []

    def init(address: str | None, **_: object) -> None:
        begun.append(address)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(15))
        if address == "nowhere:1":
            raise ConnectionError("nobody is there")

    monkeypatch.setattr(ray_fleet.ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray_fleet.ray, "init", init)
    monkeypatch.setattr(ray_fleet.ray, "shutdown", lambda: begun.append("shutdown"))
    monkeypatch.setattr(ray_fleet, "RayFleet", lambda *_: None)
    before = signal.getsignal(signal.SIGTERM)
    try:
        for address in ("10.0.0.1:6379", None):
            with ray_fleet.ray_fleet(address, BatchConfig()):
                assert signal.getsignal(signal.SIGTERM) is before
        with pytest.raises(BackendError, match="is to be had at nowhere:1: nobody"):
            ray_fleet.ray_fleet("nowhere:1", BatchConfig()).__enter__()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert begun == ["10.0.0.1:6379", "shutdown", None, "shutdown", "nowhere:1"]


@needs_ray
def test_orders_mean_the_same_wherever_a_worker_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from recon.batch.ray_fleet import _anywhere

    monkeypatch.chdir(tmp_path)
    network = NetworkConfig(
        depth=DepthConfig(corrector_weights="released"), fuse=FuseConfig(judge_weights="own/a.safetensors")
    )
    photos = (InputFile("a.png", 1, ""), InputFile("s3://a/b.png", 1, ""), InputFile("/c.png", 1, ""))
    scene = SceneOrder("a", photos, InputFile("cameras.json", 1, ""), 64, Path("out/.staging/0-a"))
    order = _anywhere(PackOrder(0, network, 0, (scene,)))
    assert order.network.depth.corrector_weights == "released"
    assert order.network.fuse.judge_weights == str(tmp_path / "own" / "a.safetensors")
    [sent] = order.scenes
    assert [photo.place for photo in sent.photos] == [str(tmp_path / "a.png"), "s3://a/b.png", "/c.png"]
    assert sent.cameras == InputFile(str(tmp_path / "cameras.json"), 1, "")
    assert sent.staged == tmp_path / "out" / ".staging" / "0-a"
    assert _anywhere(PackOrder(0, NetworkConfig(), 0, ())).network == NetworkConfig()


@needs_ray
def test_a_worker_that_does_not_see_out_says_so(tmp_path: Path):
    from recon.batch.ray_fleet import _Hand

    [told] = _Hand(FakeEngine, "cpu", None, (), tmp_path / "elsewhere" / "staging").messages()
    assert isinstance(told, Refused)
    assert "are to be on a file system that all nodes see at the same path" in str(told.error)


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "recon.batch.ray_fleet", raising=False)
    with pytest.raises(BackendError, match=r"--ray needs Ray, which is not installed .*: pip install -e '.\[ray\]'"):
        __import__("recon.batch.ray_fleet")
