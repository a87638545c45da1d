"""Facts of a scene: measured against a room of which everything is known."""

from dataclasses import replace

import numpy as np
import pytest

from data_tools.inspection.facts import SceneFacts, describe
from recon.training.scenes import TrainingScene
from tests.recon.posed_scene import SIZE_WH, arc, moved, posed_scene, room_scene


def facts_of(scene: TrainingScene) -> SceneFacts:
    return describe(scene, [SIZE_WH] * len(scene.photos))


def test_angles_of_view_and_focal_lengths_are_those_of_the_files():
    facts = describe(room_scene(6), [(640, 480)] * 6)
    assert facts.focal_px == pytest.approx((550, 550, 550))
    expected = np.rad2deg(2 * np.arctan([32 / 55, 24 / 55]))
    assert facts.view_degrees_wh == pytest.approx(tuple(expected))


def test_neighbours_are_the_next_on_the_arc():
    facts = facts_of(posed_scene(arc(7, 60.0, radius=4.0)))
    assert facts.neighbour_degrees == pytest.approx(10.0)
    assert facts.neighbour_baseline == pytest.approx(2 * 4 * np.sin(np.deg2rad(5)))
    assert len(facts.overlaps) == 7
    assert 0.5 < min(facts.overlaps) <= max(facts.overlaps) < 1


def test_depth_is_that_of_the_room():
    scene = room_scene(6)
    assert scene.depth is not None
    facts = facts_of(scene)
    assert facts.depth is not None
    every = np.concatenate([depth.ravel() for depth in scene.depth])
    assert facts.depth.range == pytest.approx(tuple(np.percentile(every, (5, 50, 95))), rel=1e-5)
    assert facts.depth.known == 1


def test_sky_is_known_and_has_no_part_in_the_range():
    scene = room_scene(6)
    assert scene.depth is not None
    depth = [d.copy() for d in scene.depth]
    depth[0][:12] = np.inf
    depth[1][:24] = 0
    facts = facts_of(replace(scene, depth=tuple(depth)))
    assert facts.depth is not None
    assert facts.depth.known == pytest.approx(1 - 0.5 / 6)
    assert facts.depth.range[2] < 20


def test_angles_stay_and_lengths_grow_with_the_world():
    scene, grown = facts_of(room_scene(6)), facts_of(moved(room_scene(6), np.eye(4), 4.0))
    assert grown.neighbour_degrees == pytest.approx(scene.neighbour_degrees)
    assert grown.neighbour_baseline == pytest.approx(4 * scene.neighbour_baseline)
    assert grown.guessed_range == pytest.approx(tuple(np.multiply(4, scene.guessed_range)))
    assert grown.overlaps == scene.overlaps


def test_one_photo_has_no_neighbour():
    facts = facts_of(posed_scene(arc(1)))
    assert facts.overlaps == ()
    assert facts.neighbour_degrees == facts.neighbour_baseline == 0


def test_depth_that_is_nowhere_known():
    facts = facts_of(posed_scene(arc(3), [np.zeros(SIZE_WH[::-1], np.float32)] * 3))
    assert facts.depth is not None
    assert (facts.depth.known, facts.depth.range, facts.depth.consistency) == (0, (0, 0, 0), None)


def test_of_very_many_photos_some_are_asked_for_their_neighbours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("data_tools.inspection.facts.PAIRS_AT_MOST", 600)
    facts = facts_of(posed_scene(arc(60, 60.0)))
    assert len(facts.overlaps) == 10
    assert min(facts.overlaps) > 0.9
