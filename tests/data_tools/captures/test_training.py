"""Captures as scenes to train on: held-out photos stay out, and what cannot be trained on is refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from data_tools.captures.cut import cut_to
from data_tools.captures.training import captures_to_train_on, held_out
from data_tools.room import room
from recon.training.scenes import SceneSource, TrainingScene
from render.errors import InputError
from tests.data_tools.captures.folders import SIZE_WH, small_room, write_cameras_capture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two captures; the second has no depth."""
    folder = tmp_path_factory.mktemp("captures")
    write_cameras_capture(folder / "a", small_room(9))
    write_cameras_capture(folder / "b", small_room(6), depth=False)
    return folder


def shown(scene: TrainingScene) -> set[bytes]:
    return {photo.tobytes() for photo in scene.photos}


def test_no_photo_held_out_is_ever_trained_on(folder: Path) -> None:
    train, validation = captures_to_train_on(folder, 6, 4, 96, needs_depth=False)
    assert isinstance(train, SceneSource)
    assert len(validation) == 2
    asked = [validation[i] for i in range(2)]
    assert [scene.name for scene in asked] == ["a", "b"]
    hidden = {scene.photos[v].tobytes() for scene in asked for v in scene.held_out}
    assert len(hidden) == 2
    for i in range(6):
        scene = train[i]
        assert scene.name == "ab"[i % 2]
        assert scene.held_out == ()
        assert 4 <= len(scene.photos) <= 6
        assert not shown(scene) & hidden
    # Photos around those held out are free to see.
    assert all(len(scene.held_out) == 1 and len(scene.photos) >= 5 for scene in asked)


def test_the_same_number_gives_the_same_scene_and_others_differ(folder: Path) -> None:
    one, same = (captures_to_train_on(folder / "a", 5, 4, 96, needs_depth=False)[0] for _ in range(2))
    assert [photo.tobytes() for photo in one[3].photos] == [photo.tobytes() for photo in same[3].photos]
    assert len({frozenset(shown(one[i])) for i in range(8)}) > 1


def test_held_out_photos_come_from_the_middle_one_in_eight() -> None:
    assert [*held_out(5)] == [2]
    assert [*held_out(8)] == [4]
    assert [*held_out(30)] == [4, 12, 20, 28]


def test_depth_is_asked_for_where_it_is_needed(folder: Path) -> None:
    train, _ = captures_to_train_on(folder / "a", 4, 4, 96, needs_depth=True)
    assert train[0].depth is not None
    with pytest.raises(InputError, match="b has no depth, and this stage learns from true depth; stage=judge needs"):
        captures_to_train_on(folder, 4, 4, 96, needs_depth=True)


def test_too_few_photos_are_refused(folder: Path, tmp_path: Path) -> None:
    write_cameras_capture(tmp_path / "few", small_room(4), depth=False)
    with pytest.raises(InputError, match="few has 4 photos with cameras; at least 5 are needed"):
        captures_to_train_on(tmp_path, 10, 4, 96, needs_depth=False)
    assert len(captures_to_train_on(folder / "b", 10, 4, 96, needs_depth=False)[0]) > 1000


def test_photos_that_look_elsewhere_are_refused_when_they_are_asked_for(tmp_path: Path) -> None:
    write_cameras_capture(tmp_path / "apart", small_room(6), depth=False)
    file = tmp_path / "apart" / "cameras.json"
    content = json.loads(file.read_text())
    for row in content["cameras"][::2]:
        turned = np.array(row["camera_to_world"]) @ np.diag([-1.0, 1.0, -1.0, 1.0])
        row["camera_to_world"] = turned.tolist()
    file.write_text(json.dumps(content))
    train, _ = captures_to_train_on(tmp_path, 6, 4, 96, needs_depth=False)
    with pytest.raises(InputError, match="apart: no 4 of the 5 photos to train on overlap enough"):
        train[0]


def test_photos_of_another_shape_are_cut_and_their_cameras_with_them(tmp_path: Path) -> None:
    true = small_room()
    write_cameras_capture(tmp_path, true)
    with Image.open(tmp_path / "images" / "photo 0.png") as photo:
        assert photo.size == SIZE_WH
    scene = TrainingScene("room", tuple(true.photos), true.cameras, tuple(z.astype(np.float32) for z in true.depth))
    assert cut_to(scene, SIZE_WH).photos[0].tobytes() == true.photos[0].tobytes()
    cut = cut_to(scene, (48, 48))
    # The same room, photographed so.
    K_px = true.cameras.K_px[0] * torch.tensor([[48 / 72], [48 / 72], [1.0]])
    K_px[:2, 2] = 24
    assert torch.allclose(cut.cameras.K_px, K_px)
    small = room(5, (48, 48), 82.0 * 48 / 72)
    assert cut.depth is not None
    assert np.median(np.abs(cut.depth[2] / small.depth[2] - 1)) < 0.02
    assert np.abs(cut.photos[2].astype(float) - small.photos[2]).mean() < 12
