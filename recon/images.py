"""Photos as they are given -> ImageSet: decoded safely, upright, 8-bit RGB, with a focal prior and a mask each."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8


@dataclass(frozen=True)
class Photo:
    """One upright photo."""

    name: str
    """File name without folders, as it appears in every output."""
    rgb: UInt8[np.ndarray, "height width 3"]
    """sRGB, turned upright by EXIF; transparent parts composited on black."""
    mask: Bool[np.ndarray, "height width"] | None
    """True where the photo shows something; None where all of it counts. Made from an alpha channel."""
    focal_prior_px: float | None
    """Focal length that EXIF suggests, in pixels of this upright photo; a prior only."""


@dataclass(frozen=True)
class ImageSet:
    """The photos of one scene, in the order given, with unique names."""

    photos: tuple[Photo, ...]

    def __len__(self) -> int:
        return len(self.photos)
