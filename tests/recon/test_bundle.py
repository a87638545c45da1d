"""The bundle adjuster against scipy's general least squares, and against a world that is known."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from recon.network.cameras.bundle import BundleProblem, adjust, errors_px, rotation


def synthetic(
    noise_px: float, seed: int = 0, views: int = 4, points: int = 40, centre: tuple[float, float] = (0.0, 0.0)
) -> BundleProblem:
    rng = np.random.default_rng(seed)
    R = rotation(rng.normal(0, 0.1, (views, 3)))
    t = rng.normal(0, 0.3, (views, 3)) + [0, 0, 4]
    X = rng.uniform(-1, 1, (points, 3))
    focal = 700.0
    p = np.einsum("vij,kj->kvi", R, X) + t
    xy = focal * p[..., :2] / p[..., 2:] + centre + rng.normal(0, noise_px, (points, views, 2))
    return BundleProblem(
        R=R, t=t, focal=np.full(views, focal), centre=np.zeros((views, 2)), points=X,
        start=np.arange(points + 1) * views, view=np.tile(np.arange(views), points), xy=xy.reshape(-1, 2),
        focal_group=np.zeros(views, int), pose_free=np.array([False, False] + [True] * (views - 2)),
        focal_free=np.array([True]), focal_prior=np.array([focal]), focal_prior_sigma=np.array([0.2]),
    )  # fmt: skip


def disturbed(problem: BundleProblem, seed: int = 1) -> BundleProblem:
    rng = np.random.default_rng(seed)
    free = problem.pose_free[:, None]
    problem.R = rotation(rng.normal(0, 0.01, (len(problem.R), 3)) * free) @ problem.R
    problem.t = problem.t + rng.normal(0, 0.03, problem.t.shape) * free
    problem.points = problem.points + rng.normal(0, 0.02, problem.points.shape)
    problem.focal = problem.focal * 1.05
    return problem


def test_finds_the_true_cameras_again_without_noise():
    truth, problem = synthetic(0.0), disturbed(synthetic(0.0))
    adjust(problem, 50)
    assert errors_px(problem).max() < 1e-4
    np.testing.assert_allclose(problem.R, truth.R, atol=1e-6)
    np.testing.assert_allclose(problem.t, truth.t, atol=1e-5)
    np.testing.assert_allclose(problem.focal, truth.focal, rtol=1e-5)


def test_finds_a_principal_point_off_the_middle():
    problem = disturbed(synthetic(0.0, points=200, centre=(4.0, -3.0)))
    problem.centre_sigma = 1e3
    adjust(problem, 100)
    assert errors_px(problem).max() < 1e-3
    np.testing.assert_allclose(problem.centre, np.tile([4.0, -3.0], (4, 1)), atol=1e-2)


@pytest.mark.parametrize("centre_sigma", [0.0, 2.0])
def test_reaches_the_optimum_that_scipy_finds(centre_sigma: float):
    problem, start = (disturbed(synthetic(0.3, centre=(1.0, -1.0))) for _ in range(2))
    problem.centre_sigma = centre_sigma
    adjust(problem, 60, huber_px=1e6)
    free = np.flatnonzero(start.pose_free)

    def residuals(x: np.ndarray) -> np.ndarray:
        R, t = start.R.copy(), start.t.copy()
        pose = x[: 6 * len(free)].reshape(-1, 6)
        R[free] = rotation(pose[:, :3]) @ R[free]
        t[free] = t[free] + pose[:, 3:]
        focal = start.focal[0] * np.exp(x[6 * len(free)])
        centre = x[6 * len(free) + 1 :][:2] * (centre_sigma > 0)
        X = start.points + x[6 * len(free) + 3 :].reshape(-1, 3)
        p = np.einsum("oij,oj->oi", R[start.view], X[np.repeat(np.arange(len(X)), 4)]) + t[start.view]
        data = focal * p[:, :2] / p[:, 2:] + centre - start.xy
        pull = np.log(focal / start.focal_prior[0]) / start.focal_prior_sigma[0]
        return np.concatenate([data.ravel(), [pull], centre / max(centre_sigma, 1e-9)])

    twin = least_squares(residuals, np.zeros(6 * len(free) + 3 + start.points.size), x_scale="jac")
    pull = np.log(problem.focal[0] / problem.focal_prior[0]) / problem.focal_prior_sigma[0]
    centre = problem.centre[0] / max(centre_sigma, 1e-9)
    assert 0.5 * ((errors_px(problem) ** 2).sum() + pull**2 + (centre**2).sum()) == pytest.approx(twin.cost, rel=1e-5)
    assert problem.focal[0] == pytest.approx(start.focal[0] * np.exp(twin.x[6 * len(free)]), rel=1e-4)


def test_what_is_held_stays_bit_for_bit():
    problem = disturbed(synthetic(0.3))
    problem.focal_free = np.array([False])
    R, t, focal = problem.R.copy(), problem.t.copy(), problem.focal.copy()
    adjust(problem, 20)
    held = ~problem.pose_free
    assert np.array_equal(problem.R[held], R[held])
    assert np.array_equal(problem.t[held], t[held])
    assert np.array_equal(problem.focal, focal)
    assert not np.array_equal(problem.t[~held], t[~held])


def test_an_outlier_moves_little_under_hubers_loss():
    problem = synthetic(0.0)
    problem.xy[3] += 200.0
    adjust(problem, 30)
    errors = errors_px(problem)
    assert errors[3] > 150
    assert np.median(np.delete(errors, 3)) < 0.2
