"""`agreement.agreement` in numba: one walk over a view's pixels instead of one for every pair and step."""

from collections.abc import Sequence
from typing import no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement import TOLERANCE, Agreement
from recon.network.depth.geometry import relative_projections
from render.cameras import Cameras


@numba.njit(cache=True, inline="always", error_model="numpy")
@no_type_check
def land(M, m, u, v, inverse, width, height):
    """Where a pixel's point lands in another view: whether inside, the upper left of four pixels, z_b / z_a."""
    z = M[2, 0] * u + M[2, 1] * v + M[2, 2] + m[2] * inverse
    if z <= np.float32(1e-6):
        return False, 0, 0, z
    x = (M[0, 0] * u + M[0, 1] * v + M[0, 2] + m[0] * inverse) / z
    y = (M[1, 0] * u + M[1, 1] * v + M[1, 2] + m[1] * inverse) / z
    if not (x >= 0 and y >= 0 and x <= width and y <= height):
        return False, 0, 0, z
    return True, int(np.floor(x - np.float32(0.5))), int(np.floor(y - np.float32(0.5))), z


@numba.njit(parallel=True, cache=True, error_model="numpy")
@no_type_check
def _agreement(inverse, shown, trusted, view, others, M, m, agreeing, violated, refined):
    _, height, width = inverse.shape
    for i in numba.prange(height):
        for j in range(width):
            own = inverse[view, i, j]
            total, weight = own, np.float32(1)
            for k in range(others.size):
                other = others[k]
                u, v = np.float32(j + 0.5), np.float32(i + 0.5)
                inside, column, row, z = land(M[k], m[k], u, v, own, width, height)
                if not inside:
                    continue
                depth = z / own
                close, ratios, through = 0, np.float32(0), True
                for corner in range(4):
                    y = min(max(row + corner // 2, 0), height - 1)
                    x = min(max(column + corner % 2, 0), width - 1)
                    ratio = depth * inverse[other, y, x]
                    if abs(ratio - 1) < TOLERANCE and shown[other, y, x]:
                        close += 1
                        ratios += ratio
                    through &= ratio < 1 - TOLERANCE and trusted[other, y, x]
                if close:
                    total += own * ratios / close
                    weight += 1
                violated[i, j] += through
            agreeing[i, j] = weight - 1
            refined[i, j] = total / weight


def agreement(
    cameras: Cameras,
    inverse_depth: Float[Tensor, "view height width"],
    shown: Bool[Tensor, "view height width"],
    trusted: Bool[Tensor, "view height width"],
    view: int,
    others: Sequence[int],
) -> Agreement:
    """See `agreement.agreement`."""
    agreeing, violated, refined = (torch.zeros_like(inverse_depth[view]) for _ in range(3))
    if not others:
        return Agreement(agreeing, violated, inverse_depth[view].clone())
    M, m = relative_projections(cameras, view, others)
    _agreement(
        inverse_depth.numpy(), shown.numpy(), trusted.numpy(), view, np.array(others),
        M.numpy(), m.numpy(), agreeing.numpy(), violated.numpy(), refined.numpy(),
    )  # fmt: skip
    return Agreement(agreeing, violated, refined)
