"""antimatter15's .splat: 32 bytes a Gaussian, little-endian, no header, colour without harmonics.

| bytes | type | what |
|---|---|---|
| 0-11 | 3 float32 | centre |
| 12-23 | 3 float32 | scales, not their logarithms |
| 24-26 | 3 uint8 | red, green, blue in sRGB: 255 (0.5 + SH_C0 sh0), clipped |
| 27 | uint8 | 255 opacity |
| 28-31 | 4 uint8 | unit quaternion wxyz: 128 q + 128, clipped |

Axes are those of the scene, as in .ply. Harmonics beyond the first are left out.
"""

from pathlib import Path

import numpy as np

from render.errors import FileFormatError
from render.files.atomic import write_atomically
from render.files.values import SceneArrays, arrays_to_write, gaussians_read, to_bytes
from render.gaussians import Gaussians
from render.sh import SH_C0

ROW = np.dtype([("means", "<f4", 3), ("scales", "<f4", 3), ("rgba", "u1", 4), ("quats", "u1", 4)])


def write_splat(path: Path, gaussians: Gaussians) -> None:
    """Write `gaussians` in their order; beside rounding, harmonics beyond the first are lost.

    Raises:
        FileFormatError: a value is not finite, a scale is not above 0, or a quaternion is 0.
        OutputError: the folder cannot be written.
    """
    arrays = arrays_to_write(path, gaussians)
    rows = np.empty(len(gaussians), ROW)
    rows["means"], rows["scales"] = arrays.means, arrays.scales
    rows["rgba"][:, :3] = to_bytes(255 * (0.5 + SH_C0 * arrays.sh[:, 0]))
    rows["rgba"][:, 3] = to_bytes(255 * arrays.opacities)
    rows["quats"] = to_bytes(128 * arrays.quats_wxyz + 128)
    write_atomically(path, rows.tobytes())


def read_splat(path: Path) -> Gaussians:
    """The Gaussians of a .splat, of degree 0.

    Raises:
        FileFormatError: the size is no multiple of 32 bytes, or a value is not what a Gaussian can have.
    """
    size = path.stat().st_size
    if size % ROW.itemsize:
        raise FileFormatError(path, f"it has {size} bytes, which is no multiple of {ROW.itemsize}; it is cut off.")
    rows = np.fromfile(path, ROW)
    colours = rows["rgba"][:, None, :3].astype(np.float32) / 255
    arrays = SceneArrays(
        means=rows["means"].astype(np.float32),
        quats_wxyz=(rows["quats"].astype(np.float32) - 128) / 128,
        scales=rows["scales"].astype(np.float32),
        opacities=rows["rgba"][:, 3].astype(np.float32) / 255,
        sh=((colours - 0.5) / SH_C0).astype(np.float32),
    )
    return gaussians_read(path, arrays)
