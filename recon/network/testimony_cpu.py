"""`testimony.testify` in numba: one walk over a view's pixels instead of one for every pair and question."""

from typing import no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.network.depth.agreement import TOLERANCE
from recon.network.depth.agreement_cpu import land
from recon.network.depth.geometry import relative_projections
from recon.network.testimony import FINER, IN_THE_WAY, TOO_CLOSE, UNLIKE, Evidence, Testimony


@numba.njit(parallel=True, cache=True, error_model="numpy")
@no_type_check
def _testify(
    own_depth, view, others, M, m, K_inverse, nearest, pixels, valid, empty, depth, sure, width_there,
    agreeing, through, unlike, nothing, finer, too_close,
):  # fmt: skip
    _, height, width = depth.shape
    for i in numba.prange(height):
        for j in range(width):
            own = own_depth[i, j]
            u, v, inverse = np.float32(j + 0.5), np.float32(i + 0.5), np.float32(1) / own
            for k in range(others.size):
                other = others[k]
                distance = np.float32(0)
                for r in range(3):
                    along = np.float32(0)
                    for c in range(3):
                        seen_at = (M[k, c, 0] * u + M[k, c, 1] * v + M[k, c, 2]) * own + m[k, c]
                        along += K_inverse[other, r, c] * seen_at
                    distance += along * along
                too_close[i, j] |= np.sqrt(distance) < TOO_CLOSE * nearest[other]
                inside, column, row, z = land(M[k], m[k], u, v, inverse, width, height)
                if not inside:
                    continue
                z *= own
                any_same, all_same, all_through, all_seen, all_empty = False, True, True, True, True
                least, widest = np.float32(np.inf), np.float32(0)
                for corner in range(4):
                    y = min(max(row + corner // 2, 0), height - 1)
                    x = min(max(column + corner % 2, 0), width - 1)
                    ratio = z / depth[other, y, x]
                    same = abs(ratio - 1) < TOLERANCE and sure[other, y, x]
                    any_same |= same
                    all_same &= same
                    all_through &= ratio < IN_THE_WAY and sure[other, y, x]
                    all_seen &= ratio < 1 + TOLERANCE and valid[other, y, x]
                    all_empty &= empty[other, y, x]
                    widest = max(widest, width_there[other, y, x])
                    difference = np.float32(0)
                    for c in range(3):
                        difference += abs(pixels[other, c, y, x] - pixels[view, c, i, j])
                    least = min(least, difference / 3)
                agreeing[i, j] += any_same
                through[i, j] += all_through
                unlike[i, j] += all_seen and least > UNLIKE
                nothing[i, j] |= all_empty
                finer[i, j] |= all_same and widest < FINER * width_there[view, i, j]


def testify(evidence: Evidence, depth: Float[Tensor, "height width"], view: int, others: list[int]) -> Testimony:
    """See `testimony.testify`."""
    counts = (torch.zeros_like(depth) for _ in range(3))
    found = Testimony(*counts, *(torch.zeros_like(evidence.sure[view]) for _ in range(3)))
    if not others:
        return found
    M, m = relative_projections(evidence.cameras, view, others)
    K_inverse = torch.linalg.inv(evidence.cameras.K_px).float()
    _testify(
        depth.numpy(), view, np.array(others), M.numpy(), m.numpy(), K_inverse.numpy(),
        evidence.nearest.float().numpy(), evidence.pixels.numpy(), evidence.valid.numpy(),
        evidence.empty.numpy(), evidence.depth.numpy(), evidence.sure.numpy(), evidence.width.numpy(),
        found.agreeing.numpy(), found.through.numpy(), found.unlike.numpy(), found.nothing.numpy(),
        found.finer.numpy(), found.too_close.numpy(),
    )  # fmt: skip
    return found
