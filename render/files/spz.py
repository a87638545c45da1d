"""Niantic's .spz, versions 2 to 4, little-endian. Versions 2 and 3 are one gzip stream of all that follows:

| bytes | what |
|---|---|
| 0-3 | the letters NGSP |
| 4-7 | uint32 version: 3 is written |
| 8-11 | uint32 number n of Gaussians |
| 12 | SH degree, 0 to 3 |
| 13 | fractional bits of the centres |
| 14, 15 | flags (1: trained with antialiasing, 2: has extensions), reserved |
| 9 n | centres: three signed 24-bit integers, value / 2^(fractional bits) |
| n | opacities: uint8 / 255 |
| 3 n | first harmonics of RGB: (uint8 / 255 - 0.5) / 0.15 |
| 3 n | scales: exp(uint8 / 16 - 10) |
| 4 n | version 3, quaternions: 2 bits which of xyzw is largest, then the others, 1 bit sign and 9 bits of sqrt(2) abs |
| 3 n | version 2, quaternions: x, y, z as uint8 / 127.5 - 1, w positive |
| 3 k n | the other k harmonics, RGB by RGB: (uint8 - 128) / 128 |
| rest | extensions: uint32 kind, uint32 number of bytes, the bytes; again and again |

Version 4 has a header of 32 bytes, as above but 15: the number of streams, and 16-19: uint32 where their table begins.
Extensions stand before it. The table has two uint64 a stream, its bytes in the file and unfolded; the streams follow,
each Zstandard, the attributes in the same order and layout as in version 3.

Axes: those of the .ply that it was made of, OpenCV's, nothing flipped, as Niantic's program for .ply, PlayCanvas',
gsply and gaussforge do it, though Niantic's description says right, up, back. An extension may name them: these are
turned on the way in, half a turn around x, others are refused. Centres get as many fractional bits as their range
leaves. Scales are clipped to [exp(-10), exp(5.9375)], first harmonics to 3.33 either way, the others to [-1, 0.99].
Version 1 has other centres and is not read.
"""

import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import zstandard
from jaxtyping import Float32, UInt8

from render.errors import FileFormatError
from render.files.atomic import write_atomically
from render.files.values import SceneArrays, arrays_to_write, check_unfolded, gaussians_read, to_bytes
from render.gaussians import Gaussians

HEADER = struct.Struct("<4sIIBBBB")
MAGIC, VERSION = b"NGSP", 3
MOST_FRACTIONAL_BITS = 20
COLOUR_RANGE = 0.15
LARGEST_MAGNITUDE = 511
"""9 bits."""
MOST_GAUSSIANS = 10_000_000
"""As many as Niantic's own reader takes."""
COMPRESSION_LEVEL = 6
COEFFICIENTS = (1, 4, 9, 16)
HEADER_4 = struct.Struct("<4sIIBBBBI12x")
STREAM = struct.Struct("<QQ")
EXTENSION = struct.Struct("<II")
MOST_EXTENSION_BYTES = 1 << 16
HAS_EXTENSIONS = 2
AXES_EXTENSION, RIGHT_UP_BACK, RIGHT_DOWN_FRONT = 0xADBE0003, 4, 6
"""SPZ_ADOBE_coordinate_system, and the numbers of two in it; the second are ours."""
TURNED_XYZ = np.array([1, -1, -1], np.float32)
TURNED_WXYZ = np.array([1, 1, -1, -1], np.float32)
TURNED_SH = np.array([1, -1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1], np.float32)[:, None]
"""Half a turn around x, of a real harmonic: whether it is odd in y and z together."""


def write_spz(path: Path, gaussians: Gaussians) -> None:
    """Write `gaussians` in their order as version 3.

    Raises:
        FileFormatError: a value is not finite, a scale is not above 0, a quaternion is 0, or a centre is beyond 2^22.
        OutputError: the folder cannot be written.
    """
    arrays, count = arrays_to_write(path, gaussians), len(gaussians)
    if count > MOST_GAUSSIANS:
        raise FileFormatError(path, f"there are {count} Gaussians; a .spz holds {MOST_GAUSSIANS} at most.")
    bits = _fractional_bits(path, arrays.means)
    fixed = np.rint(arrays.means.astype(np.float64) * 2**bits).astype("<i4")
    parts = [
        HEADER.pack(MAGIC, VERSION, count, gaussians.sh_degree, bits, 0, 0),
        np.ascontiguousarray(fixed).view(np.uint8).reshape(count, 3, 4)[..., :3].tobytes(),
        to_bytes(255 * arrays.opacities).tobytes(),
        to_bytes(255 * (COLOUR_RANGE * arrays.sh[:, 0] + 0.5)).tobytes(),
        to_bytes(16 * (np.log(arrays.scales) + 10)).tobytes(),
        _packed_quats(arrays.quats_wxyz).tobytes(),
        to_bytes(128 * arrays.sh[:, 1:] + 128).tobytes(),
    ]
    packer = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, 31)
    write_atomically(path, packer.compress(b"".join(parts)) + packer.flush())


