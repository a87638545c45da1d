"""Numbers of a photo's pixels as pictures: depth, confidence, difference."""

from typing import TypeVar

import cv2
import numpy as np
from jaxtyping import Float, UInt8

FAR_NEAR_PERCENTILES = (2, 98)
BRIGHTEST_DIFFERENCE = 0.25
"""In sRGB of 0 to 1, mean of the channels: twice what strikes the eye at once."""

_Image = UInt8[np.ndarray, "_ _ 3"]
_Pixels = TypeVar("_Pixels", bound=np.ndarray)


def reduced(pixels: _Pixels, max_side_px: int) -> _Pixels:
    """The same picture or map with a long side of `max_side_px` at most, each pixel a mean of those it stands for."""
    height, width = pixels.shape[:2]
    factor = max_side_px / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # pyright: ignore[reportReturnType]


def coloured_by_depth(inverse_depths: list[Float[np.ndarray, "_ _"]]) -> list[_Image]:
    """Inverse depths on one scale: near is red, far is blue."""
    every = np.concatenate([inverse.ravel() for inverse in inverse_depths])
    far, near = np.percentile(every, FAR_NEAR_PERCENTILES)
    levels = [((d - far) / max(near - far, 1e-12)).clip(0, 1) * 255 for d in inverse_depths]
    return [cv2.applyColorMap(level.astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1] for level in levels]


def coloured_by_confidence(confidence: Float[np.ndarray, "_ _"]) -> _Image:
    """White is sure, black is a guess."""
    return np.repeat((confidence.clip(0, 1) * 255).round().astype(np.uint8)[..., None], 3, axis=2)


def coloured_by_difference(difference: Float[np.ndarray, "_ _"]) -> _Image:
    """Black where there is none, over red to yellow at `BRIGHTEST_DIFFERENCE`."""
    level = (difference / BRIGHTEST_DIFFERENCE).clip(0, 1) * 255
    return cv2.applyColorMap(level.round().astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
