"""Relative poses of pairs of views, by five points (or six with an unknown focal) and RANSAC, in PoseLib."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import poselib
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from recon.network.cameras.problem import CameraProblem, bearings, pinhole

MAX_EPIPOLAR_PX = 1.5
"""How far a match may miss its epipolar line, in reference pixels; of a given pose, twice as far."""
MIN_INLIERS = 15
"""Matches that must agree on a relative pose before it counts at all."""
START_INLIERS = 30
"""And before a map may start from it: photos of different places were seen to agree on up to 24."""


@dataclass(frozen=True)
class TwoView:
    """How view b lies to view a, and the matches that agree."""

    R: Float[ndarray, "3 3"]
    """From a's camera to b's."""
    t: Float[ndarray, "3"]
    """Unit length."""
    matches: Int[ndarray, "inlier 2"]
    parallax_deg: float
    """Median angle between the two rays of an inlier once the rotation is taken out."""

    @property
    def worth(self) -> float:
        """How good a start for a map: many inliers, seen under an angle that fixes depth."""
        return len(self.matches) * min(self.parallax_deg, 8.0) * (1.0 if self.parallax_deg > 1.5 else 0.2)


GUESS_INLIERS = 8
"""The least that a relative pose can be guessed from."""


def relative_poses(
    problem: CameraProblem,
    focal: Float[ndarray, "view"],
    threshold_px: float,
    seed: int,
    min_inliers: int = MIN_INLIERS,
) -> dict[tuple[int, int], TwoView]:
    """The pairs that a calibrated relative pose explains with at least `min_inliers` matches."""
    pairs = [pair for pair, match in problem.pairs.items() if len(match) >= min_inliers]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        found = pool.map(lambda pair: _two_view(problem, pair, focal, threshold_px, seed), pairs)
    return {pair: pose for pair, pose in zip(pairs, found, strict=True) if len(pose.matches) >= min_inliers}


def _two_view(
    problem: CameraProblem, pair: tuple[int, int], focal: Float[ndarray, "view"], threshold_px: float, seed: int
) -> TwoView:
    (a, b), match = pair, problem.pairs[pair]
    xa, xb = problem.points[a][match[:, 0]], problem.points[b][match[:, 1]]
    Ta, Tb = problem.T_camera_world[a], problem.T_camera_world[b]
    if Ta is not None and Tb is not None:
        R, t = relative_pose(Ta, Tb)
        inlier = epipolar_errors_px(R, t, xa, xb, focal[a], focal[b]) < 2 * threshold_px
    else:
        pose, info = poselib.estimate_relative_pose(
            xa, xb, pinhole(focal[a]), pinhole(focal[b]),
            {"max_epipolar_error": threshold_px, "max_iterations": 5000, "seed": seed}, {},
        )  # fmt: skip
        R, t, inlier = pose.R, np.asarray(pose.t), np.array(info["inliers"], dtype=bool)
        if _focals_differ_and_are_guessed(problem, a, b):
            _, loose = poselib.estimate_fundamental(
                xa, xb, {"max_epipolar_error": threshold_px, "max_iterations": 5000, "seed": seed}, {}
            )
            # A wrong guess of one focal rejects good matches; the fundamental matrix asks for no focal.
            inlier = max(inlier, np.array(loose["inliers"], dtype=bool), key=np.sum)
    ra = bearings(xa[inlier], focal[a]) @ R.T
    rb = bearings(xb[inlier], focal[b])
    angle = np.degrees(np.arccos(np.clip((ra * rb).sum(1), -1, 1)))
    return TwoView(R, t, match[inlier], float(np.median(angle)) if len(angle) else 0.0)


def relative_pose(
    T_a: Float[ndarray, "4 4"], T_b: Float[ndarray, "4 4"]
) -> tuple[Float[ndarray, "3 3"], Float[ndarray, "3"]]:
    """Rotation and direction (unit length) from a's camera to b's, of two world-to-camera poses."""
    T = T_b @ np.linalg.inv(T_a)
    return T[:3, :3], T[:3, 3] / max(np.linalg.norm(T[:3, 3]), 1e-12)


def _focals_differ_and_are_guessed(problem: CameraProblem, a: int, b: int) -> bool:
    groups = problem.focal_group[[a, b]]
    guessed = np.isnan(problem.focal_known[groups]) & np.isnan(problem.focal_prior[groups])
    return bool(groups[0] != groups[1] and guessed.any())


def epipolar_errors_px(
    R: Float[ndarray, "3 3"],
    t: Float[ndarray, "3"],
    xa: Float[ndarray, "match 2"],
    xb: Float[ndarray, "match 2"],
    focal_a: float,
    focal_b: float,
) -> Float[ndarray, "match"]:
    """Sampson's first-order distance to the epipolar constraint (Hartley and Zisserman 2004, section 11.4.3)."""
    E = np.array([[0, -t[2], t[1]], [t[2], 0, -t[0]], [-t[1], t[0], 0]]) @ R
    F = np.diag([1 / focal_b, 1 / focal_b, 1]) @ E @ np.diag([1 / focal_a, 1 / focal_a, 1])
    ha, hb = (np.concatenate([x, np.ones((len(x), 1))], 1) for x in (xa, xb))
    la, lb = hb @ F, ha @ F.T
    return np.abs((hb * lb).sum(1)) / np.sqrt((la[:, :2] ** 2).sum(1) + (lb[:, :2] ** 2).sum(1)).clip(1e-12)


def shared_focals(problem: CameraProblem, seed: int) -> tuple[Float[ndarray, "pair"], Float[ndarray, "pair"]]:
    """Focal length that each pair suggests if both views share it, in reference pixels, and its inliers as weight.

    Six-point solver (Stewenius et al. 2008) in RANSAC. Meaningless for pairs that only turn or look at a plane.
    """

    def suggestion(pair: tuple[int, int]) -> tuple[float, int]:
        (a, b), match = pair, problem.pairs[pair]
        found, info = poselib.estimate_shared_focal_relative_pose(
            problem.points[a][match[:, 0]], problem.points[b][match[:, 1]], np.zeros((2, 1)),
            {"max_epipolar_error": 1.0, "max_iterations": 3000, "seed": seed}, {},
        )  # fmt: skip
        return found.camera1.params[0], info["num_inliers"]

    pairs = [
        (a, b)
        for (a, b), match in problem.pairs.items()
        if len(match) >= MIN_INLIERS and problem.focal_group[a] == problem.focal_group[b]
    ]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        found = [(focal, inliers) for focal, inliers in pool.map(suggestion, pairs) if inliers >= MIN_INLIERS]
    table = np.array(found, dtype=float).reshape(-1, 2)
    return table[:, 0], table[:, 1]
