"""A curve through space on which near points lie near each other: formats that look at neighbours write along it."""

import numpy as np
from jaxtyping import Float32, Integer

CURVE_BITS = 21


def along_curve(means: Float32[np.ndarray, "n 3"]) -> Integer[np.ndarray, "n"]:
    """Indices that sort one centre or more along a Morton curve over their bounding box."""
    low = means.min(0).astype(np.float64)
    extent = means.max(0) - low
    cells = ((means - low) / np.where(extent > 0, extent, 1) * (2**CURVE_BITS - 1)).astype(np.uint64)
    code = np.zeros(len(means), np.uint64)
    for bit in range(CURVE_BITS):
        for axis in range(3):
            code |= (cells[:, axis] >> np.uint64(bit) & np.uint64(1)) << np.uint64(3 * bit + axis)
    return code.argsort(kind="stable")
