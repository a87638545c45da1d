"""`view_colours.view_colours` in numba: one walk over a view's pixels."""

from typing import no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement import TOLERANCE
from recon.network.depth.geometry import relative_projections
from recon.network.view_colours import STIFFNESS
from render.cameras import Cameras
from render.sh import SH_C0, SH_C1, rgb_to_sh0


@numba.njit(cache=True, inline="always", error_model="numpy")
@no_type_check
def _asked(M, m, u, v, own, shown, depth, height, width):
    """Whether a photo shows the point of a pixel, and at which column and row, pixel centres at whole numbers."""
    nowhere = np.float32(0)
    z = (M[2, 0] * u + M[2, 1] * v + M[2, 2]) * own + m[2]
    if z <= np.float32(1e-6) * own:
        return False, nowhere, nowhere
    x = ((M[0, 0] * u + M[0, 1] * v + M[0, 2]) * own + m[0]) / z
    y = ((M[1, 0] * u + M[1, 1] * v + M[1, 2]) * own + m[1]) / z
    if not (x >= 0 and y >= 0 and x <= width and y <= height):
        return False, nowhere, nowhere
    x, y = x - np.float32(0.5), y - np.float32(0.5)
    column, row = int(np.floor(x)), int(np.floor(y))
    for corner in range(4):
        i = min(max(row + corner // 2, 0), height - 1)
        j = min(max(column + corner % 2, 0), width - 1)
        if not shown[i, j] or z / depth[i, j] >= 1 + TOLERANCE:
            return False, nowhere, nowhere
    return True, x, y


@numba.njit(cache=True, inline="always", error_model="numpy")
@no_type_check
def _towards(offset, baseline, out):
    """Unit vector of `offset + baseline`."""
    total = np.float32(0)
    for r in range(3):
        out[r] = offset[r] + baseline[r]
        total += out[r] * out[r]
    for r in range(3):
        out[r] /= np.sqrt(total)


@numba.njit(cache=True, inline="always", error_model="numpy")
@no_type_check
def _solve(A, b):
    """b <- A^-1 b for a symmetric positive definite 3x3, by Gauss's elimination in place."""
    for k in range(3):
        for r in range(k + 1, 3):
            factor = A[r, k] / A[k, k]
            for c in range(k, 3):
                A[r, c] -= factor * A[k, c]
            for c in range(3):
                b[r, c] -= factor * b[k, c]
    for k in range(2, -1, -1):
        for c in range(3):
            for r in range(k + 1, 3):
                b[k, c] -= A[k, r] * b[r, c]
            b[k, c] /= A[k, k]


@numba.njit(parallel=True, cache=True, error_model="numpy")
@no_type_check
def _view_colours(pixels, shown, depth, own_depth, view, others, M, m, baselines, to_world, out):
    _, _, height, width = pixels.shape
    for i in numba.prange(height):
        A, b = np.empty((3, 3), np.float32), np.empty((3, 3), np.float32)
        offset, here, there = np.empty(3, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
        nothing = np.zeros(3, np.float32)
        for j in range(width):
            u, v, own = np.float32(j + 0.5), np.float32(i + 0.5), own_depth[i, j]
            for r in range(3):
                offset[r] = (to_world[r, 0] * u + to_world[r, 1] * v + to_world[r, 2]) * own
                for c in range(3):
                    A[r, c], b[r, c] = np.float32(STIFFNESS if r == c else 0), np.float32(0)
            _towards(offset, nothing, here)
            for k in range(others.size):
                other = others[k]
                asked, x, y = _asked(M[k], m[k], u, v, own, shown[other], depth[other], height, width)
                if not asked:
                    continue
                _towards(offset, baselines[k], there)
                along = here[0] * there[0] + here[1] * there[1] + here[2] * there[2]
                for r in range(3):
                    there[r] -= along * here[r]
                x, y = min(max(x, np.float32(0)), width - 1), min(max(y, np.float32(0)), height - 1)
                x0, y0 = int(x), int(y)
                x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
                right, down = np.float32(x - x0), np.float32(y - y0)
                for c in range(3):
                    picture = pixels[other, c]
                    top = picture[y0, x0] + right * (picture[y0, x1] - picture[y0, x0])
                    bottom = picture[y1, x0] + right * (picture[y1, x1] - picture[y1, x0])
                    change = top + down * (bottom - top) - pixels[view, c, i, j]
                    for r in range(3):
                        b[r, c] += there[r] * change
                        A[r, c] += there[r] * there[c]
            _solve(A, b)
            for c in range(3):
                out[i, j, 0, c] = (pixels[view, c, i, j] - np.float32(0.5)) / np.float32(SH_C0)
                out[i, j, 1, c] = -b[1, c] / np.float32(SH_C1)
                out[i, j, 2, c] = b[2, c] / np.float32(SH_C1)
                out[i, j, 3, c] = -b[0, c] / np.float32(SH_C1)


def view_colours(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    shown: Bool[Tensor, "view height width"],
    depth: Float[Tensor, "view height width"],
    own_depth: Float[Tensor, "height width"],
    view: int,
) -> Float[Tensor, "height width 4 3"]:
    """See `view_colours.view_colours`."""
    others = [v for v in range(len(pixels)) if v != view]
    out = torch.zeros(*own_depth.shape, 4, 3)
    if not others:
        out[..., 0, :] = rgb_to_sh0(pixels[view].permute(1, 2, 0))
        return out
    M, m = relative_projections(cameras, view, others)
    to_world = cameras.T_world_camera[view, :3, :3] @ torch.linalg.inv(cameras.K_px[view])
    baselines = cameras.centres[view] - cameras.centres[others]
    _view_colours(
        pixels.numpy(), shown.numpy(), depth.numpy(), own_depth.numpy(), view, np.array(others),
        M.numpy(), m.numpy(), baselines.float().numpy(), to_world.float().numpy(), out.numpy(),
    )  # fmt: skip
    return out
