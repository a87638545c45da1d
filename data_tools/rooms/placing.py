"""Transforms of things: at a place, turned, scaled."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

Vector = Sequence[float] | np.ndarray
"""Three numbers."""


def triple(vector: Vector) -> tuple[float, float, float]:
    """Three numbers as Python's own, for values that are hashed and compared."""
    a, b, c = (float(number) for number in vector)
    return a, b, c


def at(position: Vector, turn: float = 0.0, scale: float | Vector = 1.0) -> Float64[np.ndarray, "4 4"]:
    """Scale, then turn by `turn` radians around the vertical, then move to `position`."""
    c, s = np.cos(turn), np.sin(turn)
    T = np.eye(4)
    T[:3, :3] = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) * np.broadcast_to(np.asarray(scale, float), 3)
    T[:3, 3] = position
    return T


def tilted(axis: Vector, angle: float) -> Float64[np.ndarray, "4 4"]:
    """A rotation by `angle` radians around `axis` through the origin (Rodrigues)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    T = np.eye(4)
    T[:3, :3] = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return T


def look_at(eye: Vector, target: Vector, roll: float = 0.0) -> Float64[np.ndarray, "4 4"]:
    """`T_world_camera` of a camera at `eye` that has `target` in its middle, upright but for `roll` radians."""
    z = np.asarray(target, float) - np.asarray(eye, float)
    z /= np.linalg.norm(z)
    x = np.cross(z, [0.0, 1.0, 0.0])
    if np.linalg.norm(x) < 1e-6:
        x = np.array([1.0, 0.0, 0.0])
    x /= np.linalg.norm(x)
    y = np.cross(z, x)
    c, s = np.cos(roll), np.sin(roll)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = np.stack([c * x + s * y, c * y - s * x, z], 1), eye
    return T
