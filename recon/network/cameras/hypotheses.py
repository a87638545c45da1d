"""What the solver answers for one scene: the cameras that explain its matches best, and those that do as well.

On the CPU alone, in float64: nothing here knows a device or the network, so that it may run in a process of its own
while the device works for other scenes.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.degenerate import degeneracy
from recon.network.cameras.finish import finished
from recon.network.cameras.given import GivenCheck, check_given_poses
from recon.network.cameras.problem import CameraProblem, SceneMap
from recon.network.cameras.question import Question
from recon.network.cameras.solve import UNKNOWN_FOCAL, focal_priors, solve_cameras
from recon.network.cameras.tracks import Tracks
from recon.network.cameras.triangulate import in_use, reprojection_errors
from recon.network.cameras.two_view import MAX_EPIPOLAR_PX, START_INLIERS, TwoView, relative_poses
from recon.network.cameras.world import depth_ranges, settle_world
from recon.network.depth.clues import ALONE_SPAN
from recon.prediction import CameraOrigin


@dataclass(frozen=True)
class Hypothesis:
    """Cameras of one scene's views, in pixels of the original photos."""

    K_px: Float[ndarray, "member 3 3"]
    T_world_camera: Float[ndarray, "member 4 4"]
    depth_range: Float[ndarray, "member 2"]
    origin: tuple[CameraOrigin, ...]
    warnings: tuple[str, ...]
    facts: dict
    given_refused: bool = False


@dataclass(frozen=True)
class Solved:
    """The solver's answer."""

    hypotheses: tuple[Hypothesis, ...]
    """Those that explain the matches equally well, best first; one at least."""
    seconds: float
    """That it took."""


@torch.no_grad()
def solve(question: Question, seed: int) -> Solved:
    """Seeded: the same question and seed have the same answer, in whatever process, if torch has as many threads there;
    with more or fewer, sums are rounded otherwise."""
    since = time.perf_counter()
    hypotheses = _alone(question) if len(question.names) == 1 else _solved(question, seed)
    return Solved(tuple(hypotheses), time.perf_counter() - since)


def _solved(question: Question, seed: int) -> list[Hypothesis]:
    problem = question.problem
    check = check_given_poses(problem, seed)
    if check.refusal is not None:
        return [_nowhere(question, check.refusal, given_refused=True)]
    maps = solve_cameras(problem, seed)
    if not maps:
        return [_nowhere(question, "No two photos have enough in common to find where they were taken from.")]
    priors = focal_priors(problem)
    hypotheses = []
    for scene, tracks in maps:
        scene, tracks, centre = finished(problem, scene, tracks, question.photos, *priors)
        settle_world(scene, problem.T_camera_world)
        K_px = question.intrinsics.matrices(scene.focal, centre)
        hypotheses.append(_hypothesis(question, K_px, check, scene, tracks, seed))
    return hypotheses


def _hypothesis(
    question: Question,
    K_px: Float[ndarray, "member 3 3"],
    check: GivenCheck,
    scene: SceneMap,
    tracks: Tracks,
    seed: int,
) -> Hypothesis:
    """A map, in the world's frame, as the stage says it."""
    problem, names = question.problem, question.names
    T_world_camera = np.tile(np.eye(4), (problem.views, 1, 1))
    for v in np.flatnonzero(scene.registered):
        T_world_camera[v, :3, :3] = scene.R[v].T
        T_world_camera[v, :3, 3] = -scene.R[v].T @ scene.t[v]
        given = question.T_world_camera[v]
        if given is not None:
            T_world_camera[v] = given
    # Two given poses say where the photos were taken from; one alone does not.
    given = sum(T is not None for T in problem.T_camera_world)
    pairs = relative_poses(problem, scene.focal, MAX_EPIPOLAR_PX, seed)
    special = degeneracy(problem, scene, pairs, seed) if given < 2 else None
    used = in_use(scene, tracks)
    return Hypothesis(
        K_px, T_world_camera, depth_ranges(scene, tracks),
        _origins(problem, scene),
        (*_contradictions(names, check), *_warnings(names, scene, pairs, special)),
        {
            "degenerate": special,
            "matches": _matches(problem),
            "tracks": int(scene.solved.sum()),
            "observations": int(used.sum()),
            "reprojection_error_px_median": round(float(np.median(reprojection_errors(scene, tracks)[used])), 3)
            if used.any() else None,
        },
    )  # fmt: skip


