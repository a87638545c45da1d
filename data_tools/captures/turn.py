"""Pictures turned by quarters, and their cameras with them: the scene stays where it is."""

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

QUARTER = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
"""From the axes of the turned camera to those before: its x looks along the y of before, its y against the x."""


def turn_camera(
    K_px: Float64[ndarray, "3 3"], T_world_camera: Float64[ndarray, "4 4"], size_wh: tuple[int, int], quarters: int
) -> tuple[Float64[ndarray, "3 3"], Float64[ndarray, "4 4"]]:
    """The camera of a picture that `np.rot90` turns counterclockwise.

    Args:
        K_px, T_world_camera: of the picture before.
        size_wh: its width and height before.
        quarters: how often it is turned by 90 degrees.
    """
    width, height = size_wh
    for _ in range(quarters % 4):
        # The pixel (u, v) goes to (v, width - u).
        (fx, _, cx), (_, fy, cy), _ = K_px
        K_px = np.array([[fy, 0, cy], [0, fx, width - cx], [0, 0, 1]])
        T_world_camera = T_world_camera @ QUARTER
        width, height = height, width
    return K_px, T_world_camera
