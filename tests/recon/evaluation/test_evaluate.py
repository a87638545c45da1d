"""Photos that were left out are predicted, and what is wrong with cameras or depth shows."""

from dataclasses import replace

import numpy as np
import pytest

from data_tools.room import room
from recon.config import load_config
from recon.engine import Engine
from recon.evaluation.evaluate import Scores, evaluate_scene
from recon.training.scenes import TrainingScene


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_config(["network=classical"]).network, "cpu")


@pytest.fixture(scope="module")
def scene() -> TrainingScene:
    true = room(4, (256, 192), 220.0)
    depth = tuple(z.astype(np.float32) for z in true.depth)
    return TrainingScene("corner", tuple(true.photos), true.cameras, depth, metric=True)


def test_a_photo_between_others_is_predicted(engine: Engine, scene: TrainingScene) -> None:
    found = evaluate_scene(engine, scene, [0, 1, 3], [2], 128)
    assert isinstance(found, Scores)
    assert found.psnr > 17
    assert found.ssim > 0.5
    assert found.coverage > 0.95
    assert found.depth is not None
    assert found.depth.absrel < 0.1


def test_a_target_of_another_place_scores_worse(engine: Engine, scene: TrainingScene) -> None:
    wrong = replace(scene, photos=(*scene.photos[:2], scene.photos[2][:, ::-1].copy(), scene.photos[3]))
    right, worse = (evaluate_scene(engine, s, [0, 1, 3], [2], 128) for s in (scene, wrong))
    assert isinstance(right, Scores)
    assert isinstance(worse, Scores)
    assert worse.psnr < right.psnr - 3


def test_depth_is_scored_only_where_it_is_known(engine: Engine, scene: TrainingScene) -> None:
    found = evaluate_scene(engine, replace(scene, depth=None), [0, 1], [2], 128)
    assert isinstance(found, Scores)
    assert found.depth is None
