"""Cameras as people move with them: around things, past them, towards them, by hand."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from data_tools.rooms.layouts.stage import Move, Stage
from data_tools.rooms.placing import look_at

Path = Callable[[float], Float64[np.ndarray, "4 4"]]
"""`T_world_camera` by the distance moved: radians around a subject, or metres."""


def intrinsics(rng: np.random.Generator, size_wh: tuple[int, int]) -> Float64[np.ndarray, "3 3"]:
    """From a phone's wide lens to a short tele: 25 to 85 degrees across the long side, most of them near 60."""
    degrees = rng.uniform(25, 85) if rng.random() < 0.4 else rng.normal(62, 8)
    focal = max(size_wh) / 2 / np.tan(np.radians(np.clip(degrees, 25, 85)) / 2)
    centre = np.array(size_wh) * (0.5 + (rng.random() < 0.3) * rng.normal(size=2) * 0.01)
    return np.array([[focal, 0, centre[0]], [0, focal * (1 + 0.001 * rng.normal()), centre[1]], [0, 0, 1.0]])


def random_path(stage: Stage, rng: np.random.Generator) -> tuple[Path, float]:
    """A way to move and the first guess of the distance between photos."""
    move: Move = stage.moves[rng.integers(len(stage.moves))]
    subject = np.array(stage.subjects[rng.integers(len(stage.subjects))])
    low, high = (np.array(corner) for corner in stage.eyes)
    eye = _eye(rng, subject, low, high, stage.distance_m)
    away = eye - subject
    distance, bearing = float(np.linalg.norm(away[[0, 2]])), float(np.arctan2(away[0], away[2]))
    roll = rng.normal() * 0.02
    aim = subject + rng.normal(size=3) * 0.08 * distance * (1, 0.6, 1)
    rising = rng.normal() * 0.15 * distance
    ahead = (aim - eye) * (1, 0, 1) / max(float(np.linalg.norm((aim - eye)[[0, 2]])), 1e-6)
    aside = np.cross(ahead, [0.0, 1.0, 0.0])

    def around(angle: float) -> Float64[np.ndarray, "4 4"]:
        turned = bearing + angle
        place = (
            subject[0] + distance * np.sin(turned),
            eye[1] + rising * angle,
            subject[2] + distance * np.cos(turned),
        )
        return look_at(np.clip(place, low, high), aim, roll)

    drift = ahead * rng.normal() * 0.2

    def past(metres: float) -> Float64[np.ndarray, "4 4"]:
        return look_at(np.clip(eye + (aside + drift) * metres, low, high), aim + aside * metres, roll)

    def along(metres: float) -> Float64[np.ndarray, "4 4"]:
        place = np.clip(eye + (ahead + aside * 0.15) * metres, low, high)
        return look_at(place, place + (aim - eye), roll)

    direction = rng.normal(size=3) * (1, 0.4, 1)
    direction /= np.linalg.norm(direction)

    def wandering(metres: float) -> Float64[np.ndarray, "4 4"]:
        return look_at(
            np.clip(eye + direction * metres, low, high), aim + np.sin(3 * metres / distance) * direction * 0.3, roll
        )

    ways = {"arc": around, "orbit": around, "walk": along, "sideways": past, "wander": wandering}
    first = {"arc": 0.12, "orbit": 0.6, "walk": 0.2 * distance, "sideways": 0.1 * distance, "wander": 0.15 * distance}
    return ways[move], first[move] * float(rng.choice([-1.0, 1.0]))


def _eye(
    rng: np.random.Generator, subject: np.ndarray, low: np.ndarray, high: np.ndarray, distance_m: tuple[float, float]
) -> np.ndarray:
    """A place in the box at a fitting distance from the subject, if the box has one."""
    for _ in range(30):
        eye = rng.uniform(low, high)
        if distance_m[0] <= np.linalg.norm(eye - subject) <= distance_m[1]:
            return eye
    return rng.uniform(low, high)
