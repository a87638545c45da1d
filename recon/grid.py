"""Where photos lie on a working grid, and their pixels on it."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.images import Photo

STEP = 16
"""Both sides of the working grid are multiples of it."""
SAME_ASPECT = 0.01

_Size = tuple[int, int]


def fit_grid(originals_wh: Sequence[_Size], size: int) -> tuple[list[_Size], _Size]:
    """Width and height that each photo gets on the working grid, and those of the grid."""
    long_side = STEP * round(size / STEP)
    aspects = [width / height for width, height in originals_wh]
    if max(aspects) <= min(aspects) * (1 + SAME_ASPECT):
        width, height = (STEP * max(1, round(side / STEP)) for side in _fitted(originals_wh[0], long_side))
        return [(width, height)] * len(originals_wh), (width, height)
    sizes = [_fitted(original, long_side) for original in originals_wh]
    width, height = (STEP * -(-max(sides) // STEP) for sides in zip(*sizes, strict=True))
    return sizes, (width, height)


def lay_photo(
    photo: Photo, own_wh: _Size, grid_wh: _Size
) -> tuple[Float[Tensor, "3 fine_height fine_width"], Bool[Tensor, "height width"]]:
    """One photo in the upper left corner of a grid twice as fine as the working one; where the working one is valid."""
    (width, height), (grid_width, grid_height) = own_wh, grid_wh
    fine = np.zeros((2 * grid_height, 2 * grid_width, 3), np.float32)
    fine[: 2 * height, : 2 * width] = _resized(photo.rgb.astype(np.float32) / 255, (2 * width, 2 * height))
    valid = np.zeros((grid_height, grid_width), bool)
    valid[:height, :width] = True if photo.mask is None else _resized(photo.mask.astype(np.float32), own_wh) > 0.5
    return torch.from_numpy(fine).permute(2, 0, 1).contiguous(), torch.from_numpy(valid)


def _fitted(original_wh: _Size, long_side: int) -> _Size:
    factor = long_side / max(original_wh)
    return max(1, round(original_wh[0] * factor)), max(1, round(original_wh[1] * factor))


def _resized(image: Float[np.ndarray, "..."], size_wh: _Size) -> Float[np.ndarray, "..."]:
    shrinks = size_wh[0] <= image.shape[1] and size_wh[1] <= image.shape[0]
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC).clip(0, 1)
