"""A scene's triangles as the buffers of `gl.py`: a row for each corner, and which rows belong together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

from data_tools.rooms.meshes import Surface
from data_tools.rooms.scene import Placed, Scene

ROW = np.dtype([("position", "<f4", 3), ("normal", "<f4", 3), ("uv", "<f4", 2), ("look", "u1", 4)])
"""A corner; `look` is sRGB and gloss."""
LEAST_GLOSS = 0.02
"""Less cannot be seen, and is not worth its time."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows that are drawn at once, or left out at once where they lie out of sight."""

    first: int
    count: int
    texture: UInt8[np.ndarray, "texture_height texture_width 3"] | None
    glossy: bool
    centre: Float[np.ndarray, "3"]
    radius: float
    """All corners lie within it around `centre`."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """All corners of a scene."""

    rows: np.ndarray
    """Of type ROW."""
    batches: tuple[Batch, ...]

    @property
    def positions(self) -> Float32[np.ndarray, "corner 3"]:
        """Corners in the world."""
        return self.rows["position"]


def geometry(scene: Scene) -> Geometry:
    """Bring every mesh to its place. Surfaces of one mesh make a batch for each texture."""
    rows: list[np.ndarray] = []
    batches: list[Batch] = []
    first = 0
    for placed in scene.placed:
        for texture, glossy, surfaces in _alike(placed):
            packed = np.concatenate([_rows(placed, surface) for surface in surfaces])
            low, high = packed["position"].min(0), packed["position"].max(0)
            centre = (low + high) / 2
            batches.append(Batch(first, len(packed), texture, glossy, centre, float(np.linalg.norm(high - low)) / 2))
            rows.append(packed)
            first += len(packed)
    return Geometry(np.concatenate(rows) if rows else np.zeros(0, ROW), tuple(batches))


def _alike(placed: Placed) -> Iterator[tuple[np.ndarray | None, bool, list[Surface]]]:
    """Surfaces that one call can draw."""
    groups: dict[tuple[int, bool], tuple[np.ndarray | None, bool, list[Surface]]] = {}
    for surface in placed.mesh.surfaces:
        if len(surface.positions):
            texture = surface.texture if placed.texture is None else placed.texture
            glossy = surface.gloss >= LEAST_GLOSS
            groups.setdefault((id(texture), glossy), (texture, glossy, []))[2].append(surface)
    yield from groups.values()


def _rows(placed: Placed, surface: Surface) -> np.ndarray:
    T = placed.T_world_mesh
    normals = surface.normals @ np.linalg.inv(T[:3, :3]).astype(np.float32)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    colour = np.multiply(surface.colour, placed.colour or (1.0, 1.0, 1.0))
    rows = np.empty(len(surface.positions), ROW)
    rows["position"] = surface.positions @ T[:3, :3].T.astype(np.float32) + T[:3, 3].astype(np.float32)
    rows["normal"], rows["uv"] = normals, surface.uv
    rows["look"] = np.round(255 * np.clip([*colour, surface.gloss], 0, 1)).astype(np.uint8)
    return rows


def in_sight(batches: tuple[Batch, ...], T_clip_world: Float[np.ndarray, "4 4"]) -> list[Batch]:
    """Batches whose sphere reaches into the picture, the nearest first."""
    planes = np.stack([T_clip_world[3] + sign * T_clip_world[axis] for axis in (0, 1) for sign in (1, -1)])
    planes = np.concatenate([planes, T_clip_world[3:]])
    planes /= np.linalg.norm(planes[:, :3], axis=1, keepdims=True)
    centres = np.stack([batch.centre for batch in batches])
    radii = np.array([batch.radius for batch in batches])
    apart = centres @ planes[:, :3].T + planes[:, 3]
    seen = np.flatnonzero((apart > -radii[:, None]).all(1))
    return [batches[i] for i in seen[np.argsort(apart[seen, -1] - radii[seen])]]
