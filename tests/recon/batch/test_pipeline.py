"""What happens to scenes on their way through a device, without processes."""

import shutil
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from recon.batch.messages import Message, PackEnded, PackOrder, SceneFailed, SceneMade, SceneOrder
from recon.batch.pipeline import Pipeline
from recon.batch.places import look_at
from recon.device_memory import PeakMemory
from recon.network.splat_network import NetworkConfig
from recon.views import Views
from render.errors import ReconstructionError, SnapsplatError
from tests.recon.batch.captures import add_capture
from tests.recon.batch.fake_engine import FakeEngine
from tests.recon.batch.fake_runs import KINDS, full_disk


def through(
    tmp_path: Path, words: list[str], meanwhile: Callable[[], object] = lambda: None, url: str = "", packs: int = 1
) -> tuple[list[Message], FakeEngine]:
    """A pack of scenes whose first photos are called so; of several, all are the same."""
    engine = FakeEngine(NetworkConfig(), "cpu")
    orders = []
    for i, word in enumerate(words):
        folder = add_capture(tmp_path / f"{i}", i, (f"{word}.png", "z.png"))
        photos = tuple(look_at(f"{url}{file}") for file in sorted(folder.iterdir()))
        orders.append(SceneOrder(f"{i}", photos, None, 64, tmp_path / f"staged-{i}"))
    meanwhile()
    told: list[Message] = []
    pipeline = Pipeline(lambda _network, _device: engine, "cpu", PeakMemory(torch.device("cpu")), KINDS, told.append)
    for number in range(packs):
        pipeline.submit(PackOrder(number, NetworkConfig(), 0, tuple(orders)))
    pipeline.submit(None)
    pipeline.run()
    return told, engine


def failures(told: list[Message]) -> dict[str, str]:
    return {message.id: message.sentence for message in told if isinstance(message, SceneFailed)}


def test_a_pack_runs_together_and_every_file_has_its_checksum(tmp_path: Path):
    told, engine = through(tmp_path, ["a", "b", "c"], packs=2)
    assert engine.packs == [3, 3]
    made = [message for message in told if isinstance(message, SceneMade)]
    assert [message.id for message in made] == ["0", "1", "2"] * 2
    assert all("scene.ply" in message.outputs and len(message.sha256) == 2 for message in made)
    # The first one loads, which says nothing of what others cost.
    assert [message.ran for message in told if isinstance(message, PackEnded)] == [0, 3]


def test_a_file_that_vanishes_costs_its_scene_alone(tmp_path: Path):
    told, engine = through(tmp_path, ["a", "b"], lambda: (tmp_path / "0" / "z.png").unlink())
    assert failures(told) == {"0": f"{tmp_path / '0' / 'z.png'} cannot be read (No such file or directory)."}
    assert engine.packs == [1]


def test_a_full_disk_leaves_nothing_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("recon.outputs.write_ply", full_disk("staged-1", lambda path, _: path.touch()))
    told, _ = through(tmp_path, ["a", "b"])
    assert failures(told).keys() == {"1"}
    assert "No space left on device" in failures(told)["1"]
    assert not (tmp_path / "staged-1").exists()
    assert (tmp_path / "staged-0").exists()


def test_a_pack_that_is_too_large_is_halved(tmp_path: Path):
    told, engine = through(tmp_path, ["a", "crowded", "c", "d"])
    assert failures(told) == {}
    assert engine.packs == [4, 2, 1, 1, 2]
    assert isinstance(told[-1], PackEnded)
    assert told[-1].ran_out
    assert told[-1].ran == 0


def test_a_mistake_is_told_with_where_it_was(tmp_path: Path):
    told, _ = through(tmp_path, ["a", "bug", "c"])
    (failed,) = [message for message in told if isinstance(message, SceneFailed)]
    assert (failed.id, failed.kind) == ("1", "Bug")
    assert "fake_engine.py" in failed.trace


def test_what_failed_keeps_nothing_of_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kept: list[weakref.ref[torch.Tensor]] = []
    alive: list[bool] = []

    def fails(_self: FakeEngine, scenes: Sequence[Views], _seed: int) -> list[SnapsplatError]:
        alive.extend(tensor() is not None for tensor in kept)
        tensor = torch.zeros(1)
        kept.append(weakref.ref(tensor))
        if scenes[0].names[0] == "apart.png":
            raise ReconstructionError("No two photos show the same.")
        try:
            raise ReconstructionError("No two photos show the same.")
        except ReconstructionError as error:
            return [error]

    # Nothing is written, so all answers wait.
    monkeypatch.setattr(FakeEngine, "reconstruct", fails)
    monkeypatch.setattr(Pipeline, "_writing", lambda _: None)
    monkeypatch.setattr("recon.batch.pipeline.AHEAD", 8)
    through(tmp_path, ["apart"], packs=2)
    through(tmp_path / "more", ["a"], packs=2)
    assert alive
    assert not any(alive)


def test_a_lost_device_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def lost(*_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(FakeEngine, "reconstruct", lost)
    with pytest.raises(RuntimeError, match="CUDA error"):
        through(tmp_path, ["a"])


def test_photos_behind_a_url_make_the_same_scene(tmp_path: Path):
    told, _ = through(tmp_path, ["a"])
    shutil.rmtree(tmp_path / "0")
    shutil.rmtree(tmp_path / "staged-0")
    remote, _ = through(tmp_path, ["a"], url="file://")
    made, again = told[0], remote[0]
    assert isinstance(made, SceneMade)
    assert isinstance(again, SceneMade)
    assert made.sha256 == again.sha256
    assert made.outputs["scene.ply"] == again.outputs["scene.ply"]
