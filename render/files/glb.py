"""glTF's binary .glb with KHR_gaussian_splatting: all of float32, nothing lost.

| bytes | what |
|---|---|
| 0-11 | the letters glTF, uint32 version 2, uint32 length of the file |
| chunk JSON | uint32 length, the letters JSON, the text below, padded by spaces to a multiple of 4 |
| chunk BIN | uint32 length, the letters BIN and a zero byte, the attributes behind each other |

One node, one mesh, one primitive of mode POINTS with `KHR_gaussian_splatting` (kernel ellipse, colours as sRGB is
shown). Its attributes, all float32 and little-endian:

| attribute | type | what |
|---|---|---|
| POSITION | VEC3 | centre |
| KHR_gaussian_splatting:ROTATION | VEC4 | unit quaternion xyzw |
| KHR_gaussian_splatting:SCALE | VEC3 | scales, not their logarithms |
| KHR_gaussian_splatting:OPACITY | SCALAR | 0 to 1, no logit |
| KHR_gaussian_splatting:SH_DEGREE_d_COEF_i | VEC3 | harmonics of RGB, in INRIA's basis |

glTF has y up. The attributes have the scene's own axes (OpenCV, y down), and the node has the half turn around x that
makes y of them point up. What is read is turned by its nodes and then back by that half turn, harmonics with it.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from render.errors import FileFormatError
from render.files.atomic import write_atomically
from render.files.gltf_tree import FLOAT, HALF_TURN_XYZW, GltfTree
from render.files.values import SceneArrays, arrays_to_write, gaussians_read
from render.gaussians import Gaussians

EXTENSION = "KHR_gaussian_splatting"
MAGIC, VERSION = b"glTF", 2
POINTS = 0
ARRAY_BUFFER = 34962
LARGEST_FILE = (1 << 32) - 1
"""Bytes; the header has no room for more."""
LARGEST_TEXT = 1 << 20
"""Bytes of JSON that are read: this format needs few, and memory for JSON is many times its size."""
COLOURS = "srgb_rec709_display"


def attribute_types(degree: int) -> dict[str, str]:
    """Every attribute of a primitive with harmonics up to `degree`, and its type in glTF."""
    harmonics = [f"SH_DEGREE_{d}_COEF_{i}" for d in range(degree + 1) for i in range(2 * d + 1)]
    own = {"ROTATION": "VEC4", "SCALE": "VEC3", "OPACITY": "SCALAR", **dict.fromkeys(harmonics, "VEC3")}
    return {"POSITION": "VEC3", **{f"{EXTENSION}:{name}": kind for name, kind in own.items()}}


def write_glb(path: Path, gaussians: Gaussians) -> None:
    """Write `gaussians` in their order, bit for bit.

    Raises:
        FileFormatError: there is none, a value is not finite, a scale is not above 0, a quaternion is 0, or it would
            be a file beyond 4 GiB.
        OutputError: the folder cannot be written.
    """
    arrays = arrays_to_write(path, gaussians)
    if not len(gaussians):
        raise FileFormatError(path, "there is no Gaussian; glTF needs one at least.")
    columns = [arrays.means, np.roll(arrays.quats_wxyz, -1, axis=1), arrays.scales, arrays.opacities[:, None]]
    columns += [arrays.sh[:, i] for i in range(arrays.sh.shape[1])]
    named = dict(zip(attribute_types(gaussians.sh_degree).items(), columns, strict=True))
    text = json.dumps(_document(named), separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    size = sum(values.nbytes for values in columns)
    total = 28 + len(text) + size
    if total > LARGEST_FILE:
        raise FileFormatError(path, f"it would have {total} bytes; a .glb has {LARGEST_FILE} at most.")
    parts = [struct.pack("<4sII", MAGIC, VERSION, total), struct.pack("<I4s", len(text), b"JSON"), text]
    parts += [struct.pack("<I4s", size, b"BIN\0"), *(values.astype("<f4").tobytes() for values in columns)]
    write_atomically(path, b"".join(parts))


def _document(named: dict[tuple[str, str], np.ndarray]) -> dict[str, Any]:
    """The JSON of a file with these attributes, in this order."""
    views, accessors, start = [], [], 0
    for (name, kind), values in named.items():
        views.append({"buffer": 0, "byteOffset": start, "byteLength": values.nbytes, "target": ARRAY_BUFFER})
        accessor = {"bufferView": len(accessors), "componentType": FLOAT, "count": len(values), "type": kind}
        if name == "POSITION":
            # glTF asks for these of positions alone.
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        accessors.append(accessor)
        start += values.nbytes
    extension = {"kernel": "ellipse", "colorSpace": COLOURS, "projection": "perspective"}
    primitive = {
        "attributes": {name: index for index, (name, _) in enumerate(named)},
        "mode": POINTS,
        "extensions": {EXTENSION: {**extension, "sortingMethod": "cameraDistance"}},
    }
    return {
        "asset": {"version": "2.0", "generator": "snapsplat"},
        "extensionsUsed": [EXTENSION],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "rotation": HALF_TURN_XYZW}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": start}],
    }


def read_glb(path: Path) -> Gaussians:
    """The Gaussians of a .glb that has one primitive of them, in OpenCV axes.

    Raises:
        FileFormatError: it is no such file, is cut off, has Gaussians more than once or none, or packs them otherwise.
    """
    text, binary = _chunks(path)
    tree = GltfTree(path, text, binary)
    attributes, placed = tree.points_of(EXTENSION)
    degree = 0
    while degree < 3 and f"{EXTENSION}:SH_DEGREE_{degree + 1}_COEF_0" in attributes:
        degree += 1
    columns = [tree.floats(attributes, name, kind) for name, kind in attribute_types(degree).items()]
    if len({len(values) for values in columns}) != 1:
        raise FileFormatError(path, f"its attributes have {[len(v) for v in columns]} rows; they must have as many.")
    means, quats_xyzw, scales, opacities, *harmonics = columns
    quats_wxyz = np.roll(quats_xyzw, 1, axis=1)
    arrays = SceneArrays(means, quats_wxyz, scales, opacities[:, 0], np.stack(harmonics, 1))
    return placed(gaussians_read(path, arrays))


def _chunks(path: Path) -> tuple[bytes, memoryview]:
    """Text and binary part."""
    content = path.read_bytes()
    if len(content) < 20 or content[:4] != MAGIC:
        raise FileFormatError(path, "this is no .glb file: it must start with 'glTF' and have a header of 20 bytes.")
    version, total, length, kind = struct.unpack_from("<III4s", content, 4)
    if version != VERSION or kind != b"JSON":
        raise FileFormatError(path, f"it has version {version} and begins with {kind!r}; 2 and b'JSON' are right.")
    if total != len(content) or 20 + length > total:
        raise FileFormatError(path, f"it announces {total} bytes, {length} of them text, and has {len(content)}.")
    if length > LARGEST_TEXT:
        raise FileFormatError(path, f"it has {length} bytes of text; {LARGEST_TEXT} are read at most.")
    start = 20 + length
    binary = memoryview(content)[start + 8 :]
    if len(content) < start + 8 or content[start + 4 : start + 8] != b"BIN\0":
        raise FileFormatError(path, "it has no binary part, which is where Gaussians are.")
    (size,) = struct.unpack_from("<I", content, start)
    if size > len(binary):
        raise FileFormatError(path, f"its binary part announces {size} bytes and has {len(binary)}; it is cut off.")
    return content[20:start], binary[:size]
