"""Scenes on disk come back as they were."""

from pathlib import Path

import numpy as np
import pytest
import torch

from data_tools.captures.find import read_capture
from data_tools.captures.load import load_scene
from data_tools.room import room
from data_tools.rooms import write
from data_tools.rooms.write import write_scenes
from recon.training.scenes import TrainingScene
from render.errors import OutputError


class TwoRooms:
    """A source that counts how often it is asked."""

    def __init__(self):
        self.asked: list[int] = []

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> TrainingScene:
        self.asked.append(index)
        made = room(3, (48, 32), 40.0, seed=index)
        depth = [view.astype(np.float32) for view in made.depth]
        depth[0][:4] = np.inf
        return TrainingScene(str(index), tuple(made.photos), made.cameras, tuple(depth))


def test_written_scenes_are_captures_that_read_back(tmp_path: Path):
    folders = list(write_scenes(tmp_path / "new" / "out", TwoRooms(), 2))
    assert [folder.name for folder in folders] == ["000000", "000001"]
    for index, folder in enumerate(folders):
        wanted, got = TwoRooms()[index], load_scene(read_capture(folder), 48)
        for mine, theirs in zip(
            (*wanted.photos, *(wanted.depth or ())), (*got.photos, *(got.depth or ())), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)
        torch.testing.assert_close(wanted.cameras.T_world_camera, got.cameras.T_world_camera, rtol=0, atol=1e-12)
        assert (wanted.cameras.K_px == got.cameras.K_px).all()
        assert wanted.metric == got.metric
    assert sorted(path.name for path in folders[0].parent.iterdir()) == ["000000", "000001"]


def test_what_is_there_is_not_made_again(tmp_path: Path):
    list(write_scenes(tmp_path, TwoRooms(), 1))
    source = TwoRooms()
    list(write_scenes(tmp_path, source, 2))
    assert source.asked == [1]


def test_a_scene_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        list(write_scenes(tmp_path / "out", TwoRooms(), 1))

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "write_cameras_json", stopped)
    with pytest.raises(KeyboardInterrupt):
        list(write_scenes(tmp_path / "other", TwoRooms(), 1))
    assert list((tmp_path / "other").iterdir()) == []
