"""Where to look for depth when no point says it."""

import numpy as np
import pytest

from recon.network.cameras.bundle import rotation
from recon.network.cameras.problem import SceneMap
from recon.network.cameras.tracks import Tracks
from recon.network.cameras.world import AROUND_BASELINE, AROUND_TARGET, depth_ranges, looked_at


def orbit(angles: list[float], radius: float) -> tuple[np.ndarray, np.ndarray]:
    """World-to-camera poses on a circle about the origin, which all look at."""
    R = np.stack([rotation(np.array([[0.0, a, 0.0]]))[0] for a in angles])
    return R, np.tile([0.0, 0.0, radius], (len(angles), 1))


def without_points(R: np.ndarray, t: np.ndarray) -> tuple[SceneMap, Tracks]:
    n = len(R)
    scene = SceneMap(
        R=R, t=t, focal=np.ones(n), registered=np.ones(n, bool), points=np.zeros((0, 3)), solved=np.zeros(0, bool),
        outlier=np.zeros(0, bool),
    )  # fmt: skip
    return scene, Tracks(start=np.zeros(1, int), view=np.zeros(0, int), xy=np.zeros((0, 2)))


@pytest.mark.parametrize("angles", [[0.0, 1.2], [0.0, 2.0, 4.0], [-0.1, 0.1]])
def test_cameras_on_an_orbit_look_at_its_centre(angles: list[float]):
    R, t = orbit(angles, 4.0)
    turn, shift = rotation(np.array([[0.3, -0.5, 1.0]]))[0], np.array([1.0, 2.0, -3.0])
    centres = -np.einsum("vji,vj->vi", R, t)
    target = looked_at(centres @ turn.T * 5 + shift, R[:, 2] @ turn.T)
    assert target is not None
    np.testing.assert_allclose(target, shift, atol=1e-9)


def test_cameras_that_look_on_in_parallel_or_apart_look_at_nothing():
    side_by_side = np.array([[0.0, 0, 0], [1, 0, 0]])
    ahead = np.array([[0.0, 0, 1], [0, 0, 1]])
    assert looked_at(side_by_side, ahead) is None
    apart = np.array([[-0.5, 0, 0.866], [0.5, 0, 0.866]]) / np.linalg.norm([0.5, 0.866])
    assert looked_at(side_by_side, apart) is None


def test_without_points_depth_is_looked_for_around_what_all_look_at():
    scene, tracks = without_points(*orbit([0.0, 0.8, 1.6], 4.0))
    np.testing.assert_allclose(depth_ranges(scene, tracks), np.tile(4.0 * AROUND_TARGET, (3, 1)))


def test_without_that_the_baseline_says_it():
    scene, tracks = without_points(np.tile(np.eye(3), (2, 1, 1)), np.array([[0.0, 0, 0], [-0.5, 0, 0]]))
    np.testing.assert_allclose(depth_ranges(scene, tracks), np.tile(0.5 * AROUND_BASELINE, (2, 1)))
