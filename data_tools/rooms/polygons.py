"""Polygons -> triangles: fans where those are right, ears cut off one by one where a polygon has notches."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

MOST_CORNERS = 400
"""A larger polygon stays a fan: cutting ears takes time with the cube of it."""


def triangulated(
    corners: Float[np.ndarray, "corner 3"], sizes: Sequence[int]
) -> tuple[Int64[np.ndarray, "triangle 3"], Int64[np.ndarray, " triangle"]]:
    """The corners of each triangle, and which polygon it is of.

    Args:
        corners: those of the first polygon in their order, then those of the next.
        sizes: how many corners each polygon has; fewer than three give no triangle.
    """
    many = np.asarray(sizes, np.int64)
    first = np.cumsum(many) - many
    order, owners = _fans(first, np.maximum(many - 2, 0))
    for polygon in np.flatnonzero(_notched(corners, order, owners, len(many)) & (many <= MOST_CORNERS)).tolist():
        start, end = int(first[polygon]), int(first[polygon] + many[polygon])
        order[owners == polygon] = start + _without_ears(_flat(corners[start:end]))
    return order, owners


def _fans(first: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    owners = np.repeat(np.arange(len(triangles)), triangles)
    second = np.arange(len(owners)) - np.repeat(np.cumsum(triangles) - triangles, triangles) + 1
    start = first[owners]
    return np.stack([start, start + second, start + second + 1], 1), owners


def _notched(corners: np.ndarray, order: np.ndarray, owners: np.ndarray, many: int) -> Bool[np.ndarray, " polygon"]:
    """Where a fan has triangles that face backwards, and so lie over others or outside."""
    a, b, c = (corners[order[:, corner]] for corner in range(3))
    with np.errstate(invalid="ignore", over="ignore"):
        areas = np.cross(b - a, c - a)
        whole = np.stack([np.bincount(owners, areas[:, axis], many) for axis in range(3)], 1)
        facing = np.einsum("ij,ij->i", areas, whole[owners])
        backwards = facing < -1e-6 * np.einsum("ij,ij->i", whole, whole)[owners]
    return np.bincount(owners[backwards], minlength=many) > 0


def _flat(corners: np.ndarray) -> Float64[np.ndarray, "corner 2"]:
    """Seen along the polygon's normal (Newell's), counter-clockwise."""
    following = np.roll(corners, -1, 0)
    normal = np.cross(corners, following).sum(0)
    axis = int(np.abs(normal).argmax())
    flat = np.delete(corners, axis, 1)
    # Leaving out y turns the sense around, since x comes after z in cyclic order.
    return flat[:, ::-1] if (normal[axis] < 0) != (axis == 1) else flat


def _without_ears(points: Float64[np.ndarray, "corner 2"]) -> Int64[np.ndarray, "triangle 3"]:
    """Ears cut off until a triangle is left; where no ear is clean, the widest corner is cut all the same."""
    ring = list(range(len(points)))
    triangles = []
    while len(ring) > 3:
        at = points[ring]
        before, after = np.roll(at, 1, 0), np.roll(at, -1, 0)
        widths = _turn(before, at, after)
        for place in np.argsort(-widths).tolist():
            if widths[place] > 0 and not _inside(at, before[place], at[place], after[place]).any():
                break
        else:
            place = int(widths.argmax())
        triangles.append((ring[place - 1], ring[place], ring[(place + 1) % len(ring)]))
        del ring[place]
    return np.array([*triangles, tuple(ring)], np.int64)


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Twice the area of the triangle, above 0 where it turns left."""
    ab, ac = b - a, c - a
    return ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]


def _inside(points: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Strictly: points on an edge, such as those of a bridge to a hole, don't count."""
    least = 1e-9 * _turn(a, b, c)
    return (_turn(a, b, points) > least) & (_turn(b, c, points) > least) & (_turn(c, a, points) > least)
