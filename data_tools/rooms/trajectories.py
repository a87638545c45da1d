"""Which cameras photograph a stage: how far apart they lie on a path is found by looking.

Neighbours must share a good part of what they see, nothing may stand right before a camera.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.overlap import share_seen
from data_tools.rooms.paths import Path, intrinsics, random_path
from data_tools.rooms.placing import tilted
from data_tools.rooms.renderer import LoadedScene
from data_tools.rooms.scene import Camera

ATTEMPTS = 12
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


@dataclass(frozen=True, eq=False)
class _Walk:
    """Photos along a path, by somebody whose hand is not quite steady."""

    path: Path
    K_px: Float64[np.ndarray, "3 3"]
    size_wh: tuple[int, int]
    places: Float64[np.ndarray, "view"]
    """Where on the path, in steps around its middle."""
    shifts_m: Float64[np.ndarray, "view 3"]
    turns: Float64[np.ndarray, "view 3"]
    """Axes whose lengths are angles in radians."""

    def camera(self, view: int, step: float, stage: Stage) -> Camera:
        """Where that photo is taken if steps are so long."""
        T = self.path(float(self.places[view]) * step) @ tilted(
            self.turns[view], float(np.linalg.norm(self.turns[view]))
        )
        T[:3, 3] = np.clip(T[:3, 3] + self.shifts_m[view], *stage.eyes)
        return Camera(self.K_px, T, self.size_wh)


def choose_cameras(
    stage: Stage, scene: LoadedScene, rng: np.random.Generator, views: int, size_wh: tuple[int, int]
) -> list[Camera]:
    """`views` cameras along a path. Of several tried, the first that fits, or the one that came nearest to it."""
    best: tuple[float, list[Camera]] | None = None
    for attempt in range(ATTEMPTS):
        walk, step = _random_walk(stage, rng, views, size_wh)
        wanted = rng.uniform(0.45, 0.88)
        middle = walk.camera(views // 2, step, stage)
        if attempt < ATTEMPTS - 1 and _in_the_way(stage, middle, _small_depth(scene, middle)) > 0:
            continue
        for _ in range(SPACINGS):
            cameras = [walk.camera(view, step, stage) for view in range(views)]
            trouble, overlap = _trouble(stage, scene, cameras, wanted)
            if best is None or trouble < best[0]:
                best = trouble, cameras
            if trouble == 0:
                return cameras
            step *= 0.6 if overlap < wanted else 1.5
    assert best is not None
    return best[1]


def _random_walk(stage: Stage, rng: np.random.Generator, views: int, size_wh: tuple[int, int]) -> tuple[_Walk, float]:
    path, step = random_path(stage, rng)
    places = np.cumsum(rng.uniform(0.7, 1.3, views))
    hand = 0.01 * rng.random() * stage.distance_m[0]
    shifts, turns = rng.normal(size=(views, 3)) * hand, rng.normal(size=(views, 3)) * 0.01
    return _Walk(path, intrinsics(rng, size_wh), size_wh, places - places.mean(), shifts, turns), step


def _small_depth(scene: LoadedScene, camera: Camera) -> Float32[np.ndarray, "height width"]:
    return scene.depth(_small(camera))


def _small(camera: Camera) -> Camera:
    factor = SMALL / max(camera.size_wh)
    return camera.resized((max(1, round(camera.size_wh[0] * factor)), max(1, round(camera.size_wh[1] * factor))))


def _in_the_way(stage: Stage, camera: Camera, depth: Float32[np.ndarray, "height width"]) -> float:
    """0 where nothing is too near, not too much is sky, and the camera is not inside of a thing; else how bad."""
    eye = camera.T_world_camera[:3, 3]
    blocks = np.array(stage.blocks).reshape(-1, 2, 3)
    inside = bool(((eye > blocks[:, 0]) & (eye < blocks[:, 1])).all(1).any())
    nearest = float(np.sort(depth, axis=None)[int(NEAREST_SHARE * depth.size)])
    too_near = max(0.0, NEAREST * stage.distance_m[0] / max(nearest, 1e-3) - 1)
    return 5 * inside + too_near + 10 * max(0.0, float(np.isinf(depth).mean()) - stage.sky_share)


def _trouble(stage: Stage, scene: LoadedScene, cameras: list[Camera], wanted: float) -> tuple[float, float]:
    """0 where the cameras fit, else how bad they are; and the mean overlap of neighbours."""
    depths = [_small_depth(scene, camera) for camera in cameras]
    trouble = sum(_in_the_way(stage, camera, depth) for camera, depth in zip(cameras, depths, strict=True))
    if len(cameras) == 1:
        return trouble, 1.0
    small = [_small(camera) for camera in cameras]
    pairs = [(a, b) for i in range(len(cameras) - 1) for a, b in ((i, i + 1), (i + 1, i))]
    overlaps = [share_seen(small[a], depths[a], small[b], depths[b]) for a, b in pairs]
    mean = float(np.mean(overlaps))
    trouble += 5 * max(0.0, LEAST_OVERLAP - min(overlaps)) + 20 * max(0.0, max(overlaps) - MOST_OVERLAP)
    trouble += 3 * max(0.0, abs(mean - wanted) - 0.1)
    trouble += 5 * max(0.0, _largest_turn(cameras) / MOST_TURN_DEGREES - 1)
    return trouble, mean


def _largest_turn(cameras: list[Camera]) -> float:
    """Degrees between the directions in which neighbours look."""
    ahead = np.stack([camera.T_world_camera[:3, 2] for camera in cameras])
    return float(np.degrees(np.arccos((ahead[1:] * ahead[:-1]).sum(1).clip(-1, 1))).max())
