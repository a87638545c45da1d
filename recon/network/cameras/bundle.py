"""Bundle adjustment: Levenberg-Marquardt with the points eliminated by the Schur complement.

Triggs et al. 2000, "Bundle Adjustment - A Modern Synthesis", sections 4 and 6. Made for up to a few dozen views: the
reduced system of cameras is dense. A pose is moved by a turn on its left and a shift: R <- exp(w) R, t <- t + v;
a focal length by its logarithm, and a principal point by a shift where it is free. Its slow twin is scipy's
least_squares in tests/recon/test_bundle.py.
"""

from dataclasses import dataclass, replace
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

CAMERA = 6  # parameters of a pose


@dataclass
class BundleProblem:
    """What is adjusted, in place, and what holds it. Residuals are in reference pixels."""

    R: Float[ndarray, "view 3 3"]
    """World to camera."""
    t: Float[ndarray, "view 3"]
    focal: Float[ndarray, "view"]
    """Equal within a focal group."""
    centre: Float[ndarray, "view 2"]
    """The principal point, from where it is expected; equal within a focal group."""
    points: Float[ndarray, "point 3"]
    start: Int[ndarray, "point_plus_one"]
    """Observations of point k are `start[k]:start[k + 1]`."""
    view: Int[ndarray, "observation"]
    xy: Float[ndarray, "observation 2"]
    focal_group: Int[ndarray, "view"]
    pose_free: Bool[ndarray, "view"]
    focal_free: Bool[ndarray, "group"]
    focal_prior: Float[ndarray, "group"]
    """Where the focal of each group is expected, in reference pixels."""
    focal_prior_sigma: Float[ndarray, "group"]
    """Standard deviation of log(focal / prior)."""
    centre_sigma: float = 0.0
    """Standard deviation of each coordinate of `centre`, which is free where the focal is; 0: held."""


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _residuals(R, t, focal, centre, points, start, view, xy):
    """Reprojection residuals, `observation 2`; a point behind its camera counts as 1e3 px off."""
    out = np.empty((view.size, 2))
    for k in range(start.size - 1):
        for o in range(start[k], start[k + 1]):
            v = view[o]
            p = R[v] @ points[k] + t[v]
            if p[2] <= 1e-9:
                out[o, :] = 1e3
            else:
                out[o, 0] = focal[v] * p[0] / p[2] + centre[v, 0] - xy[o, 0]
                out[o, 1] = focal[v] * p[1] / p[2] + centre[v, 1] - xy[o, 1]
    return out


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _rows(view, group, views, out):
    """The unknowns that an observation in `view` hangs on: six of its pose, then those of its focal group."""
    for i in range(CAMERA):
        out[i] = CAMERA * view + i
    lens = out.size - CAMERA
    for i in range(lens):
        out[CAMERA + i] = CAMERA * views + lens * group + i


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _invert(H, out):
    """The inverse of a symmetric 3x3 matrix by its cofactors."""
    a, b, c = H[0, 0], H[0, 1], H[0, 2]
    d, e, f = H[1, 1], H[1, 2], H[2, 2]
    A, B, C = d * f - e * e, c * e - b * f, b * e - c * d
    s = 1 / (a * A + b * B + c * C)
    out[0, 0], out[0, 1], out[0, 2] = A * s, B * s, C * s
    out[1, 0], out[1, 1], out[1, 2] = B * s, (a * f - c * c) * s, (b * c - a * e) * s
    out[2, 0], out[2, 1], out[2, 2] = C * s, (b * c - a * e) * s, (a * d - b * b) * s


