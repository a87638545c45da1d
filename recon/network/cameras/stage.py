"""The classical camera stage: match, solve, and carry the answer back to the working grid.

A photo that is alone has nothing to be matched with: it is the world, and everything about it a guess.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import nn

from recon.network.cameras.asked import Intrinsics, pose_problem
from recon.network.cameras.degenerate import degeneracy
from recon.network.cameras.finish import finished
from recon.network.cameras.given import GivenCheck, check_given_poses
from recon.network.cameras.matching import Matcher
from recon.network.cameras.problem import CameraProblem, SceneMap
from recon.network.cameras.solve import UNKNOWN_FOCAL, focal_priors, solve_cameras
from recon.network.cameras.tracks import Tracks
from recon.network.cameras.triangulate import in_use, reprojection_errors
from recon.network.cameras.two_view import MAX_EPIPOLAR_PX, START_INLIERS, TwoView, relative_poses
from recon.network.cameras.world import depth_ranges, settle_world
from recon.network.depth.clues import ALONE_SPAN
from recon.network.encoder import Features
from recon.prediction import CameraEstimate, CameraOrigin
from recon.views import Views, unpack_views
from render.cameras import Cameras
from render.errors import require

Verify = Callable[[Views, Features, CameraEstimate], float]
"""How well the views of one scene agree, if they were taken from there; the more the better. See `verifier`."""
CLEARLY = 1.01
"""How many times better photos must agree on depths for another map to be preferred to the one that fits best."""


@dataclass(frozen=True)
class CamerasConfig:
    """Options of the classical camera stage."""

    xfeat_keypoints: int = 1024
    """Keypoints of XFeat in a view, at most."""
    sift_keypoints: int = 2048
    """Keypoints of SIFT in a view, at most."""
    sift_ratio: float = 0.85
    """Lowe's ratio: nearest over second nearest distance, at most."""

    def __post_init__(self) -> None:
        require(self.xfeat_keypoints >= 1, "network.cameras.xfeat_keypoints", self.xfeat_keypoints, "at least 1")
        require(self.sift_keypoints >= 1, "network.cameras.sift_keypoints", self.sift_keypoints, "at least 1")
        require(0 < self.sift_ratio <= 1, "network.cameras.sift_ratio", self.sift_ratio, "in (0, 1]")


class ClassicalCameras(nn.Module):
    """Solves each scene of the pack by itself, on the CPU, in float64."""

    def __init__(self, matcher: Matcher, verifier: Verify):
        super().__init__()
        self.matcher = matcher
        self.verifier = verifier

    def forward(self, views: Views, features: Features, seed: int) -> CameraEstimate:
        answers = []
        for scene in views.scene_index.unique().tolist():
            members = torch.nonzero(views.scene_index == scene)[:, 0].tolist()
            answers.append(self._solve(views, features, members, seed))
        return _pack(views, answers)

    def _solve(self, views: Views, features: Features, members: list[int], seed: int) -> "_Answer":
        problem, intrinsics = pose_problem(views, features, self.matcher, members)
        if len(members) == 1:
            return _alone(views, members[0], problem, intrinsics)
        check = check_given_poses(problem, seed)
        if check.refusal is not None:
            return replace(_nowhere(problem, intrinsics, check.refusal), given_refused=True)
        maps = solve_cameras(problem, seed)
        if not maps:
            reason = "No two photos have enough in common to find where they were taken from."
            return _nowhere(problem, intrinsics, reason)
        photos, priors = intrinsics.photos(views.fine[members]), focal_priors(problem)
        answers = []
        for scene, tracks in maps:
            scene, tracks, centre = finished(problem, scene, tracks, photos, *priors)
            settle_world(scene, problem.T_camera_world)
            K_px = intrinsics.matrices(scene.focal, centre)
            answers.append(self._answer(views, members, problem, K_px, check, (scene, tracks), seed))
        if len(maps) == 1:
            return answers[0]
        own, own_features = unpack_views(views)[views.scene_index[members[0]]], features.of(members)
        agreement = [self.verifier(own, own_features, _pack(own, [answer])) for answer in answers]
        best = int(np.argmax(agreement))
        return answers[best if agreement[best] > CLEARLY * agreement[0] else 0]

    def _answer(
        self,
        views: Views,
        members: list[int],
        problem: CameraProblem,
        K_px: Float[ndarray, "member 3 3"],
        check: GivenCheck,
        solved: tuple[SceneMap, Tracks],
        seed: int,
    ) -> "_Answer":
        """A map, in the world's frame, as the stage says it."""
        scene, tracks = solved
        T_world_camera = np.tile(np.eye(4), (problem.views, 1, 1))
        for v in np.flatnonzero(scene.registered):
            T_world_camera[v, :3, :3] = scene.R[v].T
            T_world_camera[v, :3, 3] = -scene.R[v].T @ scene.t[v]
            given = views.known[members[v]].T_world_camera
            if given is not None:
                T_world_camera[v] = given.cpu().numpy()
        # Two given poses say where the photos were taken from; one alone does not.
        given = sum(T is not None for T in problem.T_camera_world)
        pairs = relative_poses(problem, scene.focal, MAX_EPIPOLAR_PX, seed)
        special = degeneracy(problem, scene, pairs, seed) if given < 2 else None
        used = in_use(scene, tracks)
        return _Answer(
            K_px, T_world_camera, depth_ranges(scene, tracks),
            _origins(problem, scene),
            (*_contradictions(views, members, check), *_warnings(views, members, scene, pairs, special)),
            {
                "degenerate": special,
                "matches": _matches(problem),
                "tracks": int(scene.solved.sum()),
                "observations": int(used.sum()),
                "reprojection_error_px_median": round(float(np.median(reprojection_errors(scene, tracks)[used])), 3)
                if used.any() else None,
            },
        )  # fmt: skip


