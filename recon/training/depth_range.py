"""How near and how far a scene is likely to be, where no depth says so: guessed from its cameras."""

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from render.cameras import Cameras

CONVERGING_DEGREES = (3.0, 90.0)
"""Optical axes at such angles have a well-defined place where they come closest."""
AROUND_THE_MEETING = (0.5, 2.0)
"""Near and far, in depths at which axes meet."""
IN_SPACINGS = (4.0, 40.0)
"""Near and far, in distances to the nearest other camera: axes at 1.4 to 14 degrees on what both look at."""

AT_MOST = 256
"""So many cameras of a scene, spread over where they stand, are enough for a guess."""


def guess_depth_range(cameras: Cameras) -> tuple[float, float]:
    """Near and far z-depth, in the cameras' unit; both above 0.

    People who walk around something keep it in the middle: where axes come closest to each other in front of most
    pairs of cameras, that is how far the scene is. Otherwise it is a number of steps between photos.
    """
    order = np.lexsort(cameras.centres.numpy().T)
    centres, axes = cameras.centres.numpy()[order], cameras.T_world_camera[:, :3, 2].numpy()[order]
    some = np.linspace(0, len(centres) - 1, min(len(centres), AT_MOST)).astype(int)
    meeting = _meeting_depths(centres[some], axes[some])
    in_front = meeting[meeting > 0]
    if len(in_front) * 2 > len(meeting):
        middle = float(np.median(in_front))
        return AROUND_THE_MEETING[0] * middle, AROUND_THE_MEETING[1] * middle
    spacing = _spacing(centres[some], centres)
    return IN_SPACINGS[0] * spacing, IN_SPACINGS[1] * spacing


def _meeting_depths(centres: Float64[ndarray, "view 3"], axes: Float64[ndarray, "view 3"]) -> Float64[ndarray, "depth"]:
    """Depth, along each axis of every pair, of the point nearest to the other axis (normal equations of two lines)."""
    one, other = np.triu_indices(len(centres), 1)
    cosine = (axes[one] * axes[other]).sum(1)
    low, high = np.cos(np.deg2rad(CONVERGING_DEGREES[::-1]))
    fits = (cosine > low) & (cosine < high)
    one, other, cosine = one[fits], other[fits], cosine[fits]
    between = centres[other] - centres[one]
    along_one, along_other = (between * axes[one]).sum(1), (between * axes[other]).sum(1)
    sine_squared = 1 - cosine**2
    return np.concatenate(
        [(along_one - cosine * along_other) / sine_squared, (cosine * along_one - along_other) / sine_squared]
    )


def _spacing(some: Float64[ndarray, "some 3"], centres: Float64[ndarray, "view 3"]) -> float:
    """Median distance to the nearest camera that stands elsewhere; 1 where there is none."""
    distances = np.linalg.norm(some[:, None] - centres, axis=2)
    distances[distances == 0] = np.inf
    nearest = distances.min(1)
    return float(np.median(nearest[np.isfinite(nearest)])) if np.isfinite(nearest).any() else 1.0
