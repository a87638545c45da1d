"""Written as each tool writes it, then read: the same cameras, photos and depth, whatever the format."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from data_tools.captures.source import Captures
from recon.training.scenes import SceneSource, TrainingScene
from tests.data_tools.captures.folders import (
    small_room,
    write_cameras_capture,
    write_colmap_capture,
    write_transforms_capture,
)

WRITERS: dict[str, Callable[[Path], Path]] = {
    "cameras.json": lambda folder: write_cameras_capture(folder, small_room()),
    "transforms.json": lambda folder: write_transforms_capture(folder, small_room()),
    "text": lambda folder: write_colmap_capture(folder, small_room(), ending="txt"),
    "binary": lambda folder: write_colmap_capture(folder, small_room(), ending="bin"),
    "text in sparse": lambda folder: write_colmap_capture(folder, small_room(), ending="txt", below="sparse"),
    "binary beside": lambda folder: write_colmap_capture(folder, small_room(), ending="bin", below="."),
}


@pytest.fixture(params=WRITERS.values(), ids=WRITERS)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> TrainingScene:
    return Captures.at(request.param(tmp_path / "a room"))[0]


def test_cameras_come_back(scene: TrainingScene):
    truth = small_room().cameras
    torch.testing.assert_close(scene.cameras.K_px, truth.K_px, rtol=0, atol=1e-6)
    torch.testing.assert_close(scene.cameras.T_world_camera, truth.T_world_camera, rtol=0, atol=1e-6)
    assert torch.equal(scene.cameras.size_wh, truth.size_wh)


def test_photos_come_back_bit_for_bit(scene: TrainingScene):
    for photo, truth in zip(scene.photos, small_room().photos, strict=True):
        np.testing.assert_array_equal(photo, truth)


def test_a_scene_is_called_as_its_folder(scene: TrainingScene):
    assert scene.name == "a room"


def test_depth_comes_back_to_the_millimetre(tmp_path: Path):
    scene = Captures.at(WRITERS["cameras.json"](tmp_path))[0]
    assert scene.depth is not None
    for depth, truth in zip(scene.depth, small_room().depth, strict=True):
        np.testing.assert_allclose(depth, truth, atol=6e-4)


def test_photos_without_depth_have_none(tmp_path: Path):
    assert Captures.at(WRITERS["binary"](tmp_path))[0].depth is None


def test_photos_are_decoded_when_asked_for_and_not_before(tmp_path: Path):
    write_cameras_capture(tmp_path / "one", small_room())
    write_cameras_capture(tmp_path / "two", small_room())
    source: SceneSource = Captures.at(tmp_path)
    for photo in (tmp_path / "one" / "images").iterdir():
        photo.unlink()
    assert len(source) == 2
    assert source[1].name == "two"
    with pytest.raises(IndexError):
        source[2]


def test_reduced_photos_keep_their_rays(tmp_path: Path):
    whole = Captures.at(WRITERS["cameras.json"](tmp_path))[0]
    small = Captures.at(tmp_path, long_side=48)[0]
    assert small.photos[0].shape == (36, 48, 3)
    assert small.depth is not None
    assert small.depth[0].shape == (36, 48)
    torch.testing.assert_close(small.cameras.resized((96, 72)).K_px, whole.cameras.K_px)
    assert abs(small.photos[0].astype(float).mean() - whole.photos[0].astype(float).mean()) < 1
