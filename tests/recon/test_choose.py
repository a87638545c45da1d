"""Which photos make a training sample: no photo twice, none that shows something else, whatever their order."""

import numpy as np
import pytest

from recon.training.choose import COVERED, SHARED, choose_views
from recon.training.overlap import overlap_of
from recon.training.scenes import TrainingScene
from render.errors import InputError
from tests.recon.posed_scene import SIZE_WH, arc, moved, permuted, posed_scene, room_scene

SCENES = {"guessed": lambda: posed_scene(arc(9)), "known": lambda: room_scene(9)}
SEEDS = range(8)


def choose(scene: TrainingScene, seed: int, count: int = 3, targets: int = 2) -> tuple[list[int], list[int]]:
    return choose_views(scene, count, np.random.default_rng(seed), targets)


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize(("count", "targets"), [(2, 1), (3, 2), (5, 1)])
def test_no_photo_twice_and_as_many_as_asked_for(make, count: int, targets: int):
    for seed in SEEDS:
        contexts, predicted = choose(make(), seed, count, targets)
        assert (len(contexts), len(predicted)) == (count, targets)
        assert len({*contexts, *predicted}) == count + targets
        assert {*contexts, *predicted} <= set(range(9))


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_contexts_overlap_and_see_what_the_targets_see(make):
    scene = make()
    overlap = overlap_of(scene)
    for seed in SEEDS:
        contexts, predicted = choose(scene, seed)
        firsts, others = np.full(2, contexts[0]), np.array(contexts[1:])
        assert np.minimum(overlap.shares(firsts, others), overlap.shares(others, firsts)).min() >= SHARED
        for target in predicted:
            assert overlap.seen(np.full(3, target), np.array(contexts)).any(0).mean() >= COVERED


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_targets_stand_no_farther_off_than_contexts_from_each_other(make):
    scene = make()
    centres = scene.cameras.centres.numpy()
    for seed in SEEDS:
        contexts, predicted = choose(scene, seed)
        apart = max(np.linalg.norm(centres[contexts] - centres[view], axis=1).max() for view in contexts)
        for target in predicted:
            assert np.linalg.norm(centres[contexts] - centres[target], axis=1).min() <= apart


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_the_order_of_the_photos_has_no_say(make):
    order = [7, 2, 8, 0, 5, 1, 3, 6, 4]
    for seed in SEEDS:
        contexts, predicted = choose(make(), seed)
        turned, turned_predicted = choose(permuted(make(), order), seed)
        assert [order[view] for view in turned] == contexts
        assert [order[view] for view in turned_predicted] == predicted


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_the_unit_of_the_world_has_no_say(make):
    for seed in SEEDS:
        assert choose(moved(make(), np.eye(4), 8.0), seed) == choose(make(), seed)


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_the_same_seed_chooses_the_same_and_others_something_else(make):
    assert choose(make(), 3) == choose(make(), 3)
    chosen = [choose(make(), seed) for seed in range(30)]
    assert {view for contexts, _ in chosen for view in contexts} == set(range(9))
    assert len({tuple(predicted) for _, predicted in chosen}) > 5


def test_a_photo_that_looks_the_other_way_is_never_chosen():
    scene = posed_scene([*arc(6, 30.0), ((0.0, 0.0, -4.0), (0.0, 0.0, -9.0))])
    for seed in SEEDS:
        contexts, predicted = choose(scene, seed)
        assert 6 not in contexts + predicted


def test_two_places_are_never_mixed():
    there = [((x + 100, y, z), (100.0, 0.0, 0.0)) for (x, y, z), _ in arc(6, 30.0)]
    scene = posed_scene([*arc(6, 30.0), *there])
    sides = set()
    for seed in SEEDS:
        contexts, predicted = choose(scene, seed)
        sides |= {frozenset(view // 6 for view in contexts + predicted)}
    assert sides == {frozenset({0}), frozenset({1})}


def test_two_sides_of_a_wall_are_never_mixed_where_depth_tells():
    """Both look ahead; those behind see the wall at 1.5, those before it what is 4 beyond."""
    before = [((0.1 * i, 0.0, 0.0), (0.1 * i, 0.0, 9.0)) for i in range(4)]
    behind = [((0.1 * i, 0.02, -2.0), (0.1 * i, 0.02, 9.0)) for i in range(4)]
    depth = [np.full(SIZE_WH[::-1], z, np.float32) for z in [4.0] * 4 + [1.5] * 4]
    scene = posed_scene([*before, *behind], depth)
    for seed in SEEDS:
        contexts, predicted = choose(scene, seed, 2, 1)
        assert len({view // 4 for view in contexts + predicted}) == 1


def test_contexts_do_not_stand_at_one_place():
    scene = posed_scene([look for look in arc(3, 20.0) for _ in range(3)])
    for seed in SEEDS:
        contexts, _ = choose(scene, seed, 3, 1)
        assert len({view // 3 for view in contexts}) == 3


@pytest.mark.parametrize(
    "looks",
    [
        arc(2, 10.0),
        [((0.0, 0.0, 0.0), (0.0, 0.0, 1.0))] * 5,
        [((0.0, 0.0, 0.0), (np.sin(a), 0.0, np.cos(a))) for a in np.linspace(0, 6, 5)],
    ],
    ids=["too few", "one place", "a panorama"],
)
def test_a_scene_without_such_photos_says_so(looks):
    with pytest.raises(
        InputError, match=r"posed: no 2 of its \d photos overlap .* and together show 60% or more of 1 further\."
    ):
        choose(posed_scene(looks), 0, 2, 1)


@pytest.mark.parametrize(("count", "targets"), [(1, 1), (2, 0)])
def test_fewer_than_a_sample_cannot_be_asked_for(count: int, targets: int):
    with pytest.raises(ValueError, match="at least 2 and 1 make a sample"):
        choose(posed_scene(arc(5)), 0, count, targets)
