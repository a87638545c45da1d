"""Relative poses that loops of three views contradict are dropped; what is sure or alone stays."""

import numpy as np

from recon.network.cameras.bundle import rotation
from recon.network.cameras.loops import loop_errors_deg, without_contradicted
from recon.network.cameras.two_view import TwoView


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
    pairs[1, 3] = pair(rotation(np.array([[0.0, 2.0, 0.0]]))[0])
    assert set(without_contradicted(pairs)) == set(pairs) - {(1, 3)}


def test_a_sure_pose_stays_and_so_does_one_in_no_loop():
    pairs = true_pairs(turns(3))
    wrong = rotation(np.array([[0.0, 2.0, 0.0]]))[0]
    pairs[0, 2] = pair(wrong, inliers=500)
    pairs[2, 3] = pair(wrong)
    kept = without_contradicted(pairs)
    assert (0, 2) in kept
    assert (2, 3) in kept
