"""Small islands of agreement are chance: two views alone agree on them, and on nothing around."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

MIN_PIXELS_PER_MILLION = 1000
"""Of the picture, below which an island is small: about 110 pixels at a working grid of 384x288."""
LEVEL = 16
"""Levels of the filter to one plane of the sweep, which is how far neighbours on one island may be apart."""


def islands(
    inverse_depth: Float[Tensor, "height width"],
    trusted: Bool[Tensor, "height width"],
    plane_step: float,
) -> Bool[Tensor, "height width"]:
    """Which of the `trusted` pixels lie on a small island of depths that differ by less than `plane_step`."""
    lowest = inverse_depth[trusted].min() if trusted.any() else inverse_depth.min()
    level = ((inverse_depth - lowest) / plane_step * LEVEL + 1).clamp(1, 32000)
    levels = torch.where(trusted, level, torch.zeros_like(level)).cpu().numpy().astype(np.int16)
    height, width = levels.shape
    cv2.filterSpeckles(levels, 0, round(MIN_PIXELS_PER_MILLION * height * width / 1e6), LEVEL)
    return trusted & torch.from_numpy(levels == 0).to(trusted.device)