def _alone(question: Question) -> list[Hypothesis]:
    """One photo by itself: where it was given, else at the origin; what is not given of its focal length is guessed."""
    (given,), (name,) = question.T_world_camera, question.names
    warning = (
        f"{name} is alone: its depth is a guess from one photo, of unknown scale. Two photos or more, "
        "taken a step apart, show depth."
    )
    return [Hypothesis(
        question.intrinsics.matrices(focal_priors(question.problem)[0], np.zeros((1, 2))),
        np.eye(4)[None] if given is None else given[None], np.array([[1.0, ALONE_SPAN]]),
        ("guessed" if given is None else "given",), (warning,), {"matches": 0},
    )]  # fmt: skip


def _nowhere(question: Question, reason: str, given_refused: bool = False) -> Hypothesis:
    """No view is placed."""
    n = question.problem.views
    return Hypothesis(
        question.intrinsics.matrices(np.full(n, UNKNOWN_FOCAL), np.zeros((n, 2))), np.tile(np.eye(4), (n, 1, 1)),
        np.tile([0.5, 2.0], (n, 1)), ("not registered",) * n, (reason,), {"matches": _matches(question.problem)},
        given_refused,
    )  # fmt: skip


def _contradictions(names: tuple[str, ...], check: GivenCheck) -> list[str]:
    contradicted = ", ".join(names[v] for v in check.contradicted)
    return [f"What the photos show contradicts the given pose of {contradicted}."] if contradicted else []


def _matches(problem: CameraProblem) -> int:
    return int(sum(len(m) for m in problem.pairs.values()))


def _origins(problem: CameraProblem, scene: SceneMap) -> tuple[CameraOrigin, ...]:
    found = "guessed" if scene.guessed else "solved"
    return tuple(
        "not registered" if not r else "given" if T is not None else found
        for T, r in zip(problem.T_camera_world, scene.registered, strict=True)
    )


def _warnings(
    names: tuple[str, ...], scene: SceneMap, pairs: dict[tuple[int, int], TwoView], special: str | None
) -> list[str]:
    """What a user should know of the answer."""
    out = []
    lost = [names[v] for v in np.flatnonzero(~scene.registered)]
    if lost:
        out.append(f"Not registered, since too little of it is seen in the other photos: {', '.join(lost)}.")
    if special == "one place":
        out.append(
            "The photos seem to be taken from one place: a camera that only turns sees no depth, so depth and cameras "
            "are not to be trusted. Step sideways between photos."
        )
        return out
    elsewhere = [names[v] for v in _match_each_other(scene, pairs)]
    if elsewhere:
        out.append(f"Of these, {', '.join(elsewhere)} match each other: they seem to show another place.")
    if special == "one plane":
        out.append("Most of what the photos show lies in one plane: the focal length is uncertain, unless it is given.")
    if scene.guessed:
        out.append(
            "Too few points are seen alike by two photos to tell where they were taken from: the cameras are a guess, "
            "and so is the scene. Take photos with smaller steps between them."
        )
    elif scene.solved.sum() < 50:
        out.append(f"Points seen by two photos or more: only {int(scene.solved.sum())}. The cameras are doubtful.")
    return out


def _match_each_other(scene: SceneMap, pairs: dict[tuple[int, int], TwoView]) -> list[int]:
    """Unregistered views that have enough in common with another unregistered one."""
    lost = {pair: pose for pair, pose in pairs.items() if not scene.registered[list(pair)].any()}
    return sorted({v for pair, pose in lost.items() if len(pose.matches) >= START_INLIERS for v in pair})
