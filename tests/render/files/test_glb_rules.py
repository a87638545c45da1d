"""A .glb by the rules of glTF 2.0 and of KHR_gaussian_splatting, one by one, as their texts state them.

Khronos' schema of the extension asks for `kernel` and `colorSpace`, and lists the values that are known; the rest are
rules of its text. Its own validator does not know the extension yet (`test_node_tools.py` runs it where it is there).
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from render.files.formats import write_scene
from tests.render.scenes import cloud

NAME = "KHR_gaussian_splatting"
KNOWN = {
    "kernel": ("ellipse",),
    "colorSpace": ("srgb_rec709_display", "lin_rec709_scene"),
    "projection": ("perspective",),
    "sortingMethod": ("cameraDistance",),
}
TYPES = {"ROTATION": "VEC4", "SCALE": "VEC3", "OPACITY": "SCALAR"}
COUNT = 51
"""Odd, so that nothing is aligned by chance."""


def parts_of(path: Path) -> tuple[dict[str, Any], bytes]:
    content = path.read_bytes()
    magic, version, length, text_length, kind = struct.unpack_from("<4sIII4s", content)
    assert (magic, version, length, kind) == (b"glTF", 2, len(content), b"JSON")
    assert text_length % 4 == 0
    start = 20 + text_length
    size, binary = struct.unpack_from("<I4s", content, start)
    assert (binary, size % 4, start + 8 + size) == (b"BIN\0", 0, len(content))
    return json.loads(content[20:start]), content[start + 8 :]


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_every_rule(tmp_path: Path, degree: int) -> None:
    write_scene(tmp_path / "a.glb", cloud(COUNT, degree))
    document, binary = parts_of(tmp_path / "a.glb")
    assert document["asset"]["version"] == "2.0"
    assert document["extensionsUsed"] == [NAME]
    assert document["buffers"] == [{"byteLength": len(binary)}]
    (primitive,) = document["meshes"][0]["primitives"]
    assert primitive["mode"] == 0  # POINTS
    extension = primitive["extensions"][NAME]
    assert {"kernel", "colorSpace"} <= set(extension) <= set(KNOWN)
    assert all(extension[key] in KNOWN[key] for key in extension)
    harmonics = {f"SH_DEGREE_{d}_COEF_{i}": "VEC3" for d in range(degree + 1) for i in range(2 * d + 1)}
    expected = {"POSITION": "VEC3", **{f"{NAME}:{key}": kind for key, kind in {**TYPES, **harmonics}.items()}}
    accessors = {name: document["accessors"][index] for name, index in primitive["attributes"].items()}
    assert {name: accessor["type"] for name, accessor in accessors.items()} == expected
    values = {name: numbers(document, binary, accessor) for name, accessor in accessors.items()}
    assert accessors["POSITION"]["min"] == values["POSITION"].min(0).tolist()
    assert accessors["POSITION"]["max"] == values["POSITION"].max(0).tolist()
    np.testing.assert_allclose(np.linalg.norm(values[f"{NAME}:ROTATION"], axis=1), 1, atol=1e-6)
    opacities = values[f"{NAME}:OPACITY"]
    assert bool(((opacities >= 0) & (opacities <= 1)).all())
    assert bool((values[f"{NAME}:SCALE"] > 0).all())


def numbers(document: dict[str, Any], binary: bytes, accessor: dict[str, Any]) -> np.ndarray:
    view = document["bufferViews"][accessor["bufferView"]]
    assert (accessor["componentType"], accessor["count"], view["byteOffset"] % 4) == (5126, COUNT, 0)
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
    assert view["byteLength"] == 4 * width * COUNT
    assert view["byteOffset"] + view["byteLength"] <= len(binary)
    return np.frombuffer(binary, "<f4", width * COUNT, view["byteOffset"]).reshape(COUNT, width)
