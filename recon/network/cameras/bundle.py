"""Bundle adjustment: Levenberg-Marquardt with the points eliminated by the Schur complement.

Triggs et al. 2000, "Bundle Adjustment - A Modern Synthesis", sections 4 and 6. Made for up to a few dozen views: the
reduced system of cameras is dense. A pose is moved by a turn on its left and a shift: R <- exp(w) R, t <- t + v;
a focal length by its logarithm. Its slow twin is scipy's least_squares in tests/recon/test_bundle.py.
"""

from dataclasses import dataclass
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


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _residuals(R, t, focal, points, start, view, xy):
    """Reprojection residuals, `observation 2`; a point behind its camera counts as 1e3 px off."""
    out = np.empty((view.size, 2))
    for k in range(start.size - 1):
        for o in range(start[k], start[k + 1]):
            v = view[o]
            p = R[v] @ points[k] + t[v]
            if p[2] <= 1e-9:
                out[o, :] = 1e3
            else:
                out[o, 0] = focal[v] * p[0] / p[2] - xy[o, 0]
                out[o, 1] = focal[v] * p[1] / p[2] - xy[o, 1]
    return out


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _rows(view, group, views, out):
    """The seven unknowns that an observation in `view` hangs on."""
    for i in range(CAMERA):
        out[i] = CAMERA * view + i
    out[CAMERA] = CAMERA * views + group


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
def _reduced_system(R, t, focal, points, start, view, xy, group, groups, huber, damping):
    """The Schur complement over cameras and focals, its right side, and what brings the points back.

    Returns (S, g, point_inverse `point 3 3`, point_gradient `point 3`, coupling `observation 7 3`).
    """
    views = R.shape[0]
    size = CAMERA * views + groups
    S = np.zeros((size, size))
    g = np.zeros(size)
    inverse = np.zeros((points.shape[0], 3, 3))
    gradient = np.zeros((points.shape[0], 3))
    coupling = np.zeros((view.size, 7, 3))
    J = np.zeros((2, 7))
    X = np.zeros((2, 3))
    H = np.zeros((3, 3))
    A = np.zeros((7, 3))
    row = np.zeros(7, np.int64)
    column = np.zeros(7, np.int64)
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
            rx, ry = f * x / z - xy[o, 0], f * y / z - xy[o, 1]
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
            for i in range(7):
                g[row[i]] += w * (J[0, i] * rx + J[1, i] * ry)
                for c in range(3):
                    coupling[o, i, c] = w * (J[0, i] * X[0, c] + J[1, i] * X[1, c])
                for j in range(7):
                    S[row[i], row[j]] += w * (J[0, i] * J[0, j] + J[1, i] * J[1, j])
        for i in range(3):
            H[i, i] += damping * H[i, i] + 1e-12
        _invert(H, inverse[k])
    for i in range(size):
        S[i, i] += damping * S[i, i] + 1e-12
    for k in range(start.size - 1):
        for o in range(start[k], start[k + 1]):
            _rows(view[o], group[view[o]], views, row)
            for i in range(7):
                for c in range(3):
                    A[i, c] = (
                        coupling[o, i, 0] * inverse[k, 0, c]
                        + coupling[o, i, 1] * inverse[k, 1, c]
                        + coupling[o, i, 2] * inverse[k, 2, c]
                    )
                g[row[i]] -= A[i, 0] * gradient[k, 0] + A[i, 1] * gradient[k, 1] + A[i, 2] * gradient[k, 2]
            for q in range(start[k], start[k + 1]):
                _rows(view[q], group[view[q]], views, column)
                for i in range(7):
                    for j in range(7):
                        S[row[i], column[j]] -= (
                            A[i, 0] * coupling[q, j, 0] + A[i, 1] * coupling[q, j, 1] + A[i, 2] * coupling[q, j, 2]
                        )
    return S, g, inverse, gradient, coupling


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _point_steps(step, start, view, group, views, inverse, gradient, coupling):
    """Steps of the points that belong to `step` of the cameras and focals."""
    out = np.empty_like(gradient)
    s = np.empty(7)
    for k in range(start.size - 1):
        b = gradient[k].copy()
        for o in range(start[k], start[k + 1]):
            v = view[o]
            s[:6] = step[CAMERA * v : CAMERA * v + 6]
            s[6] = step[CAMERA * views + group[v]]
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
    return np.linalg.norm(_residuals(p.R, p.t, p.focal, p.points, p.start, p.view, p.xy), axis=1)


def _cost(problem: BundleProblem, huber: float) -> float:
    e = errors_px(problem)
    data = np.where(e < huber, 0.5 * e * e, huber * (e - 0.5 * huber)).sum()
    return float(data + 0.5 * np.sum(_prior_pull(problem) ** 2))


def _prior_pull(problem: BundleProblem) -> Float[ndarray, "group"]:
    """How far each free group's focal is from its prior, in standard deviations."""
    first = np.array([np.flatnonzero(problem.focal_group == g)[0] for g in range(len(problem.focal_prior))])
    pull = np.log(problem.focal[first] / problem.focal_prior) / problem.focal_prior_sigma
    return np.where(problem.focal_free, pull, 0.0)


def adjust(problem: BundleProblem, iterations: int, huber_px: float = 1.0) -> None:
    """Minimise Huber's loss of the reprojection errors plus the focal priors, in place.

    The gauge is held by the poses that are not free, and by the damping where those leave the scale open.
    """
    p = problem
    views, groups = len(p.R), len(p.focal_free)
    free = np.concatenate([np.repeat(p.pose_free, CAMERA), p.focal_free])
    damping, cost = 1e-4, _cost(p, huber_px)
    for _ in range(iterations):
        improved = False
        while damping < 1e8:
            S, g, inverse, gradient, coupling = _reduced_system(
                p.R, p.t, p.focal, p.points, p.start, p.view, p.xy, p.focal_group, groups, huber_px, damping
            )
            at = CAMERA * views + np.arange(groups)
            S[at, at] += 1 / p.focal_prior_sigma**2
            g[at] += _prior_pull(p) / p.focal_prior_sigma
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
        p.R, p.t, p.focal, p.points = moved.R, moved.t, moved.focal, moved.points
        done, cost, damping = cost - new < 1e-6 * cost, new, max(damping / 8, 1e-9)
        if done:
            return


def _moved(p: BundleProblem, step: ndarray, point_step: ndarray) -> BundleProblem:
    views = len(p.R)
    pose = step[: CAMERA * views].reshape(views, CAMERA)
    log_focal = np.clip(step[CAMERA * views :], -0.3, 0.3)[p.focal_group]
    return BundleProblem(
        rotation(pose[:, :3]) @ p.R, p.t + pose[:, 3:], p.focal * np.exp(log_focal), p.points + point_step,
        p.start, p.view, p.xy, p.focal_group, p.pose_free, p.focal_free, p.focal_prior, p.focal_prior_sigma,
    )  # fmt: skip
