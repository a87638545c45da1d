"""Given poses that the photos contradict are told from right ones, and the usual mistakes by name."""

import numpy as np
import pytest

from recon.network.cameras.given import check_given_poses
from recon.network.cameras.problem import CameraProblem
from tests.recon.test_solve import FOCAL, given, rotation, world

FLIP = np.diag([1.0, -1.0, -1.0, 1.0])


def turned_about(poses: list[np.ndarray]) -> list[np.ndarray]:
    """The same cameras in a world that is turned, so that no reading of the poses is right by accident."""
    T = np.eye(4)
    T[:3, :3] = rotation(np.array([[0.7, -0.4, 0.5]]))[0]
    T[:3, 3] = [1.0, -2.0, 0.5]
    return [pose @ T for pose in poses]


def misread(problem: CameraProblem, camera_to_world: list[np.ndarray]) -> CameraProblem:
    return given(problem, [np.linalg.inv(T) for T in camera_to_world], FOCAL)


@pytest.fixture(scope="module")
def case() -> tuple[CameraProblem, list[np.ndarray]]:
    problem, poses = world(4)
    return problem, [np.linalg.inv(T) for T in turned_about(poses)]


def test_right_poses_pass(case):
    problem, right = case
    check = check_given_poses(misread(problem, right), 0)
    assert check.refusal is None
    assert check.contradicted == ()


def transposed(T: np.ndarray) -> np.ndarray:
    out = T.copy()
    out[:3, :3] = T[:3, :3].T
    return out


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (np.linalg.inv, "fit as world-to-camera matrices; invert them"),
        (lambda T: T @ FLIP, "fit as poses in OpenGL axes"),
        (transposed, "fit as poses whose rotations are transposed"),
        (lambda T: FLIP @ np.linalg.inv(T), "fit as world-to-camera matrices in OpenGL axes"),
    ],
    ids=["inverse", "opengl", "transposed", "opengl-inverse"],
)
def test_the_usual_mistakes_are_called_by_name(case, mistake, said: str):
    problem, right = case
    refusal = check_given_poses(misread(problem, [mistake(T) for T in right]), 0).refusal
    assert refusal is not None
    assert said in refusal


def test_one_wrong_pose_is_named_and_the_others_are_not(case):
    problem, right = case
    wrong = [T.copy() for T in right]
    wrong[2][:3, :3] = rotation(np.array([[0.0, 0.6, 0.0]]))[0] @ wrong[2][:3, :3]
    check = check_given_poses(misread(problem, wrong), 0)
    assert check.refusal is None
    assert check.contradicted == (2,)


def test_a_single_given_pose_cannot_be_wrong(case):
    problem, right = case
    alone = given(problem, [np.linalg.inv(right[0]), None, None, None], FOCAL)
    assert check_given_poses(alone, 0).refusal is None


def test_the_mistake_is_found_without_a_focal_length_and_right_poses_are_not_blamed(case):
    problem, right = case
    inverse = given(problem, right)
    refusal = check_given_poses(inverse, 0).refusal
    assert refusal is not None
    assert "invert them" in refusal
    fine = check_given_poses(given(problem, [np.linalg.inv(T) for T in right]), 0)
    assert fine.refusal is None
    assert fine.contradicted == ()
