"""The JSON of a glTF file: what it says of one primitive of points, none of it believed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Float64
from scipy.spatial.transform import Rotation

from render.errors import FileFormatError
from render.files.values import arrays_to_write
from render.gaussians import Gaussians
from render.turn import moved

FLOAT = 5126
"""glTF's number for float32."""
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
HALF_TURN_XYZW = [1.0, 0.0, 0.0, 0.0]
"""Around x, between OpenCV's axes and glTF's."""
T_OPENCV_GLTF = np.diag([1.0, -1.0, -1.0, 1.0])
SAME = 1e-7
"""A transform this near to none at all leaves every bit as it is."""
DEEPEST = 64
"""Nodes above a node."""


class GltfTree:
    """One file's JSON and its binary part."""

    def __init__(self, path: Path, text: bytes, binary: memoryview):
        self._path, self._binary = path, binary
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FileFormatError(path, f"its text is not JSON ({error}).") from error
        if not isinstance(content, dict):
            raise FileFormatError(path, "its text holds no object.")
        self._content: dict[str, Any] = content
        self._lists: dict[str, list[Any]] = {}

    def points_of(self, extension: str) -> tuple[dict[str, Any], Callable[[Gaussians], Gaussians]]:
        """Attributes of the only primitive with `extension`, and what brings its Gaussians into OpenCV's axes.

        Raises:
            FileFormatError: there is none or more than one, it is not of points, or no single node places it.
        """
        found = [
            (mesh, primitive)
            for mesh in range(len(self._list("meshes")))
            for primitive in self._items(self._entry("meshes", mesh).get("primitives"))
            if extension in self._object(primitive.get("extensions", {}))
        ]
        if len(found) != 1:
            raise FileFormatError(self._path, f"{len(found)} primitives have {extension}; one is read.")
        mesh, primitive = found[0]
        if primitive.get("mode") != 0:
            raise FileFormatError(
                self._path, f"its primitive has the mode {primitive.get('mode')}; 0, points, is right."
            )
        inner = self._object(self._object(primitive["extensions"])[extension]).get("extensions", {})
        if inner:
            raise FileFormatError(
                self._path, f"its Gaussians are packed by {', '.join(self._object(inner))}; unpacked is right."
            )
        nodes = [i for i in range(len(self._list("nodes"))) if self._entry("nodes", i).get("mesh") == mesh]
        if len(nodes) != 1:
            raise FileFormatError(self._path, f"{len(nodes)} nodes place its Gaussians; one is read.")
        T_opencv_local = torch.from_numpy(T_OPENCV_GLTF @ self._T_root_node(nodes[0]))

        def placed(gaussians: Gaussians) -> Gaussians:
            if torch.allclose(T_opencv_local, torch.eye(4, dtype=torch.float64), rtol=0, atol=SAME):
                return gaussians
            try:
                there = moved(gaussians, T_opencv_local)
            except ValueError as error:
                raise FileFormatError(self._path, f"a node bends its Gaussians: {error}") from error
            # Moved far enough, numbers leave float32's range.
            arrays_to_write(self._path, there)
            return there

        return self._object(primitive.get("attributes")), placed

    def floats(self, attributes: dict[str, Any], name: str, kind: str) -> Float32[np.ndarray, "n width"]:
        """One attribute; the rows may lie apart in the file.

        Raises:
            FileFormatError: it is missing, not of float32, of another type, or reaches beyond the binary part.
        """
        if name not in attributes:
            raise FileFormatError(self._path, f"the attribute {name} is missing.")
        accessor = self._entry("accessors", attributes[name])
        component, stored = accessor.get("componentType"), accessor.get("type")
        if component != FLOAT or stored != kind or "sparse" in accessor:
            raise FileFormatError(
                self._path,
                f"{name} is stored as {stored} of {component}; {kind} of {FLOAT} (float32), not sparse, is read.",
            )
        view = self._entry("bufferViews", accessor.get("bufferView"))
        if self._number(view, "buffer") != 0 or "uri" in self._entry("buffers", 0):
            raise FileFormatError(self._path, f"{name} lies outside the file; the binary part alone is read.")
        width, count = WIDTHS[kind], self._number(accessor, "count")
        stride = self._number(view, "byteStride", 4 * width)
        start = self._number(accessor, "byteOffset", 0)
        length, at = self._number(view, "byteLength"), self._number(view, "byteOffset", 0)
        needed = start + (count - 1) * stride + 4 * width if count else start
        if stride < 4 * width or needed > length or at + length > len(self._binary):
            raise FileFormatError(self._path, f"{name} reaches beyond the binary part of {len(self._binary)} bytes.")
        rows = np.ndarray((count, width), "<f4", self._binary[at : at + length], start, (stride, 4))
        return rows.astype(np.float32)

    def _T_root_node(self, node: int) -> Float64[np.ndarray, "4 4"]:
        parents: dict[int, int] = {}
        for parent in range(len(self._list("nodes"))):
            children = self._entry("nodes", parent).get("children", [])
            for child in children if isinstance(children, list) else []:
                if isinstance(child, int):
                    parents[child] = parent
        T, above = np.eye(4), 0
        at: int | None = node
        while at is not None:
            T, at, above = self._T_parent_node(self._entry("nodes", at)) @ T, parents.get(at), above + 1
            if above > DEEPEST:
                raise FileFormatError(self._path, f"more than {DEEPEST} nodes lie above its Gaussians.")
        if not (np.abs(T) < 1e9).all():
            raise FileFormatError(self._path, "the nodes above its Gaussians have a transform beyond all bounds.")
        return T

    def _T_parent_node(self, node: dict[str, Any]) -> Float64[np.ndarray, "4 4"]:
        if "matrix" in node:
            return self._vector(node, "matrix", [0.0] * 16).reshape(4, 4).T
        T = np.eye(4)
        quat = self._vector(node, "rotation", [0.0, 0.0, 0.0, 1.0])
        if not 0.5 < np.linalg.norm(quat) < 2:
            raise FileFormatError(self._path, f"a node has the rotation {quat.tolist()}; a unit quaternion is right.")
        T[:3, :3] = Rotation.from_quat(quat).as_matrix() * self._vector(node, "scale", [1.0] * 3)
        T[:3, 3] = self._vector(node, "translation", [0.0] * 3)
        return T

    def _vector(self, node: dict[str, Any], key: str, default: list[float]) -> Float64[np.ndarray, "_"]:
        values = node.get(key, default)
        if not isinstance(values, list) or len(values) != len(default) or not all(map(_is_plain_number, values)):
            raise FileFormatError(self._path, f'the "{key}" of a node is no list of {len(default)} numbers.')
        return np.array(values, np.float64)

    def _number(self, entry: dict[str, Any], key: str, default: int | None = None) -> int:
        value = entry.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 40:
            raise FileFormatError(self._path, f'"{key}" is {str(value)[:40]}; a whole number from 0 on is right.')
        return value

    def _list(self, key: str) -> list[Any]:
        # Looked at once: lists that are walked and asked for entry by entry would otherwise cost their square.
        if key not in self._lists:
            self._lists[key] = self._items(self._content.get(key))
        return self._lists[key]

    def _items(self, values: object) -> list[Any]:
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise FileFormatError(self._path, f"a list of objects is expected where there is {str(values)[:40]}.")
        return values

    def _entry(self, key: str, index: object) -> dict[str, Any]:
        entries = self._list(key)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(entries):
            raise FileFormatError(self._path, f'number {str(index)[:40]} of {len(entries)} in "{key}" is asked for.')
        return entries[index]

    def _object(self, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise FileFormatError(self._path, f"an object is expected where there is {str(value)[:40]}.")
        return value


def _is_plain_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