@dataclass(frozen=True)
class _Answer:
    K_px: Float[ndarray, "member 3 3"]
    T_world_camera: Float[ndarray, "member 4 4"]
    depth_range: Float[ndarray, "member 2"]
    origin: tuple[CameraOrigin, ...]
    warnings: tuple[str, ...]
    facts: dict
    given_refused: bool = False


def _alone(views: Views, view: int, problem: CameraProblem, intrinsics: Intrinsics) -> _Answer:
    """One photo by itself: where it was given, else at the origin; what is not given of its focal length is guessed."""
    given = views.known[view].T_world_camera
    warning = (
        f"{views.names[view]} is alone: its depth is a guess from one photo, of unknown scale. Two photos or more, "
        "taken a step apart, show depth."
    )
    return _Answer(
        intrinsics.matrices(focal_priors(problem)[0], np.zeros((1, 2))),
        np.eye(4)[None] if given is None else given.cpu().numpy()[None], np.array([[1.0, ALONE_SPAN]]),
        ("guessed" if given is None else "given",), (warning,), {"matches": 0},
    )  # fmt: skip


def _nowhere(problem: CameraProblem, intrinsics: Intrinsics, reason: str) -> _Answer:
    """No view is placed."""
    n = problem.views
    return _Answer(
        intrinsics.matrices(np.full(n, UNKNOWN_FOCAL), np.zeros((n, 2))), np.tile(np.eye(4), (n, 1, 1)),
        np.tile([0.5, 2.0], (n, 1)), ("not registered",) * n, (reason,), {"matches": _matches(problem)},
    )  # fmt: skip


def _contradictions(views: Views, members: list[int], check: GivenCheck) -> list[str]:
    names = ", ".join(views.names[members[v]] for v in check.contradicted)
    return [f"What the photos show contradicts the given pose of {names}."] if names else []


def _matches(problem: CameraProblem) -> int:
    return int(sum(len(m) for m in problem.pairs.values()))


def _origins(problem: CameraProblem, scene: SceneMap) -> tuple[CameraOrigin, ...]:
    found = "guessed" if scene.guessed else "solved"
    return tuple(
        "not registered" if not r else "given" if T is not None else found
        for T, r in zip(problem.T_camera_world, scene.registered, strict=True)
    )


def _warnings(
    views: Views,
    members: list[int],
    scene: SceneMap,
    pairs: dict[tuple[int, int], TwoView],
    special: str | None,
) -> list[str]:
    """What a user should know of the answer."""
    out = []
    lost = [views.names[members[v]] for v in np.flatnonzero(~scene.registered)]
    if lost:
        out.append(f"Not registered, since too little of it is seen in the other photos: {', '.join(lost)}.")
    if special == "one place":
        out.append(
            "The photos seem to be taken from one place: a camera that only turns sees no depth, so depth and cameras "
            "are not to be trusted. Step sideways between photos."
        )
        return out
    elsewhere = [views.names[members[v]] for v in _match_each_other(scene, pairs)]
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


def _pack(views: Views, answers: list[_Answer]) -> CameraEstimate:
    device = views.pixels.device
    originals = Cameras(
        K_px=torch.from_numpy(np.concatenate([a.K_px for a in answers])),
        T_world_camera=torch.from_numpy(np.concatenate([a.T_world_camera for a in answers])),
        size_wh=views.original_size_wh,
    )
    return CameraEstimate(
        cameras=views.to_grid(originals).to(device),
        origin=tuple(o for a in answers for o in a.origin),
        depth_range=torch.from_numpy(np.concatenate([a.depth_range for a in answers])).to(device),
        warnings=tuple(a.warnings for a in answers),
        facts=tuple(a.facts for a in answers),
        given_refused=tuple(a.given_refused for a in answers),
    )