# Spelled out entry by entry: products of matrices this small would each allocate and call BLAS.
@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _reduced_system(R, t, focal, centre, points, start, view, xy, group, groups, lens, huber, damping):
    """The Schur complement over cameras and lenses, its right side, and what brings the points back.

    `lens` is 1 (the focal's logarithm), or 3 with the principal point. Returns (S, g, point_inverse `point 3 3`,
    point_gradient `point 3`, coupling `observation unknown 3`) with 6 + lens unknowns.
    """
    views, unknowns = R.shape[0], CAMERA + lens
    size = CAMERA * views + lens * groups
    S = np.zeros((size, size))
    g = np.zeros(size)
    inverse = np.zeros((points.shape[0], 3, 3))
    gradient = np.zeros((points.shape[0], 3))
    coupling = np.zeros((view.size, unknowns, 3))
    J = np.zeros((2, 9))
    J[0, 7] = J[1, 8] = 1.0
    X = np.zeros((2, 3))
    H = np.zeros((3, 3))
    A = np.zeros((unknowns, 3))
    row = np.zeros(unknowns, np.int64)
    column = np.zeros(unknowns, np.int64)
    for k in range(start.size - 1):
        H[:] = 0
        for o in range(start[k], start[k + 1]):
            v = view[o]
            qx = R[v, 0, 0] * points[k, 0] + R[v, 0, 1] * points[k, 1] + R[v, 0, 2] * points[k, 2]
            qy = R[v, 1, 0] * points[k, 0] + R[v, 1, 1] * points[k, 1] + R[v, 1, 2] * points[k, 2]
            qz = R[v, 2, 0] * points[k, 0] + R[v, 2, 1] * points[k, 1] + R[v, 2, 2] * points[k, 2]
            x, y, z = qx + t[v, 0], qy + t[v, 1], qz + t[v, 2]
            if z <= 1e-9:
                continue
            f = focal[v]
            rx, ry = f * x / z + centre[v, 0] - xy[o, 0], f * y / z + centre[v, 1] - xy[o, 1]
            error = np.sqrt(rx * rx + ry * ry)
            w = 1.0 if error < huber else huber / error
            # d(residual) / d(point in the camera) is [[u, 0, cx], [0, u, cy]].
            u, cx, cy = f / z, -f * x / (z * z), -f * y / (z * z)
            J[0, 0], J[0, 1], J[0, 2] = cx * qy, u * qz - cx * qx, -u * qy
            J[1, 0], J[1, 1], J[1, 2] = -u * qz + cy * qy, -cy * qx, u * qx
            J[0, 3], J[0, 4], J[0, 5], J[0, 6] = u, 0.0, cx, f * x / z
            J[1, 3], J[1, 4], J[1, 5], J[1, 6] = 0.0, u, cy, f * y / z
            for c in range(3):
                X[0, c] = u * R[v, 0, c] + cx * R[v, 2, c]
                X[1, c] = u * R[v, 1, c] + cy * R[v, 2, c]
            for i in range(3):
                gradient[k, i] += w * (X[0, i] * rx + X[1, i] * ry)
                for j in range(3):
                    H[i, j] += w * (X[0, i] * X[0, j] + X[1, i] * X[1, j])
            _rows(v, group[v], views, row)
            for i in range(unknowns):
                g[row[i]] += w * (J[0, i] * rx + J[1, i] * ry)
                for c in range(3):
                    coupling[o, i, c] = w * (J[0, i] * X[0, c] + J[1, i] * X[1, c])
                for j in range(unknowns):
                    S[row[i], row[j]] += w * (J[0, i] * J[0, j] + J[1, i] * J[1, j])
        for i in range(3):
            H[i, i] += damping * H[i, i] + 1e-12
        _invert(H, inverse[k])
    for i in range(size):
        S[i, i] += damping * S[i, i] + 1e-12
    for k in range(start.size - 1):
        for o in range(start[k], start[k + 1]):
            _rows(view[o], group[view[o]], views, row)
            for i in range(unknowns):
                for c in range(3):
                    A[i, c] = (
                        coupling[o, i, 0] * inverse[k, 0, c]
                        + coupling[o, i, 1] * inverse[k, 1, c]
                        + coupling[o, i, 2] * inverse[k, 2, c]
                    )
                g[row[i]] -= A[i, 0] * gradient[k, 0] + A[i, 1] * gradient[k, 1] + A[i, 2] * gradient[k, 2]
            for q in range(start[k], start[k + 1]):
                _rows(view[q], group[view[q]], views, column)
                for i in range(unknowns):
                    for j in range(unknowns):
                        S[row[i], column[j]] -= (
                            A[i, 0] * coupling[q, j, 0] + A[i, 1] * coupling[q, j, 1] + A[i, 2] * coupling[q, j, 2]
                        )
    return S, g, inverse, gradient, coupling


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _point_steps(step, start, view, group, views, inverse, gradient, coupling):
    """Steps of the points that belong to `step` of the cameras and focals."""
    out = np.empty_like(gradient)
    lens = coupling.shape[1] - CAMERA
    s = np.empty(CAMERA + lens)
    for k in range(start.size - 1):
        b = gradient[k].copy()
        for o in range(start[k], start[k + 1]):
            v = view[o]
            s[:6] = step[CAMERA * v : CAMERA * v + 6]
            own = CAMERA * views + lens * group[v]
            s[6:] = step[own : own + lens]
            b += coupling[o].T @ s
        out[k] = -inverse[k] @ b
    return out


