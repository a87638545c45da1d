"""Scenes as training gets them: the same number gives the same scene, here and in another process."""

import multiprocessing

import numpy as np
import pytest

from data_tools.rooms import source
from data_tools.rooms.source import LENGTHS, RoomsSource, random_size
from recon.training.scenes import TrainingScene
from tests.data_tools.rooms.gl_scenes import renderer

pytestmark = pytest.mark.usefixtures("no_models")
SMALL = (96, 64)


@pytest.fixture(autouse=True)
def _opengl():
    renderer()


def assert_equal(a: TrainingScene, b: TrainingScene) -> None:
    assert a.name == b.name
    assert (a.cameras.T_world_camera == b.cameras.T_world_camera).all()
    assert (a.cameras.K_px == b.cameras.K_px).all()
    assert a.depth is not None
    assert b.depth is not None
    for mine, theirs in zip((*a.photos, *a.depth), (*b.photos, *b.depth), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_scene_has_photos_cameras_and_depth_of_one_size():
    scene = RoomsSource("train", 3, SMALL)[0]
    assert [photo.shape for photo in scene.photos] == [(64, 96, 3)] * 3
    assert scene.cameras.size_wh.tolist() == [[96, 64]] * 3
    assert scene.metric
    assert scene.depth is not None
    for depth, photo in zip(scene.depth, scene.photos, strict=True):
        assert depth.shape == photo.shape[:2]
        assert (depth > 0.04).all()
        assert photo.dtype == np.uint8
        assert photo.std() > 1


def test_numbers_and_splits_and_seeds_are_different_scenes():
    scenes = [RoomsSource("train", 1, SMALL)[0], RoomsSource("train", 1, SMALL)[1],
              RoomsSource("validation", 1, SMALL)[0], RoomsSource("train", 1, SMALL, seed=1)[0]]  # fmt: skip
    assert len({scene.photos[0].tobytes() for scene in scenes}) == 4
    assert len({scene.name for scene in scenes}) == 4


def test_the_same_number_gives_the_same_scene_also_in_a_worker():
    scenes = RoomsSource("train", 2, SMALL, seed=3)
    here = scenes[5]
    scenes[6]
    assert_equal(here, scenes[5])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert_equal(here, pool.apply(scenes.__getitem__, (5,)))


def test_sizes_differ():
    rng = np.random.default_rng(0)
    sizes = {random_size(rng) for _ in range(100)}
    assert {max(size) for size in sizes} == {384}
    assert any(w > h for w, h in sizes)
    assert any(w < h for w, h in sizes)


def test_there_is_an_end():
    source = RoomsSource("validation", 1, SMALL)
    assert len(source) == LENGTHS["validation"]
    with pytest.raises(IndexError, match="1000"):
        source[1000]


def test_what_is_cut_out_stands_before_black_and_the_depth_there_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = RoomsSource("train", 3, SMALL, layout="table")[0]
    monkeypatch.setattr(source, "CUT_OUT", 1.0)
    cut = RoomsSource("train", 3, SMALL, layout="table")[0]
    assert whole.depth is not None
    assert cut.depth is not None
    shares = []
    for photo, depth, before in zip(cut.photos, cut.depth, whole.depth, strict=True):
        kept = depth > 0
        np.testing.assert_array_equal(depth[kept], before[kept])
        assert photo[~kept].mean() < 12 < photo[kept].mean()
        shares.append(kept.mean())
    assert 0.15 < np.mean(shares) < 0.6
