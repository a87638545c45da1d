"""A scene as points: a little-endian .ply of `x y z` (float32) and `red green blue` (uint8), as every mesh tool has it.

A point is the centre of a solid Gaussian, in the colour that it has from everywhere. Written only: sizes, rotations and
harmonics are not in it.
"""

from pathlib import Path

import numpy as np

from render.files.atomic import write_atomically
from render.files.values import arrays_to_write, to_bytes
from render.gaussians import Gaussians
from render.sh import SH_C0

ENDING = "points.ply"
LEAST_OPACITY = 0.5
"""Of what becomes a point."""
ROW = np.dtype([("xyz", "<f4", 3), ("rgb", "u1", 3)])
HEADER = """ply
format binary_little_endian 1.0
element vertex {}
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
end_header
"""


def is_point_cloud(path: Path) -> bool:
    """Whether a file of this name is one: `points.ply`, or what ends with `.points.ply`."""
    return f".{path.name.lower()}".endswith(f".{ENDING}")


def write_point_cloud(path: Path, gaussians: Gaussians) -> int:
    """Write the centres of solid Gaussians, in their order; says how many.

    Raises:
        FileFormatError: a value is not finite.
        OutputError: the folder cannot be written.
    """
    arrays = arrays_to_write(path, gaussians)
    solid = arrays.opacities >= LEAST_OPACITY
    rows = np.empty(int(solid.sum()), ROW)
    rows["xyz"] = arrays.means[solid]
    rows["rgb"] = to_bytes(255 * (0.5 + SH_C0 * arrays.sh[solid, 0]))
    write_atomically(path, HEADER.format(len(rows)).encode() + rows.tobytes())
    return len(rows)
