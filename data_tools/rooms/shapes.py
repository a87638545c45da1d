"""Surfaces of flat shapes, textured by the metre: pieces with four corners, boxes, extruded outlines."""

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
    flat = cross(b - a, c - a)
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


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """numpy's is slow where there is little to multiply."""
    x, y, z = a[..., 0], a[..., 1], a[..., 2]
    u, v, w = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], -1)
