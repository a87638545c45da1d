"""PlayCanvas' and SuperSplat's compressed .ply: 16 bytes a Gaussian and one for each further harmonic.

The header is that of a little-endian .ply with two elements, or three with harmonics:

| element | properties of a row | what |
|---|---|---|
| chunk | 18 float: `min_x .. max_z`, `min_scale_x .. max_scale_z`, `min_r .. max_b` | bounds of 256 Gaussians |
| vertex | uint `packed_position` | x, y, z within the bounds: 11, 10 and 11 bits from the top |
| | uint `packed_rotation` | 2 bits which of wxyz is largest, the others / sqrt(2) + 0.5 in 10 bits each |
| | uint `packed_scale` | logarithms of the scales within the bounds: 11, 10 and 11 bits |
| | uint `packed_color` | red, green, blue (0.5 + SH_C0 sh0) within the bounds, opacity: 8 bits each |
| sh | 9, 24 or 45 uchar `f_rest_*`, by channel | 8 ((byte + 0.5) / 256 - 0.5) |

Gaussians are written along a Morton curve, so that those of one chunk lie close together: their order is not kept.
Older files have no bounds of colours, which are then those of [0, 1]; they are read too.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, UInt8, UInt32

from render.errors import FileFormatError
from render.files.atomic import write_atomically
from render.files.curve import along_curve
from render.files.ply_elements import read_elements
from render.files.values import SceneArrays, arrays_to_write, gaussians_read, to_bytes
from render.gaussians import Gaussians
from render.sh import SH_C0

CHUNK = 256
BOUNDS = tuple(
    f"{side}_{what}" for group in (("x", "y", "z"), ("scale_x", "scale_y", "scale_z"), ("r", "g", "b"))
    for side in ("min", "max") for what in group
)  # fmt: skip
BOUNDS_WITHOUT_COLOUR = BOUNDS[:12]
PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
REST_COUNTS = (9, 24, 45)
LARGEST_LOG_SCALE = 20.0
"""Logarithms of scales are clipped to this, either way, as SuperSplat does."""


@dataclass(frozen=True, eq=False)
class _Bounds:
    """Least and largest value of each chunk."""

    low: Float64[np.ndarray, "chunk 3"]
    high: Float64[np.ndarray, "chunk 3"]

    @staticmethod
    def of(values: Float64[np.ndarray, "n 3"]) -> "_Bounds":
        """As float32, which is what the file holds."""
        starts = np.arange(0, len(values), CHUNK)
        low, high = (
            side.reduceat(values, starts).astype(np.float32).astype(np.float64) for side in (np.minimum, np.maximum)
        )
        return _Bounds(low, high)

    def share(self, values: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Where each value lies between its chunk's bounds, 0 to 1."""
        chunk = np.arange(len(values)) // CHUNK
        extent = self.high - self.low
        return ((values - self.low[chunk]) / np.where(extent > 0, extent, 1)[chunk]).clip(0, 1)

    def value(self, share: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        chunk = np.arange(len(share)) // CHUNK
        return self.low[chunk] + share * (self.high - self.low)[chunk]


def write_compressed_ply(path: Path, gaussians: Gaussians) -> None:
    """Write `gaussians`, in another order.

    Raises:
        FileFormatError: there is none, a value is not finite, a scale is not above 0, or a quaternion is 0.
        OutputError: the folder cannot be written.
    """
    arrays, count = arrays_to_write(path, gaussians), len(gaussians)
    if not count:
        raise FileFormatError(path, "there is no Gaussian; a compressed .ply needs one at least.")
    order = along_curve(arrays.means)
    means = arrays.means[order].astype(np.float64)
    log_scales = np.log(arrays.scales[order].astype(np.float64)).clip(-LARGEST_LOG_SCALE, LARGEST_LOG_SCALE)
    colours = 0.5 + SH_C0 * arrays.sh[order, 0].astype(np.float64)
    bounds = [_Bounds.of(values) for values in (means, log_scales, colours)]
    opacities = to_bytes(255 * arrays.opacities[order]).astype(np.uint32)
    rgb = to_bytes(255 * bounds[2].share(colours)).astype(np.uint32)
    packed = np.stack(
        [
            _packed(bounds[0].share(means)),
            _packed_quats(arrays.quats_wxyz[order]),
            _packed(bounds[1].share(log_scales)),
            rgb[:, 0] << 24 | rgb[:, 1] << 16 | rgb[:, 2] << 8 | opacities,
        ],
        axis=1,
    )
    rest = arrays.sh[order, 1:].transpose(0, 2, 1).reshape(count, -1)
    chunks = np.concatenate([side for pair in bounds for side in (pair.low, pair.high)], 1)
    body = [chunks.astype("<f4"), packed.astype("<u4"), np.floor(rest * 32 + 128).clip(0, 255).astype(np.uint8)]
    header = ["ply", "format binary_little_endian 1.0", f"element chunk {len(chunks)}"]
    header += [f"property float {name}" for name in BOUNDS]
    header += [f"element vertex {count}", *(f"property uint {name}" for name in PACKED)]
    if rest.shape[1]:
        header += [f"element sh {count}", *(f"property uchar f_rest_{i}" for i in range(rest.shape[1]))]
    content = "\n".join([*header, "end_header", ""]).encode("ascii")
    write_atomically(path, content + b"".join(part.tobytes() for part in body))


def read_compressed_ply(path: Path) -> Gaussians:
    """The Gaussians of a compressed .ply, in the file's order.

    Raises:
        FileFormatError: it is no such file, is cut off, or a bound is not finite.
    """
    elements = read_elements(path)
    names = [element.name for element in elements]
    if names not in (["chunk", "vertex"], ["chunk", "vertex", "sh"]):
        raise FileFormatError(path, f"its elements are {', '.join(names)}; chunk, vertex and perhaps sh are right.")
    chunk, vertex = elements[:2]
    chunk.must_be(path, "float", (BOUNDS, BOUNDS_WITHOUT_COLOUR))
    vertex.must_be(path, "uint", (PACKED,))
    if chunk.count != -(-vertex.count // CHUNK):
        raise FileFormatError(path, f"{chunk.count} chunks are no match for {vertex.count} Gaussians, {CHUNK} in each.")
    sh = elements[2].rows if len(elements) == 3 else np.zeros((vertex.count, 0), np.uint8)
    if len(elements) == 3:
        elements[2].must_be(path, "uchar", tuple(tuple(f"f_rest_{i}" for i in range(n)) for n in REST_COUNTS))
    if len(sh) != vertex.count:
        raise FileFormatError(path, f"there are harmonics for {len(sh)} of {vertex.count} Gaussians; all need them.")
    return _unpacked(path, chunk.rows.astype(np.float64), vertex.rows.astype(np.uint32), sh)


def _unpacked(
    path: Path,
    chunks: Float64[np.ndarray, "chunk bound"],
    packed: UInt32[np.ndarray, "n 4"],
    sh: UInt8[np.ndarray, "n rest"],
) -> Gaussians:
    """What the words stand for."""
    if not np.isfinite(chunks).all():
        raise FileFormatError(path, f"the bounds of chunk {np.argwhere(~np.isfinite(chunks))[0, 0]} are not finite.")
    if chunks.shape[1] == len(BOUNDS_WITHOUT_COLOUR):
        ends = np.tile(np.repeat([0.0, 1.0], 3), (len(chunks), 1))
        chunks = np.concatenate([chunks, ends], 1)
    if np.abs(chunks[:, 6:12]).max(initial=0) > 4 * LARGEST_LOG_SCALE:
        raise FileFormatError(path, f"a log-scale is {np.abs(chunks[:, 6:12]).max():g}; {LARGEST_LOG_SCALE} is much.")
    bounds = [_Bounds(chunks[:, i : i + 3], chunks[:, i + 3 : i + 6]) for i in (0, 6, 12)]
    rgba = np.stack([packed[:, 3] >> shift & 255 for shift in (24, 16, 8, 0)], 1) / 255
    sh0 = (bounds[2].value(rgba[:, :3]) - 0.5)[:, None] / SH_C0
    sh_rest = ((sh + 0.5) / 32 - 4).reshape(len(sh), 3, -1).transpose(0, 2, 1)
    with np.errstate(over="ignore"):
        arrays = SceneArrays(
            means=bounds[0].value(_shares(packed[:, 0])).astype(np.float32),
            quats_wxyz=_unpacked_quats(packed[:, 1]),
            scales=np.exp(bounds[1].value(_shares(packed[:, 2]))).astype(np.float32),
            opacities=rgba[:, 3].astype(np.float32),
            sh=np.concatenate([sh0, sh_rest], 1).astype(np.float32),
        )
    return gaussians_read(path, arrays)


def _packed(shares: Float64[np.ndarray, "n 3"]) -> UInt32[np.ndarray, "n"]:
    x, y, z = np.rint(shares * (2047, 1023, 2047)).astype(np.uint32).T
    return x << 21 | y << 11 | z


def _shares(words: UInt32[np.ndarray, "n"]) -> Float64[np.ndarray, "n 3"]:
    return np.stack([(words >> 21) / 2047, (words >> 11 & 1023) / 1023, (words & 2047) / 2047], 1)


def _packed_quats(quats_wxyz: Float32[np.ndarray, "n 4"]) -> UInt32[np.ndarray, "n"]:
    largest = np.abs(quats_wxyz).argmax(1)
    signed = np.where(np.take_along_axis(quats_wxyz, largest[:, None], 1) < 0, -quats_wxyz, quats_wxyz)
    words = largest.astype(np.uint32)
    steps = np.rint((signed / np.sqrt(2) + 0.5) * 1023).clip(0, 1023).astype(np.uint32)
    for axis in range(4):
        words = np.where(largest == axis, words, words << 10 | steps[:, axis])
    return words


def _unpacked_quats(words: UInt32[np.ndarray, "n"]) -> Float32[np.ndarray, "n 4"]:
    others = (np.stack([words >> shift & 1023 for shift in (20, 10, 0)], 1) / 1023 - 0.5) * np.sqrt(2)
    left_out = np.sqrt(np.maximum(0, 1 - (others**2).sum(1)))
    largest = words >> 30
    quats = np.empty((len(words), 4), np.float32)
    for axis in range(4):
        at = largest == axis
        quats[at] = np.insert(others[at], axis, left_out[at], axis=1)
    return quats
