"""Relative poses that loops of three views contradict are dropped; what is sure or alone stays."""

import numpy as np

from recon.network.cameras.bundle import rotation
from recon.network.cameras.loops import loop_errors_deg, without_contradicted
from recon.network.cameras.two_view import TwoView

WRONG = rotation(np.array([[0.0, 2.0, 0.0]]))[0]


def turns(views: int, seed: int = 0) -> np.ndarray:
    return rotation(np.random.default_rng(seed).normal(0, 0.5, (views, 3)))


def pair(R: np.ndarray, inliers: int = 30) -> TwoView:
    return TwoView(R, np.array([1.0, 0, 0]), np.zeros((inliers, 2), int), 10.0)


def true_pairs(R: np.ndarray) -> dict[tuple[int, int], TwoView]:
    return {(a, b): pair(R[b] @ R[a].T) for a in range(len(R)) for b in range(a + 1, len(R))}


def test_loops_of_true_rotations_close_whatever_the_order_of_the_views():
    pairs = true_pairs(turns(5))
    for a, b in pairs:
        errors = loop_errors_deg(pairs, a, b)
        assert len(errors) == 3
        assert max(errors) < 1e-4
    assert without_contradicted(pairs) == pairs


def test_a_weak_pose_that_every_loop_contradicts_goes():
    pairs = true_pairs(turns(4))
    pairs[1, 3] = pair(WRONG)
    assert set(without_contradicted(pairs)) == set(pairs) - {(1, 3)}


def test_a_sure_pose_stays_and_so_does_one_in_no_loop():
    pairs = true_pairs(turns(3))
    pairs[0, 2] = pair(WRONG, inliers=500)
    pairs[2, 3] = pair(WRONG)
    # Of the two weak poses in the broken loop the first goes; the other is in no loop then.
    assert set(without_contradicted(pairs)) == {(0, 2), (1, 2), (2, 3)}


def test_one_chance_pose_among_three_views_takes_no_other_with_it():
    pairs = true_pairs(turns(3))
    pairs[0, 1], pairs[1, 2] = pair(pairs[0, 1].R, 99), pair(pairs[1, 2].R, 98)
    pairs[0, 2] = pair(WRONG, 25)
    assert set(without_contradicted(pairs)) == {(0, 1), (1, 2)}


def test_what_is_fixed_stays():
    pairs = true_pairs(turns(3))
    pairs[0, 1] = pair(WRONG, 20)
    assert (0, 1) in without_contradicted(pairs, fixed=[(0, 1)])
