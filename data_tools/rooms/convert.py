"""A model of a library -> Mesh: in metres, standing on the floor, without what is broken or see-through."""

import posixpath
from dataclasses import replace

import numpy as np

from data_tools.rooms.decimate import decimated
from data_tools.rooms.looks import OPAQUE, read_texture, seen, surface_colour, without_alpha
from data_tools.rooms.meshes import Mesh, Surface
from data_tools.rooms.normals import corner_normals, face_normals, merged
from data_tools.rooms.obj_files import Material, ObjFile, read_mtl, read_obj
from data_tools.rooms.sh3f import CatalogueModel, Library
from render.errors import FileFormatError

MOST_TRIANGLES = 40_000
MOST_TRIANGLES_READ = 500_000
MOST_HIDDEN = 0.5
"""A model of which glass and the holes in textures are a larger share, by area, is left out."""
LARGEST_POSITION = 1e9
LARGEST_UV = 64.0
"""A surface whose texture repeats more often has its uv brought near 0, triangle by triangle."""


def convert(library: Library, model: CatalogueModel, name: str) -> Mesh:
    """
    Raises:
        FileFormatError: the model is missing or broken, or nothing of it can be seen.
    """
    where = f"{library.name}: {model.path}"
    content = library.read(model.path)
    if content is None:
        raise FileFormatError(where, "is not in the library.")
    obj = read_obj(content.decode("utf-8", "replace"), where)
    if len(obj.triangles) > MOST_TRIANGLES_READ:
        raise FileFormatError(where, f"has {len(obj.triangles)} triangles; at most {MOST_TRIANGLES_READ} are read.")
    folder = posixpath.dirname(model.path)
    materials = _materials(library, folder, obj)
    obj = _sized(_sound(obj), model)
    if not len(obj.triangles):
        raise FileFormatError(where, "holds no triangle.")
    mesh = _grounded(Mesh(name, _surfaces(library, folder, obj, materials, where, name)))
    return decimated(mesh, MOST_TRIANGLES)


def _materials(library: Library, folder: str, obj: ObjFile) -> list[Material]:
    """One for each of the OBJ file's names; what no MTL file describes is all default."""
    known: dict[str, Material] = {}
    for mtl in obj.libraries:
        content = library.read(posixpath.join(folder, mtl))
        known |= read_mtl(content.decode("utf-8", "replace")) if content is not None else {}
    return [known.get(name, Material()) for name in obj.material_names]


def _sound(obj: ObjFile) -> ObjFile:
    """Without triangles that point nowhere, are not finite, have no area, or lie where another lies already."""
    index = obj.triangles[..., 0]
    # What is not finite fails the comparison; index -1 looks at the last row, and is refused beside it.
    usable = np.append((np.abs(obj.positions) < LARGEST_POSITION).all(1), False)
    keep = (usable[index] & (index >= 0)).all(1)
    obj = replace(obj, triangles=obj.triangles[keep], materials=obj.materials[keep])
    corners = obj.positions[obj.triangles[..., 0]]
    points = np.sort(merged(corners.reshape(-1, 3)).reshape(-1, 3), axis=1)
    _, first = np.unique(points, axis=0, return_index=True)
    distinct = np.zeros(len(points), bool)
    distinct[first] = True
    span = float(np.ptp(corners.reshape(-1, 3), axis=0).max()) if len(corners) else 1.0
    thin = np.linalg.norm(face_normals(corners), axis=1) <= 1e-12 * span**2
    distinct &= ~thin & (points[:, 0] != points[:, 1]) & (points[:, 1] != points[:, 2])
    return replace(obj, triangles=obj.triangles[distinct], materials=obj.materials[distinct])


def _sized(obj: ObjFile, model: CatalogueModel) -> ObjFile:
    """Turned as the catalogue says, then stretched to its metres; see-through parts count, as they did there."""
    turned = obj.positions @ model.rotation.T
    used = turned[np.unique(obj.triangles[..., 0])] if len(obj.triangles) else np.zeros((1, 3))
    span = np.ptp(used, axis=0)
    scale = np.where(span > 1e-9, np.asarray(model.size_m) / np.maximum(span, 1e-9), 1.0)
    return replace(obj, positions=(turned - used.min(0)) * scale, normals=obj.normals @ model.rotation.T / scale[None])


def _surfaces(
    library: Library, folder: str, obj: ObjFile, materials: list[Material], where: str, name: str
) -> tuple[Surface, ...]:
    corners, normals, uv = obj.positions[obj.triangles[..., 0]], _normals(obj), _uv(obj)
    textures: dict[str, tuple[np.ndarray, np.ndarray] | None] = {}
    surfaces = []
    hidden = total = 0.0
    for number, material in enumerate(materials):
        of_it = np.flatnonzero(obj.materials == number)
        areas = np.linalg.norm(face_normals(corners[of_it]), axis=1)
        total += areas.sum()
        if material.opacity < OPAQUE:
            hidden += areas.sum()
            continue
        texture = None
        if (file := material.texture) is not None:
            if file not in textures:
                rgba = read_texture(library, folder, file)
                textures[file] = None if rgba is None else (without_alpha(rgba), rgba[..., 3])
            if (found := textures[file]) is not None:
                texture, alpha = found
                shown = seen(alpha, uv[of_it])
                hidden += areas[~shown].sum()
                of_it = of_it[shown]
        if len(of_it):
            surfaces.append(
                Surface(
                    corners[of_it].reshape(-1, 3).astype(np.float32),
                    normals[of_it].reshape(-1, 3).astype(np.float32),
                    _near(uv[of_it]).reshape(-1, 2).astype(np.float32),
                    surface_colour(material.colour, texture is not None, f"{name}/{obj.material_names[number]}"),
                    texture,
                    material.gloss,
                )
            )
    if not surfaces or hidden > MOST_HIDDEN * total:
        raise FileFormatError(where, "is see-through, all or much of it.")
    return tuple(surfaces)


def _normals(obj: ObjFile) -> np.ndarray:
    """Those of the file where it has them, else computed ones."""
    corners = obj.positions[obj.triangles[..., 0]]
    computed = corner_normals(corners)
    index = obj.triangles[..., 2]
    if not len(obj.normals):
        return computed
    given = obj.normals[index]
    length = np.linalg.norm(given, axis=-1, keepdims=True)
    usable = (index[..., None] >= 0) & np.isfinite(length) & (length > 1e-9)
    return np.where(usable, given / np.where(usable, length, 1), computed)


def _uv(obj: ObjFile) -> np.ndarray:
    """0 where the file has none, or nothing usable."""
    index = obj.triangles[..., 1]
    if not len(obj.uv):
        return np.zeros((*index.shape, 2))
    uv = obj.uv[index]
    usable = (index[..., None] >= 0) & (np.abs(uv) < 1e6)
    return np.where(usable, uv, 0.0)


def _near(uv: np.ndarray) -> np.ndarray:
    """The same look with smaller numbers, where they are large."""
    uv = uv - np.floor(uv.min((0, 1)))
    if uv.max() <= LARGEST_UV:
        return uv
    return (uv - np.floor(uv.min(1, keepdims=True))).clip(0, LARGEST_UV)


def _grounded(mesh: Mesh) -> Mesh:
    """On y = 0, with x = z = 0 in the middle."""
    corners = np.concatenate([surface.positions for surface in mesh.surfaces])
    low, high = corners.min(0), corners.max(0)
    base = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2], np.float32)
    return Mesh(mesh.name, tuple(replace(surface, positions=surface.positions - base) for surface in mesh.surfaces))
