"""Photos that a homography explains wholly: taken from one place, or of one plane.

From one place no depth can be seen, whatever the solver makes of it: a free focal length lets it find a map that fits
(Hartley and Zisserman 2004, sections 8.4 and 22.2; Torr, Fitzgibbon and Zisserman 1999).
"""

from typing import Literal

import numpy as np
import poselib
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.problem import REFERENCE_LONG_SIDE, CameraProblem, SceneMap
from recon.network.cameras.two_view import MAX_EPIPOLAR_PX, START_INLIERS, TwoView

TURNED, FLAT = 0.7, 0.9
"""Share of each pair's inliers that one homography must explain. That it is a turn is rarer, so fewer will do."""
ROUND = 1.03
"""Largest over smallest singular value of what still counts as a rotation; a degree of parallax alone makes 1.02."""
FOCALS = REFERENCE_LONG_SIDE * np.geomspace(0.4, 5.0, 40)


def degeneracy(
    problem: CameraProblem, scene: SceneMap, pairs: dict[tuple[int, int], TwoView], seed: int
) -> Literal["one place", "one plane"] | None:
    """What all `pairs` of registered views with enough matches in common have in common."""
    found, known, shares = [], [], []
    for (a, b), pose in pairs.items():
        if not (scene.registered[a] and scene.registered[b]) or len(pose.matches) < START_INLIERS:
            continue
        xa, xb = problem.points[a][pose.matches[:, 0]], problem.points[b][pose.matches[:, 1]]
        H, info = poselib.estimate_homography(xa, xb, {"max_reproj_error": 2 * MAX_EPIPOLAR_PX, "seed": seed}, {})
        shares.append(info["num_inliers"] / len(xa))
        if shares[-1] < TURNED:
            return None
        found.append(np.asarray(H))
        known.append(problem.focal_known[problem.focal_group[[a, b]]])
    if not found:
        return None
    if are_turns(np.stack(found), np.stack(known)):
        return "one place"
    return "one plane" if min(shares) >= FLAT else None


def are_turns(H: Float[ndarray, "pair 3 3"], focals: Float[ndarray, "pair 2"]) -> bool:
    """Whether homographies between reference pixels of two views are those of a camera that only turns.

    Where a focal length is NaN, one that is shared and suits all of them best is taken. From a single pair with an
    unknown focal length some steps before a plane cannot be told from turns.
    """
    worst = [max(map(_roundness, H, np.where(np.isfinite(focals), focals, f))) for f in FOCALS]
    return min(worst) < ROUND


def _roundness(H: Float[ndarray, "3 3"], focals: Float[ndarray, "2"]) -> float:
    """Largest over smallest singular value of what H does to rays."""
    a, b = focals
    turn = np.diag([1 / b, 1 / b, 1]) @ H @ np.diag([a, a, 1])
    singular = np.linalg.svd(turn, compute_uv=False)
    return float(singular[0] / max(singular[2], 1e-12))
