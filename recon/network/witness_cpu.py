"""`witness.witnesses` in numba: one walk over a view's pixels."""

from typing import no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement_cpu import land
from recon.network.depth.geometry import relative_projections
from recon.network.testimony import Evidence
from recon.network.witness import DIFFERENCE, FAR, RATIOS, SAID, Witnesses, own_numbers

_RATIOS = np.array(RATIOS, np.float32)


@numba.njit(cache=True, inline="always", error_model="numpy")
@no_type_check
def _sine(M, m, K_inverse, u, v, own):
    """Of the angle between two lines of sight to a point, 1 from `FAR` on."""
    there, here = np.empty(3, np.float32), np.empty(3, np.float32)
    for r in range(3):
        there[r], here[r] = np.float32(0), np.float32(0)
        for c in range(3):
            ray = (M[c, 0] * u + M[c, 1] * v + M[c, 2]) * own
            there[r] += K_inverse[r, c] * (ray + m[c])
            here[r] += K_inverse[r, c] * ray
    x = there[1] * here[2] - there[2] * here[1]
    y = there[2] * here[0] - there[0] * here[2]
    z = there[0] * here[1] - there[1] * here[0]
    lengths = np.sqrt(there[0] ** 2 + there[1] ** 2 + there[2] ** 2) * np.sqrt(
        here[0] ** 2 + here[1] ** 2 + here[2] ** 2
    )
    return min(np.sqrt(x * x + y * y + z * z) / max(lengths, np.float32(1e-12)) / np.float32(FAR), np.float32(1))


@numba.njit(cache=True, inline="always", error_model="numpy")
@no_type_check
def _difference(picture, own, x, y, width, height):
    """Mean over the channels of |picture at (x, y), pixel centres at +0.5, - own|."""
    x = min(max(x - np.float32(0.5), np.float32(0)), np.float32(width - 1))
    y = min(max(y - np.float32(0.5), np.float32(0)), np.float32(height - 1))
    x0, y0 = int(x), int(y)
    x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
    right, down = x - np.float32(x0), y - np.float32(y0)
    total = np.float32(0)
    for c in range(3):
        top = picture[c, y0, x0] + right * (picture[c, y0, x1] - picture[c, y0, x0])
        bottom = picture[c, y1, x0] + right * (picture[c, y1, x1] - picture[c, y1, x0])
        total += abs(top + down * (bottom - top) - own[c])
    return total / 3


@numba.njit(parallel=True, cache=True, error_model="numpy")
@no_type_check
def _said(own_depth, view, others, M, m, K_inverse, pixels, valid, empty, sky, depth, sure, width_there, out):
    _, height, width = depth.shape
    for i in numba.prange(height):
        for j in range(width):
            own = own_depth[i, j]
            u, v, inverse = np.float32(j + 0.5), np.float32(i + 0.5), np.float32(1) / own
            for k in range(others.size):
                other = others[k]
                inside, column, row, z = land(M[k], m[k], u, v, inverse, width, height)
                if not inside:
                    continue
                x = (M[k, 0, 0] * u + M[k, 0, 1] * v + M[k, 0, 2] + m[k, 0] * inverse) / z
                y = (M[k, 1, 0] * u + M[k, 1, 1] * v + M[k, 1, 2] + m[k, 1] * inverse) / z
                z *= own
                seen, nearest, least, narrowest = True, np.float32(np.inf), np.float32(np.inf), np.float32(np.inf)
                sures, empties, skies = np.float32(0), np.float32(0), np.float32(0)
                for corner in range(4):
                    r = min(max(row + corner // 2, 0), height - 1)
                    c = min(max(column + corner % 2, 0), width - 1)
                    seen &= valid[other, r, c]
                    ratio = np.log(min(max(z / depth[other, r, c], np.float32(1e-3)), np.float32(1e3)))
                    if abs(ratio) < abs(nearest):
                        nearest = ratio
                    sures += sure[other, r, c]
                    empties += empty[other, r, c]
                    skies += sky[other, r, c]
                    narrowest = min(narrowest, width_there[other, r, c])
                    difference = np.float32(0)
                    for channel in range(3):
                        difference += abs(pixels[other, channel, r, c] - pixels[view, channel, i, j])
                    least = min(least, difference / 3)
                if not seen:
                    continue
                said = out[i, j, k]
                said[0] = 1
                for n in range(_RATIOS.size):
                    said[1 + n] = np.tanh(nearest / _RATIOS[n])
                at_place = _difference(pixels[other], pixels[view, :, i, j], x, y, width, height)
                wider = min(max(narrowest / width_there[view, i, j], np.float32(1e-3)), np.float32(1e3))
                said[4] = sures / 4
                said[5] = np.tanh(at_place / np.float32(DIFFERENCE))
                said[6] = np.tanh(least / np.float32(DIFFERENCE))
                said[7] = np.tanh(np.log(wider))
                said[8] = _sine(M[k], m[k], K_inverse[other], u, v, own)
                said[9] = empties / 4
                said[10] = skies / 4


def witnesses(
    evidence: Evidence,
    sky: Bool[Tensor, "view height width"],
    confidence: Float[Tensor, "height width"],
    depth: Float[Tensor, "height width"],
    kept: Bool[Tensor, "height width"],
    backstop: bool,
    view: int,
    others: list[int],
) -> Witnesses:
    """See `witness.witnesses`."""
    said = torch.zeros(*depth.shape, len(others), SAID)
    M, m = relative_projections(evidence.cameras, view, others)
    K_inverse = torch.linalg.inv(evidence.cameras.K_px).float()
    _said(
        depth.numpy(), view, np.array(others), M.numpy(), m.numpy(), K_inverse.numpy(), evidence.pixels.numpy(),
        evidence.valid.numpy(), evidence.empty.numpy(), sky.numpy(), evidence.depth.numpy(), evidence.sure.numpy(),
        evidence.width.numpy(), said.numpy(),
    )  # fmt: skip
    return Witnesses(said, own_numbers(evidence, said, confidence, depth, kept, backstop, view))
