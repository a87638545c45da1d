"""The camera solver on worlds that are known: exact points, wrong matches among them, cameras given in part."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from recon.network.cameras.bundle import rotation
from recon.network.cameras.incremental import Mapper, score
from recon.network.cameras.problem import REFERENCE_LONG_SIDE, CameraProblem
from recon.network.cameras.solve import focal_priors, solve_cameras
from recon.network.cameras.two_view import MAX_EPIPOLAR_PX, relative_poses
from recon.network.cameras.world import depth_ranges, settle_world

FOCAL = 800.0


def world(
    views: int = 4, wrong: float = 0.2, seed: int = 0, focal: float = FOCAL
) -> tuple[CameraProblem, list[np.ndarray]]:
    """A cloud of points that `views` cameras on an arc see, with 0.3 px of noise; a share of the matches is wrong."""
    rng = np.random.default_rng(seed)
    X = rng.uniform([-1.5, -1, -0.8], [1.5, 1, 0.8], (250, 3))
    poses, points = [], []
    for angle in np.linspace(-0.3, 0.3, views):
        T = np.eye(4)
        T[:3, :3] = rotation(np.array([[0.05 * angle, angle, 0.02]]))[0]
        T[:3, 3] = [0.1 * angle, 0.05, 4.0 + angle]
        p = X @ T[:3, :3].T + T[:3, 3]
        points.append(focal * p[:, :2] / p[:, 2:] + rng.normal(0, 0.3, (len(X), 2)))
        poses.append(T)
    pairs = {}
    for a in range(views):
        for b in range(a + 1, views):
            match = np.stack([np.arange(len(X))] * 2, 1)
            bad = rng.choice(len(X), int(wrong * len(X)), replace=False)
            match[bad, 1] = rng.permutation(match[bad, 1])
            pairs[a, b] = match
    problem = CameraProblem(
        points=points, pairs=pairs, focal_group=np.zeros(views, int), focal_known=np.array([np.nan]),
        focal_prior=np.array([np.nan]), T_camera_world=[None] * views,
    )  # fmt: skip
    return problem, poses


def given(problem: CameraProblem, poses: list[np.ndarray | None], focal: float = np.nan) -> CameraProblem:
    return CameraProblem(
        problem.points, problem.pairs, problem.focal_group, np.array([focal]), problem.focal_prior, list(poses)
    )


def rotation_error_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(a.T @ b) - 1) / 2, -1, 1))))


@pytest.mark.parametrize("views", [2, 3, 5])
def test_poses_and_focal_are_found_among_wrong_matches(views: int):
    problem, poses = world(views)
    scene, _ = solve_cameras(problem, 0)[0]
    assert scene is not None
    assert scene.registered.all()
    for v in range(1, views):
        true = poses[v][:3, :3] @ poses[0][:3, :3].T
        assert rotation_error_deg(scene.R[v] @ scene.R[0].T, true) < (2.0 if views == 2 else 0.5)
    assert scene.focal[0] == pytest.approx(FOCAL, rel=0.1 if views == 2 else 0.03)


def test_given_cameras_are_kept_exactly_and_place_the_others():
    problem, poses = world()
    scene, _ = solve_cameras(given(problem, [poses[0], None, poses[2], None], FOCAL), 0)[0]
    assert scene is not None
    assert scene.registered.all()
    for v in (0, 2):
        assert np.array_equal(scene.R[v], poses[v][:3, :3])
        assert np.array_equal(scene.t[v], poses[v][:3, 3])
    for v in (1, 3):
        assert rotation_error_deg(scene.R[v], poses[v][:3, :3]) < 0.2
        assert np.linalg.norm(scene.t[v] - poses[v][:3, 3]) < 0.03
    assert (scene.focal == FOCAL).all()


def test_one_given_pose_is_where_the_world_is_put():
    problem, poses = world()
    known = given(problem, [None, poses[1], None, None])
    scene, _ = solve_cameras(known, 0)[0]
    assert scene is not None
    before = deepcopy(scene)
    settle_world(scene, known.T_camera_world)
    np.testing.assert_allclose(scene.R[1], poses[1][:3, :3], atol=1e-12)
    np.testing.assert_allclose(scene.t[1], poses[1][:3, 3], atol=1e-12)
    for v in range(4):  # A rigid move of the world changes no relative pose.
        np.testing.assert_allclose(scene.R[v] @ scene.R[0].T, before.R[v] @ before.R[0].T, atol=1e-10)


def test_without_given_poses_the_first_view_is_the_world_and_the_median_depth_is_one():
    problem, _ = world()
    scene, tracks = solve_cameras(problem, 0)[0]
    assert scene is not None
    assert tracks is not None
    settle_world(scene, problem.T_camera_world)
    np.testing.assert_allclose(scene.R[0], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(scene.t[0], 0, atol=1e-12)
    assert np.median(scene.points[scene.solved][:, 2]) == pytest.approx(1.0)
    near, far = depth_ranges(scene, tracks).T
    assert (near < 1).all()
    assert (far > 1).all()


def test_a_view_that_shares_nothing_is_left_out_and_the_rest_is_solved():
    problem, _ = world(3)
    rng = np.random.default_rng(9)
    points = [*problem.points, rng.uniform(-300, 300, (250, 2))]
    pairs = dict(problem.pairs) | {(a, 3): np.stack([np.arange(40)] * 2, 1) for a in range(3)}
    lonely = CameraProblem(points, pairs, np.zeros(4, int), problem.focal_known, problem.focal_prior, [None] * 4)
    scene, _ = solve_cameras(lonely, 0)[0]
    assert scene is not None
    assert scene.registered.tolist() == [True, True, True, False]


def test_a_given_pose_whose_view_shares_nothing_moves_nothing():
    problem, poses = world(3)
    points = [*problem.points, np.random.default_rng(9).uniform(-300, 300, (250, 2))]
    pairs = dict(problem.pairs) | {(a, 3): np.stack([np.arange(40)] * 2, 1) for a in range(3)}
    lonely = CameraProblem(
        points, pairs, np.zeros(4, int), problem.focal_known, problem.focal_prior, [None, None, None, poses[0]]
    )
    scene, _ = solve_cameras(lonely, 0)[0]
    assert scene is not None
    settle_world(scene, lonely.T_camera_world)
    assert scene.registered.tolist() == [True, True, True, False]
    np.testing.assert_allclose(scene.R[0], np.eye(3), atol=1e-12)


def test_a_long_lens_is_found_from_three_views():
    problem, _ = world(3, wrong=0.1, focal=2.4 * REFERENCE_LONG_SIDE)
    scene, _ = solve_cameras(problem, 0)[0]
    assert scene is not None
    assert scene.registered.all()
    assert scene.focal[0] == pytest.approx(2.4 * REFERENCE_LONG_SIDE, rel=0.15)


def test_views_in_a_row_are_joined_though_hardly_a_point_is_seen_by_three():
    problem, poses = world(4, wrong=0.0)
    pairs = {(0, 1): (0, 124), (1, 2): (120, 200), (2, 3): (80, 124)}
    chain = replace(
        given(problem, [None] * 4, FOCAL),
        pairs={pair: np.stack([np.arange(*seen)] * 2, 1) for pair, seen in pairs.items()},
    )
    scene, _ = solve_cameras(chain, 0)[0]
    assert scene is not None
    assert scene.registered.all()
    centres = np.stack([-R.T @ t for R, t in zip(scene.R, scene.t, strict=True)])
    true = np.stack([-T[:3, :3].T @ T[:3, 3] for T in poses])
    steps, true_steps = (np.linalg.norm(np.diff(c, axis=0), axis=1) for c in (centres, true))
    np.testing.assert_allclose(steps / steps[0], true_steps / true_steps[0], rtol=0.1)


def test_no_matches_no_map():
    problem, _ = world(2)
    empty = CameraProblem(
        problem.points, {(0, 1): np.zeros((0, 2), int)}, problem.focal_group, problem.focal_known,
        problem.focal_prior, [None, None],
    )  # fmt: skip
    assert solve_cameras(empty, 0) == []


def test_the_same_seed_gives_the_same_map():
    problem, _ = world()
    one, two = (solve_cameras(problem, 3)[0][0] for _ in range(2))
    assert one is not None
    assert two is not None
    assert np.array_equal(one.R, two.R)
    assert np.array_equal(one.focal, two.focal)


@pytest.mark.parametrize("view", [1, 4])
def test_a_view_that_was_placed_wrongly_is_mended(view: int):
    problem, poses = world(5)
    scene, tracks = solve_cameras(problem, 0)[0]
    good = score(scene, tracks)
    pairs = relative_poses(problem, scene.focal, MAX_EPIPOLAR_PX, 0)
    mapper = Mapper(problem, tracks, pairs, scene.focal, *focal_priors(problem), seed=0)
    mapper.scene = deepcopy(scene)
    mapper.scene.R[view] = rotation(np.array([[0.1, 0.4, 0.0]]))[0] @ scene.R[view]
    mapper.scene.outlier[tracks.view == view] = True
    mapper.mend()
    assert score(mapper.scene, tracks) > 0.98 * good
    true = poses[view][:3, :3] @ poses[0][:3, :3].T
    assert rotation_error_deg(mapper.scene.R[view] @ mapper.scene.R[0].T, true) < 0.5


def test_mending_leaves_alone_what_holds():
    problem, _ = world(5)
    scene, tracks = solve_cameras(problem, 0)[0]
    pairs = relative_poses(problem, scene.focal, MAX_EPIPOLAR_PX, 0)
    mapper = Mapper(problem, tracks, pairs, scene.focal, *focal_priors(problem), seed=0)
    mapper.scene = deepcopy(scene)
    mapper.mend()
    assert np.array_equal(mapper.scene.R, scene.R)
    assert np.array_equal(mapper.scene.t, scene.t)


def test_maps_that_explain_as_much_are_all_told_and_differ():
    problem, _ = world(2)
    maps = solve_cameras(problem, 0)
    scores = [score(scene, tracks, 2.0) for scene, tracks in maps]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0.999 * max(scores)
    focals = [scene.focal[0] for scene, _ in maps]
    assert all(abs(np.log(a / b)) > 0.02 for i, a in enumerate(focals) for b in focals[:i])
