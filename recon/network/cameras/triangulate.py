"""Points of tracks from the cameras that see them."""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from recon.network.cameras.problem import SceneMap
from recon.network.cameras.tracks import Tracks


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _triangulate(start, view, xy, R, t, focal, registered, min_cosine, max_error):
    """Midpoint of the two rays that meet under the widest angle, kept if the other observations agree.

    Returns (points `track 3`, solved `track`, outlier `observation`).
    """
    tracks = start.size - 1
    points = np.zeros((tracks, 3))
    solved = np.zeros(tracks, np.bool_)
    outlier = np.zeros(view.size, np.bool_)
    for k in range(tracks):
        n = start[k + 1] - start[k]
        rays = np.empty((n, 3))
        for i in range(n):
            o = start[k] + i
            v = view[o]
            d = np.array([xy[o, 0] / focal[v], xy[o, 1] / focal[v], 1.0])
            rays[i] = R[v].T @ (d / np.sqrt(d @ d))
        best_count = 0
        for i in range(n):
            if not registered[view[start[k] + i]]:
                continue
            for j in range(i + 1, n):
                if not registered[view[start[k] + j]]:
                    continue
                c = rays[i] @ rays[j]
                if c > min_cosine:
                    continue
                a, b = view[start[k] + i], view[start[k] + j]
                base = R[a].T @ t[a] - R[b].T @ t[b]  # from centre a to centre b
                s = 1 - c * c
                da = (base @ rays[i] - c * (base @ rays[j])) / s
                db = (c * (base @ rays[i]) - base @ rays[j]) / s
                if da <= 0 or db <= 0:
                    continue
                p = 0.5 * (da * rays[i] - R[a].T @ t[a] + db * rays[j] - R[b].T @ t[b])
                count = 0
                total = 0.0
                for q in range(start[k], start[k + 1]):
                    if registered[view[q]]:
                        e = _error(p, R[view[q]], t[view[q]], focal[view[q]], xy[q])
                        if e < max_error:
                            count += 1
                            total += 1 - e / max_error
                if count >= 2 and count + 0.1 * total > best_count:
                    best_count = count + 0.1 * total
                    points[k] = p
                    solved[k] = True
        if solved[k]:
            for q in range(start[k], start[k + 1]):
                v = view[q]
                outlier[q] = registered[v] and _error(points[k], R[v], t[v], focal[v], xy[q]) >= max_error
    return points, solved, outlier


@numba.njit(cache=True, error_model="numpy")
@no_type_check
def _error(point, R, t, focal, xy):
    p = R @ point + t
    if p[2] <= 1e-9:
        return 1e9
    return np.sqrt((focal * p[0] / p[2] - xy[0]) ** 2 + (focal * p[1] / p[2] - xy[1]) ** 2)


def triangulate(scene: SceneMap, tracks: Tracks, min_angle_deg: float, max_error_px: float) -> None:
    """Set the points of all tracks anew from the registered cameras, in place."""
    best = _triangulate(
        tracks.start, tracks.view, tracks.xy, scene.R, scene.t, scene.focal, scene.registered,
        float(np.cos(np.radians(min_angle_deg))), max_error_px,
    )  # fmt: skip
    scene.points, scene.solved, scene.outlier = best


def in_use(scene: SceneMap, tracks: Tracks) -> Bool[ndarray, "observation"]:
    """Observations that hold the map: of registered views, and not contradicting their track's point."""
    return scene.solved[tracks.track] & scene.registered[tracks.view] & ~scene.outlier


def reprojection_errors(scene: SceneMap, tracks: Tracks) -> Float[ndarray, "observation"]:
    """Reference pixels; infinite for points behind the camera."""
    R, t, f = scene.R[tracks.view], scene.t[tracks.view], scene.focal[tracks.view]
    p = np.einsum("oij,oj->oi", R, scene.points[tracks.track]) + t
    front = p[:, 2] > 1e-9
    projected = f[:, None] * p[:, :2] / np.where(front, p[:, 2], 1.0)[:, None]
    return np.where(front, np.linalg.norm(projected - tracks.xy, axis=1), np.inf)
