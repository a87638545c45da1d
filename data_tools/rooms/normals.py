"""Normals for triangles that come without: smooth over what is nearly flat, sharp at creases."""

import numpy as np
from jaxtyping import Float, Float64, Int64

CREASE_DEGREES = 42.0
"""Triangles that meet at a sharper angle don't share their normals."""
MOST_NEIGHBOURS = 48
"""How many triangles around a point are looked at; a fan of more is smooth enough with some of them."""


def merged(positions: Float[np.ndarray, "point 3"]) -> Int64[np.ndarray, " point"]:
    """A number for each point; points in the same place, up to a hundred-thousandth of the whole, have the same."""
    if not len(positions):
        return np.zeros(0, np.int64)
    grid = max(float(np.ptp(positions, axis=0).max()), 1e-9) * 1e-5
    cells = np.round((positions - positions.min(0)) / grid).astype(np.int64)
    return np.unique(cells @ np.array([1, 2**20, 2**40]), return_inverse=True)[1].reshape(-1)


def face_normals(corners: Float[np.ndarray, "triangle 3 3"]) -> Float[np.ndarray, "triangle 3"]:
    """By the right hand, twice the triangle's area long."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def corner_normals(corners: Float64[np.ndarray, "triangle 3 3"]) -> Float64[np.ndarray, "triangle 3 3"]:
    """Unit normals: at each corner the mean, by area, over the triangles there that lie within the crease angle."""
    areas = face_normals(corners)
    unit = areas / np.maximum(np.linalg.norm(areas, axis=1, keepdims=True), 1e-30)
    points = merged(corners.reshape(-1, 3))
    # Corners of one point stand side by side in `order`; each is compared with the one `step` further, around.
    order = np.argsort(points, kind="stable")
    faces = order // 3
    many = np.bincount(points)[points[order]]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(points[order])) + 1])
    first = np.repeat(starts, np.diff(np.append(starts, len(order))))
    place = np.arange(len(order)) - first
    total = areas[faces].copy()
    cosine = np.cos(np.radians(CREASE_DEGREES))
    for step in range(1, min(int(many.max(initial=1)), MOST_NEIGHBOURS)):
        here = np.flatnonzero(many > step)
        there = first[here] + (place[here] + step) % many[here]
        mine, other = faces[here], faces[there]
        smooth = np.einsum("ij,ij->i", unit[mine], unit[other]) > cosine
        total[here[smooth]] += areas[other[smooth]]
    length = np.linalg.norm(total, axis=1, keepdims=True)
    normals = np.empty_like(total)
    normals[order] = np.where(length > 1e-30, total / np.maximum(length, 1e-30), unit[faces])
    return normals.reshape(-1, 3, 3)
