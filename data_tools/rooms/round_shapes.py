"""Surfaces of round shapes that stand on y = 0, textured by the metre: turned things, balls, rings.

Each is a sheet of points that is bent: `u` runs around, `v` upwards.
"""

import numpy as np
from jaxtyping import Float

from data_tools.rooms.meshes import Surface
from data_tools.rooms.placing import Vector
from data_tools.rooms.shapes import Look, cross, joined, triangles


def grid(
    look: Look, points: Float[np.ndarray, "v u 3"], uv_m: Float[np.ndarray, "v u 2"], flat: bool = False
) -> Surface:
    """A sheet through `points`, smooth unless `flat`."""
    along_u, along_v = np.gradient(points, axis=1), np.gradient(points, axis=0)
    if np.allclose(points[:, 0], points[:, -1]):  # closed around: the seam's normals are those of the other side
        along_u[:, [0, -1]] = ((points[:, 1] - points[:, -2]) / 2)[:, None]
    normals = cross(along_u, along_v)
    rows, columns = np.meshgrid(np.arange(points.shape[0] - 1), np.arange(points.shape[1] - 1), indexing="ij")
    rows, columns = rows.ravel(), columns.ravel()
    corner_rows = np.stack([rows, rows, rows + 1, rows, rows + 1, rows + 1], 1).ravel()
    corner_columns = np.stack([columns, columns + 1, columns + 1, columns, columns + 1, columns], 1).ravel()
    picked = corner_rows, corner_columns
    return triangles(look, points[picked], uv_m[picked], None if flat else normals[picked])


def lathe(look: Look, profile: Float[np.ndarray, "v 2"], steps: int = 24) -> Surface:
    """A turned thing: `profile` holds radius and height from the bottom up; sharp edges need a point twice."""
    angle = np.linspace(0, 2 * np.pi, steps + 1)
    radius, height = profile[:, :1], profile[:, 1:]
    points = np.stack(
        [radius * np.cos(angle), np.broadcast_to(height, (len(profile), steps + 1)), -radius * np.sin(angle)], -1
    )
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    uv = np.stack(np.broadcast_arrays(angle[None] * profile[:, 0].max(), along[:, None]), -1)
    return grid(look, points, uv)


def cylinder(look: Look, radius: float, height: float, top_radius: float | None = None, steps: int = 24) -> Surface:
    """A closed cylinder, or a cone with another `top_radius`."""
    top = radius if top_radius is None else top_radius
    profile = np.array([[0, 0], [radius, 0], [radius, 0], [top, height], [top, height], [0, height]], float)
    parts = [lathe(look, profile[i : i + 2], steps) for i in (0, 2, 4)]
    return joined(look, parts)


def ball(look: Look, size: Vector, power: tuple[float, float] = (1.0, 1.0), steps: int = 20) -> Surface:
    """A superquadric of `size`: powers of 1 make an ellipsoid, near 0 a box, 2 an octahedron (Barr 1981)."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, steps + 1), np.linspace(-np.pi / 2, np.pi / 2, steps // 2 + 1))

    def bent(wave: np.ndarray, exponent: float) -> np.ndarray:
        return np.sign(wave) * np.abs(wave) ** exponent

    ring = bent(np.cos(v), power[1])
    unit = np.stack(
        [ring * bent(np.cos(u), power[0]), bent(np.sin(v), power[1]), -ring * bent(np.sin(u), power[0])], -1
    )
    points = (unit * 0.5 + (0, 0.5, 0)) * np.asarray(size, float)
    uv = np.stack([u * size[0] / 2, (v + np.pi / 2) * size[1] / 2], -1)
    return grid(look, points, uv)


def torus(look: Look, radius: float, thickness: float, steps: int = 24) -> Surface:
    """A ring that lies flat; `radius` is that of its middle."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, steps + 1), np.linspace(0, 2 * np.pi, steps // 2 + 1))
    ring = radius + thickness / 2 * np.cos(v)
    points = np.stack([ring * np.cos(u), thickness / 2 * (1 + np.sin(v)), -ring * np.sin(u)], -1)
    return grid(look, points, np.stack([u * radius, v * thickness / 2], -1))
