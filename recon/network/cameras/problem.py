"""What the solver is asked and what it answers, for one scene.

Reference pixels: a view's pixels with the principal point as origin, scaled so that the long side of every photo is
`REFERENCE_LONG_SIDE`. Thresholds and focal lengths of photos of any size mean the same there.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

REFERENCE_LONG_SIDE = 768.0


@dataclass(frozen=True)
class CameraProblem:
    """Matches between views, and what is known of their cameras."""

    points: list[Float[ndarray, "_ 2"]]
    """Keypoints of each view in reference pixels."""
    pairs: dict[tuple[int, int], Int[ndarray, "_ 2"]]
    """Matches between views a < b, as indices into their keypoints."""
    focal_group: Int[ndarray, "view"]
    """Views of one group share one focal length."""
    focal_known: Float[ndarray, "group"]
    """In reference pixels; NaN where it is to be found."""
    focal_prior: Float[ndarray, "group"]
    """What EXIF suggests, in reference pixels; NaN where it is silent."""
    T_camera_world: list[Float[ndarray, "4 4"] | None]
    """Given poses, world to camera."""

    @property
    def views(self) -> int:
        return len(self.points)


@dataclass
class SceneMap:
    """Cameras and points as far as they are solved. Arrays of views hold nonsense where `registered` is False."""

    R: Float[ndarray, "view 3 3"]
    """World to camera."""
    t: Float[ndarray, "view 3"]
    focal: Float[ndarray, "view"]
    """Reference pixels."""
    registered: Bool[ndarray, "view"]
    points: Float[ndarray, "track 3"]
    solved: Bool[ndarray, "track"]
    """Which tracks have a point."""
    outlier: Bool[ndarray, "observation"]
    """Observations that contradict their track's point."""
    guessed: bool = False
    """Whether nothing that deserves belief holds it together."""


def pinhole(focal: float) -> dict:
    """A camera for PoseLib in reference pixels."""
    return {"model": "SIMPLE_PINHOLE", "width": 0, "height": 0, "params": [float(focal), 0.0, 0.0]}


def bearings(xy: Float[ndarray, "_ 2"], focal: float) -> Float[ndarray, "_ 3"]:
    """Unit rays in the camera through reference pixels."""
    rays = np.concatenate([xy / focal, np.ones((len(xy), 1))], 1)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)
