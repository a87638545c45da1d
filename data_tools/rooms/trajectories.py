"""Which cameras photograph a stage: how far apart they lie on a path is found by looking.

Neighbours must share a good part of what they see, nothing may stand right before a camera.
"""

import numpy as np

from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.overlap import share_seen
from data_tools.rooms.paths import intrinsics, random_path
from data_tools.rooms.placing import tilted
from data_tools.rooms.renderer import LoadedScene
from data_tools.rooms.scene import Camera

ATTEMPTS = 10
SPACINGS = 6
"""How often the distance between photos is changed for one path."""
SMALL = 64
"""Long side of the pictures that are looked at to choose."""
LEAST_OVERLAP, MOST_OVERLAP = 0.35, 0.93
MOST_TURN_DEGREES = 62.0
"""Between neighbours."""
NEAREST_SHARE = 0.02
"""The nearest of the pixels that may be closer than a camera should stand."""
NEAREST = 0.25
"""Share of the usual distance to the subject within which nothing should stand in the way."""


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
    trouble += max(0.0, _largest_turn(cameras) / MOST_TURN_DEGREES - 1) * 5
    return (1 + trouble if trouble else 0.0), mean


def _blocked(stage: Stage, camera: Camera) -> bool:
    eye = camera.T_world_camera[:3, 3]
    return any((eye > low).all() and (eye < high).all() for low, high in np.array(stage.blocks).reshape(-1, 2, 3))


def _largest_turn(cameras: list[Camera]) -> float:
    """Degrees between the directions in which neighbours look."""
    ahead = np.stack([camera.T_world_camera[:3, 2] for camera in cameras])
    return float(np.degrees(np.arccos((ahead[1:] * ahead[:-1]).sum(1).clip(-1, 1))).max())