def read_spz(path: Path) -> Gaussians:
    """The Gaussians of a .spz of version 2, 3 or 4.

    Raises:
        FileFormatError: it is no such file, is cut off or damaged, has other axes than Niantic's, or unfolds to far
            more than its size.
    """
    content = path.read_bytes()
    body: _Body = _Streams(path, content) if content.startswith(MAGIC) else _Unfolded(path, content)
    count, degree, bits = body.header.count, body.header.degree, body.header.bits
    if degree >= len(COEFFICIENTS) or bits > 24:
        raise FileFormatError(path, f"it has degree {degree} and {bits} fractional bits; 0 to 3 and 0 to 24 are right.")
    if count > MOST_GAUSSIANS:
        raise FileFormatError(path, f"it announces {count} Gaussians; {MOST_GAUSSIANS} at most are read.")
    check_unfolded(path, count, degree)
    quat_bytes, rest = (3 if body.header.version == 2 else 4), COEFFICIENTS[degree] - 1
    means, alphas, colours, scales, quats, harmonics = (
        np.frombuffer(body.take(size * count), np.uint8) for size in (9, 1, 3, 3, quat_bytes, 3 * rest)
    )
    axes = _axes(path, body.extensions()) if body.header.flags & HAS_EXTENSIONS else RIGHT_DOWN_FRONT
    fixed = np.zeros((count, 3, 4), np.uint8)
    fixed[..., 1:] = means.reshape(count, 3, 3)
    # Read as the upper three bytes of 32, so that the sign comes along.
    centres = (fixed.view("<i4")[..., 0] >> 8) / 2.0**bits
    sh0 = (colours.reshape(count, 1, 3).astype(np.float32) / 255 - 0.5) / COLOUR_RANGE
    sh_rest = (harmonics.reshape(count, rest, 3).astype(np.float32) - 128) / 128
    unpacked = _real_part_left_out if quat_bytes == 3 else _largest_left_out
    arrays = SceneArrays(
        means=centres.astype(np.float32),
        quats_wxyz=unpacked(quats.reshape(count, quat_bytes)),
        scales=np.exp(scales.reshape(count, 3).astype(np.float32) / 16 - 10),
        opacities=alphas.astype(np.float32) / 255,
        sh=np.concatenate([sh0, sh_rest], 1).astype(np.float32),
    )
    return gaussians_read(path, _turned(arrays) if axes == RIGHT_UP_BACK else arrays)


def _turned(arrays: SceneArrays) -> SceneArrays:
    """Half a turn around x, exact: what is odd in y and z changes its sign."""
    return replace(
        arrays,
        means=arrays.means * TURNED_XYZ,
        quats_wxyz=arrays.quats_wxyz * TURNED_WXYZ,
        sh=arrays.sh * TURNED_SH[: arrays.sh.shape[1]],
    )


@dataclass(frozen=True)
class _Header:
    version: int
    count: int
    degree: int
    bits: int
    flags: int


class _Body(Protocol):
    """What follows a header."""

    header: _Header

    def take(self, size: int) -> bytes:
        """The next attribute, which has so many bytes."""
        ...

    def extensions(self) -> bytes:
        """After all attributes."""
        ...


class _Unfolded:
    """What a gzip stream unfolds to, never more at a time than was asked for."""

    def __init__(self, path: Path, folded: bytes):
        self._path = path
        self._stream = zlib.decompressobj(31)
        self._folded = folded
        magic, *values, _ = HEADER.unpack(self.take(HEADER.size))
        self.header = _Header(*values)
        version = self.header.version
        if magic != MAGIC or version not in (2, 3):
            raise FileFormatError(
                path, f"it begins with {magic!r}, version {version}; {MAGIC!r}, version 2, 3 or 4 is read."
            )

    def take(self, size: int) -> bytes:
        parts: list[bytes] = []
        missing = size
        while missing:
            part = self._unfold(missing)
            if not part:
                raise FileFormatError(self._path, f"it is cut off: {missing} of {size} bytes are missing.")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def extensions(self) -> bytes:
        return self._unfold(MOST_EXTENSION_BYTES)

    def _unfold(self, most: int) -> bytes:
        try:
            part = self._stream.decompress(self._folded, most)
        except zlib.error as error:
            raise FileFormatError(self._path, f"this is no .spz file, or a damaged one ({error}).") from error
        self._folded = self._stream.unconsumed_tail
        return part


