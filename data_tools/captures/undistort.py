"""What a lens bent is made straight: pictures with OpenCV's distortion -> pinhole pictures without borders."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8
from numpy import ndarray

BORDER_PX = 1.0
"""So far outside the picture a border pixel may be looked up: it is the picture's own border then."""
LEFT_AT_LEAST = 0.5
"""Share of each side of the picture that must still be seen; lenses that lose more are beyond this model."""


@dataclass(frozen=True, eq=False)
class Straightened:
    """Where each pixel of the pinhole picture lies in the picture as taken."""

    K_px: Float64[ndarray, "3 3"]
    """Intrinsics of the pinhole picture, which has the size of the one as taken."""
    x: Float32[ndarray, "height width"]
    """In pixels, 0 at the first pixel's centre, as OpenCV has it."""
    y: Float32[ndarray, "height width"]

    def photo(self, rgb: UInt8[ndarray, "height width 3"]) -> UInt8[ndarray, "height width 3"]:
        """The straight photo."""
        return cv2.remap(rgb, self.x, self.y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def depth(self, depth: Float32[ndarray, "height width"]) -> Float32[ndarray, "height width"]:
        """Depth of the straight photo: never a mean of two, since between near and far there is nothing."""
        return cv2.remap(depth, self.x, self.y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)


def straighten(
    K_px: Float64[ndarray, "3 3"], distortion: tuple[float, ...], size_wh: tuple[int, int]
) -> Straightened | None:
    """The pinhole picture that shows as much as can be without a pixel from outside the picture.

    Args:
        K_px: intrinsics of the picture as taken, pixel centre at +0.5.
        distortion: four, five or eight coefficients in OpenCV's order.
        size_wh: width and height of both pictures.

    Returns:
        None where the coefficients fold the picture over, or leave nothing of it.
    """
    width, height = size_wh
    to_opencv = np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
    coefficients = np.array(distortion)
    K_cv = K_px - to_opencv
    K_new, _ = cv2.getOptimalNewCameraMatrix(K_cv, coefficients, size_wh, 0, size_wh)
    if not np.isfinite(K_new).all() or min(K_new[0, 0], K_new[1, 1]) <= 0:
        return None
    x, y = cv2.initUndistortRectifyMap(K_cv, coefficients, np.eye(3), K_new, size_wh, cv2.CV_32FC1)
    inside = (abs(x - (width - 1) / 2) <= (width - 1) / 2 + BORDER_PX) & (
        abs(y - (height - 1) / 2) <= (height - 1) / 2 + BORDER_PX
    )
    if not inside.all() or min(np.ptp(x) / width, np.ptp(y) / height) < LEFT_AT_LEAST or _folds(x, y):
        return None
    return Straightened(K_new + to_opencv, x, y)


def _folds(x: Float32[ndarray, "height width"], y: Float32[ndarray, "height width"]) -> bool:
    """Whether neighbours change sides anywhere: the determinant of the map's derivative is not above 0."""
    right_x, right_y = np.diff(x, axis=1)[:-1], np.diff(y, axis=1)[:-1]
    down_x, down_y = np.diff(x, axis=0)[:, :-1], np.diff(y, axis=0)[:, :-1]
    return bool((right_x * down_y - right_y * down_x <= 0).any())
