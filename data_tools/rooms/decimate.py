"""Fewer triangles, by merging the points of each cell of a grid (Rossignac and Borrel 1993)."""

from dataclasses import replace

import numpy as np

from data_tools.rooms.looks import shrunk
from data_tools.rooms.meshes import Mesh

STEPS = 9
"""Halvings of the range that the grid's step is searched in."""


def triangles_of(mesh: Mesh) -> int:
    return sum(len(surface.positions) // 3 for surface in mesh.surfaces)


def decimated(mesh: Mesh, most_triangles: int) -> Mesh:
    """The finest grid that leaves at most `most_triangles`, or few more where none does; fewer than that stay."""
    if triangles_of(mesh) <= most_triangles:
        return mesh
    largest = float(mesh.size.max())
    fine, coarse = largest / 4096, largest / 8
    for _ in range(STEPS):
        step = (fine * coarse) ** 0.5
        if _kept(mesh, step)[1].sum() <= most_triangles:
            coarse = step
        else:
            fine = step
    return _clustered(mesh, coarse)


def _kept(mesh: Mesh, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each corner the cell that it falls into, and which triangles still have three different ones, all their
    own."""
    corners = np.concatenate([surface.positions for surface in mesh.surfaces])
    cells = np.floor((corners - corners.min(0)) / step).astype(np.int64) @ np.array([1, 2**20, 2**40])
    of_triangles = np.sort(cells.reshape(-1, 3), axis=1)
    keep = (of_triangles[:, 0] != of_triangles[:, 1]) & (of_triangles[:, 1] != of_triangles[:, 2])
    _, first = np.unique(of_triangles, axis=0, return_index=True)
    distinct = np.zeros(len(keep), bool)
    distinct[first] = True
    return cells, keep & distinct


def _clustered(mesh: Mesh, step: float) -> Mesh:
    cells, keep = _kept(mesh, step)
    corners = np.concatenate([surface.positions for surface in mesh.surfaces])
    _, cell = np.unique(cells, return_inverse=True)
    many = np.bincount(cell)
    means = np.stack([np.bincount(cell, corners[:, axis]) / many for axis in range(3)], 1)
    # Means pull the outside in; the size that the model had is given back to it.
    low, span = corners.min(0), np.maximum(np.ptp(corners, axis=0), 1e-9)
    reached = np.unique(cell.reshape(-1, 3)[keep])
    inner, inner_span = means[reached].min(0), np.maximum(np.ptp(means[reached], axis=0), 1e-9)
    moved = ((means - inner) * np.where(inner_span > 0.5 * span, span / inner_span, 1) + low)[cell].astype(np.float32)
    surfaces = []
    start = 0
    for surface in mesh.surfaces:
        end = start + len(surface.positions)
        rows = np.repeat(keep[start // 3 : end // 3], 3)
        if rows.any():
            surfaces.append(
                replace(
                    surface,
                    positions=moved[start:end][rows],
                    normals=surface.normals[rows],
                    uv=surface.uv[rows],
                )
            )
        start = end
    return Mesh(mesh.name, tuple(surfaces))


def with_small_textures(mesh: Mesh, side_px: int) -> Mesh:
    """Textures of at most `side_px` a side; those that were shared still are."""
    small = {id(s.texture): shrunk(s.texture, side_px) for s in mesh.surfaces if s.texture is not None}
    return Mesh(mesh.name, tuple(replace(s, texture=small.get(id(s.texture))) for s in mesh.surfaces))
