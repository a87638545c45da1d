"""Surfaces of simple shapes: boxes, turned and extruded things, balls. All stand on y = 0, textured by the metre.

A shape is a grid of points that is bent: `u` runs around or along, `v` upwards. Texture coordinates are metres divided
by the `Look`'s `repeat_m`.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from data_tools.rooms.meshes import Surface
from data_tools.rooms.placing import Vector


@dataclass(frozen=True, eq=False)
class Look:
    """What a surface is made of."""

    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    texture: UInt8[np.ndarray, "texture_height texture_width 3"] | None = None
    repeat_m: float = 1.0
    """Metres after which the texture starts again."""
    gloss: float = 0.0


def triangles(
    look: Look,
    corners: Float[np.ndarray, "corner 3"],
    uv_m: Float[np.ndarray, "corner 2"],
    smooth_normals: Float[np.ndarray, "corner 3"] | None = None,
) -> Surface:
    """Three corners a triangle, without area left out; flat unless normals are given, and where they vanish."""
    a, b, c = corners[0::3], corners[1::3], corners[2::3]
    flat = _cross(b - a, c - a)
    kept = (flat * flat).sum(1) > 1e-16
    normals = np.repeat(flat, 3, axis=0)
    if smooth_normals is not None:
        vanishing = (smooth_normals * smooth_normals).sum(1, keepdims=True) < 1e-18
        normals = np.where(vanishing, normals, smooth_normals)
    if not kept.all():
        kept = np.repeat(kept, 3)
        corners, uv_m, normals = corners[kept], uv_m[kept], normals[kept]
    return Surface(
        positions=np.asarray(corners, np.float32),
        normals=np.asarray(normals / np.sqrt((normals * normals).sum(1, keepdims=True)), np.float32),
        uv=np.asarray(uv_m / look.repeat_m, np.float32),
        colour=look.colour,
        texture=look.texture,
        gloss=look.gloss,
    )


def quad(look: Look, corners: Float[np.ndarray, "4 3"], uv_m: Float[np.ndarray, "4 2"] | None = None) -> Surface:
    """A flat piece with four corners, in turn around it; without `uv_m` the texture lies along its first edge."""
    corners = np.asarray(corners, float)
    uv = _along_first_edge(corners) if uv_m is None else np.asarray(uv_m, float)
    order = [0, 1, 2, 0, 2, 3]
    return triangles(look, corners[order], uv[order])


def _along_first_edge(corners: np.ndarray) -> np.ndarray:
    along, side = corners[1] - corners[0], corners[3] - corners[0]
    along = along / np.sqrt(along @ along)
    up = side - along * (along @ side)
    return (corners - corners[0]) @ np.stack([along, up / np.sqrt(up @ up)], 1)


def grid(
    look: Look, points: Float[np.ndarray, "v u 3"], uv_m: Float[np.ndarray, "v u 2"], flat: bool = False
) -> Surface:
    """A sheet through `points`, smooth unless `flat`."""
    along_u, along_v = np.gradient(points, axis=1), np.gradient(points, axis=0)
    if np.allclose(points[:, 0], points[:, -1]):  # closed around: the seam's normals are those of the other side
        along_u[:, [0, -1]] = ((points[:, 1] - points[:, -2]) / 2)[:, None]
    normals = _cross(along_u, along_v)
    rows, columns = np.meshgrid(np.arange(points.shape[0] - 1), np.arange(points.shape[1] - 1), indexing="ij")
    rows, columns = rows.ravel(), columns.ravel()
    corner_rows = np.stack([rows, rows, rows + 1, rows, rows + 1, rows + 1], 1).ravel()
    corner_columns = np.stack([columns, columns + 1, columns + 1, columns, columns + 1, columns], 1).ravel()
    picked = corner_rows, corner_columns
    return triangles(look, points[picked], uv_m[picked], None if flat else normals[picked])


# Of a box of size 2 around the origin: corners, normals, and which two sizes its texture runs along.
_FACES = (((2, 1), (0, 1), 1), ((2, -1), (0, -1), 1), ((0, 1), (2, -1), 1), ((0, -1), (2, 1), 1), ((1, 1), (0, 1), 2),
          ((1, -1), (0, 1), 2))  # fmt: skip


def _unit_box() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    corners, normals, uv = [], [], []
    for (axis, side), (along, sign), up in _FACES:
        for u, v in ((0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)):
            corner, normal, weights = np.zeros(3), np.zeros(3), np.zeros((2, 3))
            corner[axis], corner[along], corner[up], normal[axis] = side, sign * (2 * u - 1), 2 * v - 1, side
            weights[0, along], weights[1, up] = u, v
            corners.append(corner)
            normals.append(normal)
            uv.append(weights)
    return np.array(corners, np.float32), np.array(normals, np.float32), np.array(uv, np.float32)


_BOX_CORNERS, _BOX_NORMALS, _BOX_UV = _unit_box()


def box(look: Look, size: Vector, centre_base: Vector = (0.0, 0.0, 0.0)) -> Surface:
    """An upright box of `size` (x, y, z) whose base's middle is `centre_base`."""
    extent, base = np.asarray(size, np.float32), np.asarray(centre_base, np.float32)
    positions = _BOX_CORNERS * (extent / 2)
    positions += base
    positions[:, 1] += extent[1] / 2
    uv = _BOX_UV @ (extent / np.float32(look.repeat_m))
    return Surface(positions, _BOX_NORMALS, uv, look.colour, look.texture, look.gloss)


def joined(look: Look, surfaces: Sequence[Surface]) -> Surface:
    """Surfaces of one look as one."""
    return Surface(
        positions=np.concatenate([s.positions for s in surfaces]),
        normals=np.concatenate([s.normals for s in surfaces]),
        uv=np.concatenate([s.uv for s in surfaces]),
        colour=look.colour,
        texture=look.texture,
        gloss=look.gloss,
    )


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


def extrusion(look: Look, outline: Float[np.ndarray, "point 2"], height: float) -> Surface:
    """An outline in x and z, counted around, drawn upwards; its top is closed as a fan around the outline's mean."""
    closed = np.concatenate([outline, outline[:1]])
    sides = []
    for (ax, az), (bx, bz) in itertools.pairwise(closed):
        sides.append(quad(look, np.array([(ax, 0, az), (bx, 0, bz), (bx, height, bz), (ax, height, az)])))
    middle = np.broadcast_to(outline.mean(0), outline.shape)
    fan = np.stack([middle, closed[:-1], closed[1:]], 1).reshape(-1, 2)
    top = np.stack([fan[:, 0], np.full(len(fan), height), fan[:, 1]], 1)
    return joined(look, [*sides, triangles(look, top, fan)])


def moved(surface: Surface, T: Float[np.ndarray, "4 4"]) -> Surface:
    """The surface after a rigid motion, or a scaling by axis."""
    normals = surface.normals @ np.linalg.inv(T[:3, :3])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return Surface(
        positions=np.asarray(surface.positions @ T[:3, :3].T + T[:3, 3], np.float32),
        normals=np.asarray(normals, np.float32),
        uv=surface.uv,
        colour=surface.colour,
        texture=surface.texture,
        gloss=surface.gloss,
    )


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """numpy's is slow where there is little to multiply."""
    x, y, z = a[..., 0], a[..., 1], a[..., 2]
    u, v, w = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], -1)
