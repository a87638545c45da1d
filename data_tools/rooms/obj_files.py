"""Wavefront OBJ and MTL, as much of them as furniture needs: triangles, and what their materials look like."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from data_tools.rooms.polygons import triangulated
from render.errors import FileFormatError


@dataclass(frozen=True, eq=False)
class ObjFile:
    """Triangles; an index that points nowhere is -1."""

    positions: Float64[np.ndarray, "position 3"]
    uv: Float64[np.ndarray, "texture_vertex 2"]
    normals: Float64[np.ndarray, "normal 3"]
    triangles: Int64[np.ndarray, "triangle 3 3"]
    """Of each corner the index of its position, of its uv and of its normal."""
    materials: Int64[np.ndarray, " triangle"]
    """Index into `material_names`."""
    material_names: tuple[str, ...]
    libraries: tuple[str, ...]
    """MTL files that it names."""


@dataclass(frozen=True)
class Material:
    """What an MTL file says of one material."""

    colour: tuple[float, float, float] | None = None
    """sRGB in [0, 1]; None where nothing is said."""
    opacity: float = 1.0
    gloss: float = 0.0
    """In [0, 1]: how much of the light is mirrored, roughly."""
    texture: str | None = None
    """File name, relative to the MTL file's folder."""


def read_obj(text: str, where: str) -> ObjFile:
    """
    Raises:
        FileFormatError: a number is not one, or a line has too few; the message names `where`.
    """
    rows: dict[str, list[list[str]]] = {"v": [], "vt": [], "vn": []}
    faces, face_materials, libraries = [], [], []
    names = {"": 0}
    current = 0
    for line in text.replace("\\\n", " ").splitlines():
        key, _, rest = line.strip().partition(" ")
        if key in rows:
            rows[key].append(rest.split()[:3])
        elif key == "f":
            faces.append(rest.split())
            face_materials.append(current)
        elif key == "usemtl":
            current = names.setdefault(rest.strip(), len(names))
        elif key == "mtllib":
            libraries.append(rest.strip())
    try:
        positions, uv, normals = (_numbers(rows[key], width) for key, width in (("v", 3), ("vt", 2), ("vn", 3)))
        corners = _corner_indices([corner for face in faces for corner in face])
    except (ValueError, OverflowError) as error:
        raise FileFormatError(where, f"a line of it cannot be read ({error}).") from error
    for column, many in enumerate((len(positions), len(uv), len(normals))):
        index = corners[:, column]
        # Counted from 1, or back from the end; what is 0 or beyond either end points nowhere.
        index = np.where(index > 0, index - 1, np.where(index < 0, many + index, -1))
        corners[:, column] = np.where((index >= 0) & (index < many), index, -1)
    at = positions[corners[:, 0]] if len(positions) else np.zeros((len(corners), 3))
    order, owners = triangulated(at, [len(face) for face in faces])
    materials = np.asarray(face_materials, np.int64)[owners]
    return ObjFile(positions, uv, normals, corners[order], materials, tuple(names), tuple(libraries))


def _numbers(rows: Sequence[Sequence[str]], width: int) -> np.ndarray:
    """Rows of at least `width` numbers; the rest of a row, such as a texture's depth, is left out."""
    if not rows:
        return np.zeros((0, width))
    return np.array([row[:width] for row in rows], dtype=np.float64)


def _corner_indices(corners: Sequence[str]) -> np.ndarray:
    """`1`, `1/2`, `1//3` and `1/2/3` as rows of three; 0 where there is none."""
    joined = " ".join(corners).replace("//", "/0/")
    slashes = joined.count("/")
    if slashes in (0, len(corners), 2 * len(corners)):
        width = slashes // max(len(corners), 1) + 1
        numbers = np.array(joined.replace("/", " ").split(), dtype=np.int64).reshape(len(corners), width)
        return np.pad(numbers, ((0, 0), (0, 3 - width)))
    return np.array([[int(n or 0) for n in (corner.split("/") + ["", ""])[:3]] for corner in corners], dtype=np.int64)


def read_mtl(text: str) -> dict[str, Material]:
    """Materials by name; values that are not numbers are passed over."""
    found: dict[str, dict[str, str]] = {}
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, _, rest = line.strip().partition(" ")
        if key == "newmtl":
            values = found.setdefault(rest.strip(), {})
        else:
            values[key.lower()] = rest.strip()
    return {name: _material(values) for name, values in found.items()}


def _material(values: dict[str, str]) -> Material:
    kd, ks = _floats(values.get("kd", "")), _floats(values.get("ks", ""))
    sharpness = _floats(values.get("ns", ""))
    dissolve, transparency = _floats(values.get("d", "")), _floats(values.get("tr", ""))
    opacity = dissolve[0] if dissolve else 1 - transparency[0] if transparency else 1.0
    # Exporters write a strong highlight for nearly everything; only a narrow one is a mirror.
    gloss = 0.3 * min(sum(ks[:3]) / 3, 1) * min(sharpness[0] / 500, 1) if len(ks) >= 3 and sharpness else 0.0
    return Material(
        colour=(kd[0], kd[1], kd[2]) if len(kd) >= 3 else None,
        opacity=min(max(opacity, 0.0), 1.0),
        gloss=max(gloss, 0.0),
        texture=_texture_name(values.get("map_kd", "")),
    )


def _floats(text: str) -> list[float]:
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return []
    return numbers if np.isfinite(numbers).all() else []


def _texture_name(text: str) -> str | None:
    """The file's name behind options such as `-s 1 1 1`."""
    name = re.sub(r"^(-[a-zA-Z]+(\s+(-?[\d.]+|on|off))*\s+)+", "", text).strip()
    return name.replace("\\", "/") or None
