"""Numbers out of files -> intrinsics and poses that can be; what cannot is refused where it comes in."""

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from data_tools.captures.capture import Lens
from recon.known_cameras import FOCAL_OVER_LONG_SIDE
from render.errors import CamerasError

LARGEST_SIDE_PX = 1_000_000
LARGEST_NUMBER = 1e9
LARGEST_COEFFICIENT = 1e3
"""Distortion beyond this is another unit, or rubbish."""
ROTATION_TOLERANCE = 1e-2
"""Largest entry of R^T R - I of what is taken for a rotation that was rounded."""


def make_lens(
    focal_px: tuple[float, float],
    centre_px: tuple[float, float],
    size_wh: tuple[int, int],
    where: str,
    *,
    distortion: tuple[float, ...] = (),
    as_stored: bool = False,
) -> Lens:
    """The lens of these numbers; see `Lens` for units.

    Args:
        where: what a sentence about wrong numbers begins with.

    Raises:
        CamerasError: a number is not finite, or no camera has it.
    """
    (fx, fy), (cx, cy), (width, height) = focal_px, centre_px, size_wh
    if not (0 < width <= LARGEST_SIDE_PX and 0 < height <= LARGEST_SIDE_PX):
        raise CamerasError(f"{where}: the picture is {width} x {height}; 1 to {LARGEST_SIDE_PX} pixels are expected.")
    low, high = (bound * max(width, height) for bound in FOCAL_OVER_LONG_SIDE)
    # Written so that NaN, which compares with nothing, is refused too.
    if not (low <= fx <= high and low <= fy <= high):
        raise CamerasError(
            f"{where}: the focal length is ({fx:g}, {fy:g}) for a picture of {width} x {height}; {low:g} to {high:g} "
            "pixels are expected."
        )
    if not (-width <= cx <= 2 * width and -height <= cy <= 2 * height):
        raise CamerasError(f"{where}: the principal point is ({cx:g}, {cy:g}), far outside {width} x {height} pixels.")
    if not all(abs(coefficient) <= LARGEST_COEFFICIENT for coefficient in distortion):
        raise CamerasError(f"{where}: the distortion is {distortion}; finite coefficients are expected.")
    K_px = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], dtype=np.float64)
    return Lens(K_px, size_wh, distortion if any(distortion) else (), as_stored)


def make_pose(
    R_world_camera: Float64[ndarray, "3 3"], centre: Float64[ndarray, "3"], where: str
) -> Float64[ndarray, "4 4"]:
    """A rigid camera-to-world transform; a rotation that was rounded becomes the nearest one.

    The nearest rotation is U V^T of the singular value decomposition (Higham 1989, Matrix nearness problems, 2).

    Raises:
        CamerasError: a number is not finite, or the matrix is no rotation.
    """
    if not (np.abs(R_world_camera) < LARGEST_NUMBER).all() or not (np.abs(centre) < LARGEST_NUMBER).all():
        raise CamerasError(f"{where}: the pose has entries that are not finite, or beyond {LARGEST_NUMBER:g}.")
    off = float(np.abs(R_world_camera.T @ R_world_camera - np.eye(3)).max())
    determinant = float(np.linalg.det(R_world_camera))
    if off > ROTATION_TOLERANCE or determinant < 0:
        raise CamerasError(
            f"{where}: the pose is no rotation: R^T R is {off:.3g} off the identity and the determinant is "
            f"{determinant:.3g}; at most {ROTATION_TOLERANCE} and +1 are expected."
        )
    U, _, Vt = np.linalg.svd(R_world_camera)
    T_world_camera = np.eye(4)
    T_world_camera[:3, :3], T_world_camera[:3, 3] = U @ Vt, centre
    return T_world_camera
