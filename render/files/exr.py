"""OpenEXR with one channel of float32: one part, scan lines, compressed by ZIP in blocks of 16.

| bytes | what |
|---|---|
| 0-7 | uint32 20000630, uint32 2 (version, no flags) |
| header | attributes: name, zero, type, zero, uint32 size, value; a zero byte ends them |
| table | uint64 place of each block in the file |
| block | int32 first line, uint32 size, lines |

A block's bytes are parted into those at even and at odd places, each but the first becomes its difference to the one
before plus 128, and zlib packs them; where that is not shorter, the block stays as it is.
"""

import struct
import zlib

import numpy as np
from jaxtyping import Float32

MAGIC, VERSION = 20000630, 2
FLOAT, ZIP = 2, 3
BLOCK_LINES = 16


def exr_of(channel: str, values: Float32[np.ndarray, "height width"], attributes: dict[str, str]) -> bytes:
    """The content of a file with these numbers.

    Args:
        channel: its name; `Z` is depth to all who read the format.
        attributes: further texts for the header.
    """
    height, width = values.shape
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = channel.encode() + b"\0" + struct.pack("<iB3xii", FLOAT, 0, 1, 1) + b"\0"
    header = struct.pack("<II", MAGIC, VERSION)
    for name, kind, value in (
        ("channels", "chlist", channels),
        ("compression", "compression", bytes([ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
        *((key, "string", text.encode()) for key, text in attributes.items()),
    ):
        header += f"{name}\0{kind}\0".encode() + struct.pack("<I", len(value)) + value
    header += b"\0"
    lines = values.astype("<f4")
    blocks = [
        struct.pack("<iI", start, len(packed)) + packed
        for start in range(0, height, BLOCK_LINES)
        for packed in [_packed(lines[start : start + BLOCK_LINES].tobytes())]
    ]
    table = len(header) + 8 * len(blocks)
    places = table + np.concatenate([[0], np.cumsum([len(block) for block in blocks])])[:-1]
    return b"".join([header, places.astype("<u8").tobytes(), *blocks])


def _packed(content: bytes) -> bytes:
    parted = np.frombuffer(content, np.uint8)
    parted = np.concatenate([parted[::2], parted[1::2]]).astype(np.int16)
    parted[1:] = np.diff(parted) + 128
    packed = zlib.compress(parted.astype(np.uint8).tobytes())
    return packed if len(packed) < len(content) else content
