"""Batches on a Ray cluster: the rows and files of any other, and no scene lost to a worker or a node that dies."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from recon.batch.messages import Refused
from render.errors import BackendError
from tests.recon.batch.captures import add_capture, add_captures
from tests.recon.batch.fake_engine import FakeEngine
from tests.recon.batch.fake_runs import Runs, entries_of, files_of
from tests.recon.batch.ray_runs import RayRuns

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install '.[ray]'")


@pytest.fixture(scope="module")
def ray_runs(marks: Path) -> Iterator[RayRuns]:
    started = RayRuns(marks)
    yield started
    started.close()


@needs_ray
def test_a_worker_killed_in_the_middle_loses_nothing_and_who_kills_its_own_costs_itself_alone(
    tmp_path: Path, runs: Runs, ray_runs: RayRuns
):
    captures = add_captures(tmp_path / "captures", 12)
    assert runs(captures, tmp_path / "undisturbed") == 0
    add_capture(captures / "deadly", names=["die.png", "z.png"])
    assert ray_runs(captures, tmp_path / "out", lose="worker", after=3, batch_seconds=0.001) == 1
    entries = entries_of(tmp_path / "out")
    deadly = entries.pop("deadly")
    assert deadly.error_kind == "WorkerDied"
    assert "the second time with this scene alone (its actor ended" in (deadly.error or "")
    assert {entry.state for entry in entries.values()} == {"done"}
    # Of two deaths, what the dead had: three packs of one at most.
    assert 1 <= sum(entry.attempt == 2 for entry in entries.values()) <= 6
    assert files_of(tmp_path / "out") == files_of(tmp_path / "undisturbed")


@needs_ray
@pytest.mark.parametrize("named", [True, False])
def test_the_command_finds_the_cluster(tmp_path: Path, ray_runs: RayRuns, named: bool):
    add_captures(tmp_path / "captures", 1)
    code = "from snapsplat.cli import main; main()"
    command = [sys.executable, "-c", code, "batch", "--dry-run", "-o", "out", "--ray"]
    environment = {**os.environ, "RAY_ADDRESS": "" if named else ray_runs.address}
    command += [ray_runs.address] if named else []
    done = subprocess.run([*command, "captures"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "with 2 workers on cpu, 1 threads" in done.stdout, done.stderr


@needs_ray
def test_a_node_that_dies_loses_nothing(tmp_path: Path, ray_runs: RayRuns):
    captures = add_captures(tmp_path / "captures", 20)
    # Last: the node does not come back.
    assert ray_runs(captures, tmp_path / "out", lose="node", after=5, batch_seconds=0.001) == 0
    assert {entry.state for entry in entries_of(tmp_path / "out").values()} == {"done"}


@needs_ray
def test_a_worker_that_does_not_see_out_says_so(tmp_path: Path):
    from recon.batch.ray_fleet import _Hand

    [told] = _Hand(FakeEngine, "cpu", None, (), tmp_path / "elsewhere" / "staging").messages()
    assert isinstance(told, Refused)
    assert "are to be on a file system that all nodes see at the same path" in str(told.error)


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "recon.batch.ray_fleet", raising=False)
    with pytest.raises(BackendError, match=r"--ray needs Ray, which is not installed .*: pip install '.\[ray\]'"):
        __import__("recon.batch.ray_fleet")
