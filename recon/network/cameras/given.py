"""Whether given poses are what the photos show; where they are not, which usual mistake would explain it.

Poses are given as camera-to-world in OpenCV axes. Most wrong files hold right poses written down otherwise: the
matches between photos, which know nothing of the file, tell which.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import poselib
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.problem import CameraProblem, bearings, pinhole
from recon.network.cameras.solve import focal_priors, focal_starts
from recon.network.cameras.two_view import MAX_EPIPOLAR_PX, START_INLIERS, epipolar_errors_px, relative_pose

PAIRS_A_VIEW = 2
"""Each given view is held against those that it has most matches with."""
CONTRADICTED = 0.5
"""Below this share of good matches, a pose is contradicted."""
EXPLAINED = 0.3
"""The least share that another way to read the poses must explain, and twice as much as they do as they are."""

Reading = Callable[[Float[ndarray, "4 4"]], Float[ndarray, "4 4"]]

_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])


def _transposed(T: Float[ndarray, "4 4"]) -> Float[ndarray, "4 4"]:
    out = T.copy()
    out[:3, :3] = T[:3, :3].T
    return out


READINGS: dict[str, Reading] = {
    "world-to-camera matrices; invert them": np.linalg.inv,
    "poses in OpenGL axes (y up, z backward); multiply the second and third column by -1": lambda T: T @ _FLIP,
    "poses whose rotations are transposed; transpose them back": _transposed,
    "world-to-camera matrices in OpenGL axes; multiply the second and third row by -1 and invert them": lambda T: (
        np.linalg.inv(_FLIP @ T)
    ),
}
"""How a camera-to-world matrix may be meant that was not written as one, by what the user should do about it."""


@dataclass(frozen=True)
class GivenCheck:
    """What the matches say of given poses."""

    refusal: str | None
    """Why nothing should be built on them; None where something can."""
    contradicted: tuple[int, ...]
    """Views whose pose fits to no other."""


@dataclass(frozen=True)
class _Pair:
    a: int
    b: int
    xa: Float[ndarray, "match 2"]
    xb: Float[ndarray, "match 2"]


def check_given_poses(problem: CameraProblem, seed: int) -> GivenCheck:
    """Hold the given poses against matches that agree on some relative pose, whatever it is."""
    given = {v: np.linalg.inv(T) for v, T in enumerate(problem.T_camera_world) if T is not None}
    if len(given) < 2:
        return GivenCheck(None, ())
    # Where focal lengths are open too, every reading is judged by the one that suits it best.
    starts = focal_starts(problem, focal_priors(problem)[0], seed)
    pairs = [(focal, _good_pairs(problem, list(given), focal, seed)) for focal in starts]
    pairs = [(focal, found) for focal, found in pairs if found]
    if not pairs:
        return GivenCheck(None, ())

    def shares(read: Reading) -> list[Float[ndarray, "pair"]]:
        poses = {v: read(T) for v, T in given.items()}
        return [np.array([_share(p, poses[p.a], poses[p.b], focal) for p in found]) for focal, found in pairs]

    def best(found: list[Float[ndarray, "pair"]]) -> float:
        return max(float(np.median(share)) for share in found)

    own_shares = shares(lambda T: T)
    own = best(own_shares)
    if own < CONTRADICTED:
        explained, meant = max((best(shares(read)), text) for text, read in READINGS.items())
        if explained >= max(EXPLAINED, 2 * own):
            return GivenCheck(f"The given camera_to_world are not what the photos show, but fit as {meant}.", ())
    if len(starts) > 1:
        return GivenCheck(None, ())  # A pose may fit badly because of the focal length.
    ((_, held),) = pairs
    fits = {v for p, share in zip(held, own_shares[0], strict=True) if share >= CONTRADICTED for v in (p.a, p.b)}
    return GivenCheck(None, tuple(sorted({v for p in held for v in (p.a, p.b)} - fits)))


def _good_pairs(problem: CameraProblem, views: list[int], focal: Float[ndarray, "view"], seed: int) -> list[_Pair]:
    """The pairs of given views with most matches, reduced to the matches that agree on a relative pose."""
    among = [key for key in problem.pairs if key[0] in views and key[1] in views]
    chosen = {
        key
        for v in views
        for key in sorted((k for k in among if v in k), key=lambda k: -len(problem.pairs[k]))[:PAIRS_A_VIEW]
    }
    good = []
    for a, b in sorted(chosen):
        match = problem.pairs[a, b]
        if len(match) < START_INLIERS:
            continue
        xa, xb = problem.points[a][match[:, 0]], problem.points[b][match[:, 1]]
        _, info = poselib.estimate_relative_pose(
            xa, xb, pinhole(focal[a]), pinhole(focal[b]), {"max_epipolar_error": MAX_EPIPOLAR_PX, "seed": seed}, {}
        )
        inlier = np.array(info["inliers"], dtype=bool)
        if inlier.sum() >= START_INLIERS:
            good.append(_Pair(a, b, xa[inlier], xb[inlier]))
    return good


def _share(
    pair: _Pair,
    T_world_a: Float[ndarray, "4 4"],
    T_world_b: Float[ndarray, "4 4"],
    focal: Float[ndarray, "view"],
) -> float:
    """How many of the pair's matches two camera-to-world poses explain, as points in front of both cameras."""
    R, t = relative_pose(np.linalg.inv(T_world_a), np.linalg.inv(T_world_b))
    errors = epipolar_errors_px(R, t, pair.xa, pair.xb, focal[pair.a], focal[pair.b])
    rays_a = bearings(pair.xa, focal[pair.a]) @ R.T
    rays_b = bearings(pair.xb, focal[pair.b])
    # Depths of the points where both rays come closest: a ray_a + t = b ray_b, solved by least squares.
    cosine = (rays_a * rays_b).sum(1)
    depth_a = cosine * (rays_b @ t) - rays_a @ t
    depth_b = rays_b @ t - cosine * (rays_a @ t)
    return float(((errors < 2 * MAX_EPIPOLAR_PX) & (depth_a > 0) & (depth_b > 0)).mean())
