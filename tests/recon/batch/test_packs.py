"""Who runs with whom, and how many at a time."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from recon.batch.packs import Pack, Packs
from recon.batch.places import InputFile
from recon.batch.scene import Scene
from recon.batch.scene_options import RunOptions
from recon.batch.share import Share
from recon.batch.survey import Inputs
from recon.batch.todo import Todo
from recon.cost import Load, Measured
from render.errors import ConfigError


@dataclass
class Costs:
    """A second and a byte a photo, and some seconds a pack."""

    pack_seconds: float = 0.0

    def model(self, _name: str) -> "Costs":
        return self

    def learn(self, _name: str, _measured: Measured) -> None:
        return

    def save(self) -> None:
        return

    def seconds(self, load: Load) -> float:
        return self.pack_seconds + load.photos * load.scenes

    def peak_bytes(self, load: Load) -> int:
        return load.photos * load.scenes


def todo(id: str, photos: int = 2, grid_wh: tuple[int, int] = (96, 64), seed: int = 0) -> Todo:
    files = tuple(InputFile(f"{i}.png", 1, "") for i in range(photos))
    return Todo(Scene(id, ("x",), None, RunOptions().scene(seed=seed)), Inputs(files, None), grid_wh, 0)


def cut(packs: Packs) -> list[list[str]]:
    found = []
    while pack := packs.next():
        found.append([one.scene.id for one in pack.scenes])
    return found


def test_scenes_of_one_shape_and_seed_run_together_the_dearest_first():
    every = [todo("a"), todo("b", 3), todo("c", grid_wh=(64, 96)), todo("d", seed=1), todo("e"), todo("f", 3)]
    assert cut(Packs(every, Costs(), 100.0, 100)) == [["b", "f"], ["a", "e"], ["c"], ["d"]]


@pytest.mark.parametrize(("seconds", "most_bytes"), [(4.0, 100), (100.0, 4)])
def test_a_pack_keeps_to_its_seconds_and_its_memory(seconds: float, most_bytes: int):
    assert cut(Packs([todo(id) for id in "abcde"], Costs(), seconds, most_bytes)) == [["a", "b"], ["c", "d"], ["e"]]


@pytest.mark.parametrize("pack_seconds", [0.0, 10.0])
def test_several_workers_come_to_the_end_together(pack_seconds: float):
    packs = Packs([todo(id) for id in "abcdefghijklmnop"], Costs(pack_seconds), 100.0, 100, workers=2)
    assert [len(pack) for pack in cut(packs)] == [4, 3, 2, 1, 1, 1, 1, 1, 1, 1]


def test_a_scene_that_is_too_large_goes_alone():
    assert cut(Packs([todo("a"), todo("b")], Costs(), 0.1, 1)) == [["a"], ["b"]]


def test_memory_that_ran_out_is_not_asked_for_again():
    packs = Packs([todo(id) for id in "abcdefgh"], Costs(), 100.0, 8)
    first = packs.next()
    assert isinstance(first, Pack)
    assert len(first.scenes) == 4
    packs.ran_out(first)
    assert cut(packs) == [["e", "f"], ["g", "h"]]


def test_shards_share_the_ids_among_them():
    ids = [f"scene-{i}" for i in range(200)]
    parts = [[id for id in ids if Share(index, 7).has(id)] for index in range(7)]
    assert sorted(id for part in parts for id in part) == sorted(ids)
    assert min(map(len, parts)) > 10
    assert Share.parse("3/7") == Share(3, 7)
    assert Share(3, 7).ledger(Path("out")).name == "ledger.3of7.sqlite"


@pytest.mark.parametrize("text", ["7/7", "1", "-1/2", "0/0", "a/b", ""])
def test_a_shard_that_cannot_be_is_refused(text: str):
    with pytest.raises(ConfigError, match="I from 0 to N - 1 is expected"):
        Share.parse(text)