class _Streams:
    """Version 4: each attribute a Zstandard frame."""

    def __init__(self, path: Path, content: bytes):
        self._path = path
        if len(content) < HEADER_4.size:
            raise FileFormatError(
                path, f"it is cut off: {len(content)} of {HEADER_4.size} bytes of its header are there."
            )
        _, *values, streams, table = HEADER_4.unpack_from(content)
        self.header = _Header(*values)
        if self.header.version != 4:
            raise FileFormatError(
                path, f"it begins with {MAGIC!r}, version {self.header.version}, not compressed; version 4 is so alone."
            )
        begins = table + streams * STREAM.size
        if not HEADER_4.size <= table <= begins <= len(content):
            raise FileFormatError(path, f"its table of {streams} streams, from byte {table} on, is not in the file.")
        self._extensions = content[HEADER_4.size : table]
        self._frames: list[bytes] = []
        for folded_bytes, _ in STREAM.iter_unpack(content[table:begins]):
            self._frames.append(content[begins : begins + folded_bytes])
            begins += folded_bytes
        if begins > len(content):
            raise FileFormatError(path, f"it is cut off: {begins - len(content)} of {begins} bytes are missing.")
        self._frames.reverse()

    def take(self, size: int) -> bytes:
        if not size:
            # Degree 0 has no other harmonics, and may have no stream for them.
            return b""
        frame = self._frames.pop() if self._frames else b""
        try:
            # Of one that names its size, no more is taken than that, and of others no more than is right.
            announced = zstandard.frame_content_size(frame)
            attribute = b"" if announced > size else zstandard.decompress(frame, max_output_size=size)
        except zstandard.ZstdError as error:
            raise FileFormatError(self._path, f"an attribute is missing or damaged ({error}).") from error
        if len(attribute) != size:
            size_told = announced if announced > size else len(attribute)
            raise FileFormatError(self._path, f"an attribute has {size_told} bytes; {size} are right.")
        return attribute

    def extensions(self) -> bytes:
        return self._extensions


def _axes(path: Path, extensions: bytes) -> int:
    at = 0
    while at + EXTENSION.size <= len(extensions):
        kind, size = EXTENSION.unpack_from(extensions, at)
        at += EXTENSION.size
        axes = int.from_bytes(extensions[at : at + 4], "little")
        if kind == AXES_EXTENSION and axes in (RIGHT_UP_BACK, RIGHT_DOWN_FRONT):
            return axes
        if kind == AXES_EXTENSION:
            raise FileFormatError(
                path,
                f"its extension names axes {axes}; {RIGHT_UP_BACK} (right, up, back) and {RIGHT_DOWN_FRONT} (right, "
                "down, front) are read.",
            )
        at += size
    return RIGHT_DOWN_FRONT


def _fractional_bits(path: Path, means: Float32[np.ndarray, "n 3"]) -> int:
    largest = float(np.abs(means).max(initial=0))
    bits = MOST_FRACTIONAL_BITS
    while bits > 0 and largest * 2**bits > (1 << 23) - 1:
        bits -= 1
    if bits == 0:
        raise FileFormatError(path, f"a centre is {largest:g} from the origin; a .spz holds {1 << 22} at most.")
    return bits


def _packed_quats(quats_wxyz: Float32[np.ndarray, "n 4"]) -> UInt8[np.ndarray, "n 4"]:
    xyzw = np.roll(quats_wxyz, -1, axis=1)
    largest = np.abs(xyzw).argmax(1)
    # The largest is positive by convention, since q and -q are one rotation.
    xyzw = np.where(np.take_along_axis(xyzw, largest[:, None], 1) < 0, -xyzw, xyzw)
    magnitudes = np.rint(np.abs(xyzw) * (np.sqrt(2) * LARGEST_MAGNITUDE)).clip(0, LARGEST_MAGNITUDE).astype(np.uint32)
    words = np.zeros(len(xyzw), np.uint32)
    for axis in range(4):
        shifted = (words << 10) | ((xyzw[:, axis] < 0).astype(np.uint32) << 9) | magnitudes[:, axis]
        words = np.where(largest == axis, words, shifted)
    words |= largest.astype(np.uint32) << 30
    return words.astype("<u4").view(np.uint8).reshape(-1, 4)


def _largest_left_out(packed: UInt8[np.ndarray, "n 4"]) -> Float32[np.ndarray, "n 4"]:
    words = np.ascontiguousarray(packed).view("<u4")[:, 0]
    largest = words >> 30
    xyzw = np.zeros((len(words), 4))
    for axis in (3, 2, 1, 0):
        value = (words & LARGEST_MAGNITUDE) / (np.sqrt(2) * LARGEST_MAGNITUDE)
        xyzw[:, axis] = np.where(largest == axis, 0, np.where(words & 512, -value, value))
        words = np.where(largest == axis, words, words >> 10)
    left_out = np.sqrt(np.maximum(0, 1 - (xyzw**2).sum(1)))
    np.put_along_axis(xyzw, largest[:, None].astype(np.int64), left_out[:, None], 1)
    return np.roll(xyzw, 1, axis=1).astype(np.float32)


def _real_part_left_out(packed: UInt8[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 4"]:
    xyz = packed / 127.5 - 1
    w = np.sqrt(np.maximum(0, 1 - (xyz**2).sum(1, keepdims=True)))
    return np.concatenate([w, xyz], 1).astype(np.float32)
