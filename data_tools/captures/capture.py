"""What a capture's files say, before a photo is decoded: one value for every format that is read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64


@dataclass(frozen=True, eq=False)
class Lens:
    """Intrinsics of one photo as its capture has them."""

    K_px: Float64[np.ndarray, "3 3"]
    """In pixels of a picture of `size_wh`, pixel centre at +0.5."""
    size_wh: tuple[int, int]
    """Width and height that the intrinsics are for; the photo may be a resized copy."""
    distortion: tuple[float, ...] = ()
    """Coefficients k1 k2 p1 p2 [k3 [k4 k5 k6]] of OpenCV's rational model; nothing for a pinhole picture."""
    as_stored: bool = False
    """Whether the pixels are those that the file stores, before EXIF turns the photo upright: tools that ignore EXIF
    reckon in them."""


@dataclass(frozen=True)
class DepthFile:
    """Where a photo's depth is."""

    path: Path
    unit: float
    """What one step of the file's numbers is, in the unit of the cameras."""


@dataclass(frozen=True, eq=False)
class PosedPhoto:
    """One photo whose camera is known."""

    name: str
    file: Path
    lens: Lens
    T_world_camera: Float64[np.ndarray, "4 4"]
    """Camera to world, OpenCV axes, of the picture that the lens is for."""
    depth: DepthFile | None = None


@dataclass(frozen=True, eq=False)
class Capture:
    """Photos of one scene; none of them decoded yet."""

    name: str
    kind: str
    """What it was read from, for people."""
    photos: tuple[PosedPhoto, ...]
    """One or more."""
    left_out: tuple[str, ...]
    """Sentences about what it names and that is not there, or of no use."""
    metric: bool
    """Whether the unit of the cameras is the metre."""
