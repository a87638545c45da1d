"""What COLMAP's files say of cameras and photos, and what it means here.

Facts: https://colmap.github.io/cameras.html and https://colmap.github.io/format.html.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from data_tools.captures.cameras import LARGEST_NUMBER, make_lens, make_pose
from data_tools.captures.capture import Lens
from render.errors import CamerasError

LAYOUTS = {
    "SIMPLE_PINHOLE": (1, 0),
    "PINHOLE": (2, 0),
    "SIMPLE_RADIAL": (1, 1),
    "RADIAL": (1, 2),
    "OPENCV": (2, 4),
    "FULL_OPENCV": (2, 8),
}
"""Models that are read: how many focal lengths come before the principal point, how many coefficients after it."""
NAMES_BY_ID = (
    *("SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV", "OPENCV_FISHEYE", "FULL_OPENCV", "FOV"),
    *("SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE", "THIN_PRISM_FISHEYE", "RAD_TAN_THIN_PRISM_FISHEYE"),
    *("SIMPLE_DIVISION", "DIVISION", "SIMPLE_FISHEYE", "FISHEYE", "EUCM", "EQUIRECTANGULAR"),
)

MOST = 100_000
"""Cameras or photos of one model that are read at most; a larger number is another file's, or meant to do harm."""
SHORTEST = 1e-6
"""A quaternion with no entry beyond this has no direction to speak of."""


@dataclass(frozen=True, eq=False)
class ModelImage:
    """One photo that the model has placed."""

    name: str
    """Path below the folder of photos."""
    camera: int
    quat_wxyz: Float64[np.ndarray, "4"]
    """World to camera; of any length."""
    translation: Float64[np.ndarray, "3"]
    """World to camera."""

    def T_world_camera(self, where: str) -> Float64[np.ndarray, "4 4"]:
        """Camera to world.

        Raises:
            CamerasError: it is no pose.
        """
        longest = float(np.abs(self.quat_wxyz).max())
        # Written so that NaN, which compares with nothing, is refused too.
        if not SHORTEST < longest < LARGEST_NUMBER:
            raise CamerasError(f"{where}: its quaternion is {self.quat_wxyz.tolist()}; a unit quaternion is expected.")
        if not (np.abs(self.translation) < LARGEST_NUMBER).all():
            raise CamerasError(f"{where}: its translation is {self.translation.tolist()}; finite numbers are expected.")
        w, x, y, z = self.quat_wxyz / np.linalg.norm(self.quat_wxyz)
        R_camera_world = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        return make_pose(R_camera_world.T, -R_camera_world.T @ self.translation, where)


def parameter_count(model: str, where: str) -> int:
    """How many numbers a camera of this model has.

    Raises:
        CamerasError: the model is none that is read.
    """
    if model not in LAYOUTS:
        raise CamerasError(
            f"{where}: the camera model is {model}; {', '.join(LAYOUTS)} are read. COLMAP's image_undistorter turns "
            "others into PINHOLE."
        )
    focals, coefficients = LAYOUTS[model]
    return focals + 2 + coefficients


def model_lens(model: str, size_wh: tuple[int, int], parameters: tuple[float, ...], where: str) -> Lens:
    """The lens of a camera; COLMAP reckons in the pixels that the file stores.

    Raises:
        CamerasError: the numbers are too few or too many for the model, or no camera has them.
    """
    if len(parameters) != parameter_count(model, where):
        raise CamerasError(
            f"{where}: {model} came with {len(parameters)} parameters; {parameter_count(model, where)} are expected."
        )
    focals, _ = LAYOUTS[model]
    coefficients = parameters[focals + 2 :]
    return make_lens(
        (parameters[0], parameters[focals - 1]),
        (parameters[focals], parameters[focals + 1]),
        size_wh,
        where,
        distortion=coefficients + (0.0,) * max(4 - len(coefficients), 0),
        as_stored=True,
    )
