"""Cameras as people move with them: around things, past them, towards them, by hand.

A path gives a camera for every number; how far apart the photos lie on it is found by looking: neighbours must share
a good part of what they see.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from data_tools.rooms.layouts.stage import Move, Stage
from data_tools.rooms.overlap import share_seen
from data_tools.rooms.placing import look_at, tilted
from data_tools.rooms.renderer import LoadedScene
from data_tools.rooms.scene import Camera

ATTEMPTS = 10
SPACINGS = 6
"""How often the distance between photos is changed for one path."""
SMALL = 64
"""Long side of the pictures that are looked at to choose."""
LEAST_OVERLAP, MOST_OVERLAP = 0.35, 0.93
NEAREST_SHARE = 0.02
"""The nearest of the pixels that may be closer than a camera should stand."""
NEAREST = 0.25
"""Share of the usual distance to the subject within which nothing should stand in the way."""

Path = Callable[[float], Float64[np.ndarray, "4 4"]]
"""`T_world_camera` by the distance moved: radians around a subject, or metres."""


def choose_cameras(
    stage: Stage, scene: LoadedScene, rng: np.random.Generator, views: int, size_wh: tuple[int, int]
) -> list[Camera]:
    """`views` cameras along a path. Of several tried, the first that fits, or the one that came nearest to it."""
    best: tuple[float, list[Camera]] | None = None
    for _ in range(ATTEMPTS):
        K = intrinsics(rng, size_wh)
        path, spacing = random_path(stage, rng)
        hand = 0.01 * rng.random() * stage.distance_m[0]
        jitter = [(rng.normal(size=3) * hand, rng.normal(size=3) * 0.01) for _ in range(views)]
        places = np.cumsum(rng.uniform(0.7, 1.3, views))
        places -= places.mean()
        wanted = rng.uniform(0.45, 0.88)
        for _ in range(SPACINGS):
            cameras = []
            for place, (shift, turn) in zip(places, jitter, strict=True):
                T = path(float(place) * spacing) @ _turned(turn)
                T[:3, 3] = np.clip(T[:3, 3] + shift, *stage.eyes)
                cameras.append(Camera(K, T, size_wh))
            badness, overlap = _badness(stage, scene, cameras, wanted)
            if best is None or badness < best[0]:
                best = badness, cameras
            if badness < 1 or views == 1:
                break
            spacing *= 0.6 if overlap < wanted else 1.5
        if best is not None and best[0] < 1:
            break
    assert best is not None
    return best[1]


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


def _turned(angles: np.ndarray) -> np.ndarray:
    angle = float(np.linalg.norm(angles))
    return tilted(angles, angle) if angle > 0 else np.eye(4)


def _badness(stage: Stage, scene: LoadedScene, cameras: list[Camera], wanted: float) -> tuple[float, float]:
    """Below 1 where the cameras fit; and the mean overlap of neighbours."""
    factor = SMALL / max(cameras[0].size_wh)
    size = (round(cameras[0].size_wh[0] * factor), round(cameras[0].size_wh[1] * factor))
    small = [camera.resized(size) for camera in cameras]
    depths = [scene.depth(camera) for camera in small]
    nearest = min(float(np.sort(depth, axis=None)[int(NEAREST_SHARE * depth.size)]) for depth in depths)
    sky = max(float(np.isinf(depth).mean()) for depth in depths)
    trouble = max(0.0, NEAREST * stage.distance_m[0] / max(nearest, 1e-3) - 1) + max(0.0, sky - stage.sky_share) * 10
    trouble += 5 * sum(_blocked(stage, camera) for camera in cameras)
    if len(cameras) == 1:
        return (1 + trouble if trouble else 0.0), 1.0
    overlaps = [share_seen(small[i], depths[i], small[i + 1], depths[i + 1]) for i in range(len(cameras) - 1)]
    overlaps += [share_seen(small[i + 1], depths[i + 1], small[i], depths[i]) for i in range(len(cameras) - 1)]
    mean = float(np.mean(overlaps))
    trouble += max(0.0, LEAST_OVERLAP - min(overlaps)) * 5 + max(0.0, max(overlaps) - MOST_OVERLAP) * 20
    trouble += max(0.0, abs(mean - wanted) - 0.1) * 3
    return (1 + trouble if trouble else 0.0), mean


def _blocked(stage: Stage, camera: Camera) -> bool:
    eye = camera.T_world_camera[:3, 3]
    return any((eye > low).all() and (eye < high).all() for low, high in np.array(stage.blocks).reshape(-1, 2, 3))