def rotation(w: Float[ndarray, "view 3"]) -> Float[ndarray, "view 3 3"]:
    """Rodrigues' formula for rotation vectors in radians."""
    angle = np.linalg.norm(w, axis=1)[:, None, None]
    x, y, z = (w / np.maximum(angle[:, 0], 1e-12)).T
    o = np.zeros_like(x)
    K = np.stack([o, -z, y, z, o, -x, -y, x, o], 1).reshape(-1, 3, 3)
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * K @ K


def errors_px(problem: BundleProblem) -> Float[ndarray, "observation"]:
    """Reprojection error of every observation, in reference pixels."""
    p = problem
    return np.linalg.norm(_residuals(p.R, p.t, p.focal, p.centre, p.points, p.start, p.view, p.xy), axis=1)


def _cost(problem: BundleProblem, huber: float) -> float:
    e = errors_px(problem)
    data = np.where(e < huber, 0.5 * e * e, huber * (e - 0.5 * huber)).sum()
    return float(data + 0.5 * np.sum(_prior_pull(problem) ** 2))


def _prior_pull(problem: BundleProblem) -> Float[ndarray, "group lens"]:
    """How far what is free of each group's lens is from its prior, in standard deviations."""
    p = problem
    first = np.array([np.flatnonzero(p.focal_group == g)[0] for g in range(len(p.focal_prior))])
    pull = (np.log(p.focal[first] / p.focal_prior) / p.focal_prior_sigma)[:, None]
    if p.centre_sigma > 0:
        pull = np.concatenate([pull, p.centre[first] / p.centre_sigma], 1)
    return np.where(p.focal_free[:, None], pull, 0.0)


def _prior_weight(problem: BundleProblem) -> Float[ndarray, "group lens"]:
    """One over the standard deviations."""
    weight = 1 / problem.focal_prior_sigma[:, None]
    if problem.centre_sigma > 0:
        weight = np.concatenate([weight, np.full((len(weight), 2), 1 / problem.centre_sigma)], 1)
    return weight


def adjust(problem: BundleProblem, iterations: int, huber_px: float = 1.0) -> None:
    """Minimise Huber's loss of the reprojection errors plus the priors of the lenses, in place.

    The gauge is held by the poses that are not free, and by the damping where those leave the scale open.
    """
    p = problem
    views, weight = len(p.R), _prior_weight(p)
    groups, lens = weight.shape
    free = np.concatenate([np.repeat(p.pose_free, CAMERA), np.repeat(p.focal_free, lens)])
    damping, cost = 1e-4, _cost(p, huber_px)
    for _ in range(iterations):
        improved = False
        while damping < 1e8:
            S, g, inverse, gradient, coupling = _reduced_system(
                p.R, p.t, p.focal, p.centre, p.points, p.start, p.view, p.xy, p.focal_group, groups, lens, huber_px,
                damping,
            )  # fmt: skip
            at = np.arange(CAMERA * views, len(S))
            S[at, at] += (weight**2).ravel()
            g[at] += (_prior_pull(p) * weight).ravel()
            step = np.zeros(len(free))
            if free.any():
                # Least squares of the reduced system, since it is singular where points all but coincide.
                step[free] = -np.linalg.lstsq(S[np.ix_(free, free)], g[free], rcond=None)[0]
            moved = _moved(
                p,
                step,
                _point_steps(step, p.start, p.view, p.focal_group, views, inverse, gradient, coupling),
            )
            new = _cost(moved, huber_px)
            if new < cost:
                improved = True
                break
            damping *= 8
        if not improved:
            return
        p.R, p.t, p.focal, p.centre, p.points = moved.R, moved.t, moved.focal, moved.centre, moved.points
        done, cost, damping = cost - new < 1e-6 * cost, new, max(damping / 8, 1e-9)
        if done:
            return


def _moved(p: BundleProblem, step: ndarray, point_step: ndarray) -> BundleProblem:
    views = len(p.R)
    pose = step[: CAMERA * views].reshape(views, CAMERA)
    lens = step[CAMERA * views :].reshape(len(p.focal_free), -1)[p.focal_group]
    return replace(
        p,
        R=rotation(pose[:, :3]) @ p.R,
        t=p.t + pose[:, 3:],
        focal=p.focal * np.exp(np.clip(lens[:, 0], -0.3, 0.3)),
        centre=p.centre + lens[:, 1:] if lens.shape[1] > 1 else p.centre,
        points=p.points + point_step,
    )
