"""A surface of triangles, as it goes from stage to stage."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt8


@dataclass(frozen=True)
class Surface:
    """`n` vertices, `m` triangles."""

    vertices: Float64[np.ndarray, "n 3"]
    """In the world's frame and unit."""
    rgb: UInt8[np.ndarray, "n 3"]
    """sRGB of each vertex."""
    faces: Int64[np.ndarray, "m 3"]
    """Vertices of each triangle, counter-clockwise where cameras look at it."""
    voxel: float
    """Side of the voxels that it was made of, in the world's unit: it holds nothing finer."""
