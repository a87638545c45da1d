"""Scenes to choose from: cameras that look somewhere, and photos that show nothing."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import torch

from data_tools.room import room
from recon.training.scenes import TrainingScene
from render.cameras import Cameras

SIZE_WH = (64, 48)

Point = Sequence[float]


def posed_scene(looks: Sequence[tuple[Point, Point]], depth: Sequence[np.ndarray] | None = None) -> TrainingScene:
    """One photo for each centre and place looked at; 60 degrees across."""
    K_px = torch.tensor([[55.0, 0, 32], [0, 55, 24], [0, 0, 1]], dtype=torch.float64)
    return TrainingScene(
        name="posed",
        photos=tuple(np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.uint8) for _ in looks),
        cameras=Cameras(
            K_px=K_px.repeat(len(looks), 1, 1),
            T_world_camera=torch.from_numpy(
                np.stack([_look_at(np.array(c, float), np.array(t, float)) for c, t in looks])
            ),
            size_wh=torch.tensor([SIZE_WH] * len(looks)),
        ),
        depth=None if depth is None else tuple(depth),
    )


def arc(count: int, degrees: float = 60.0, radius: float = 4.0) -> list[tuple[Point, Point]]:
    """Centres on an arc that look at its middle."""
    angles = np.deg2rad(np.linspace(-degrees / 2, degrees / 2, count))
    return [((radius * np.sin(a), 0.0, -radius * np.cos(a)), (0.0, 0.0, 0.0)) for a in angles]


@cache
def room_scene(views: int, depth: bool = True) -> TrainingScene:
    """A room whose depth is known."""
    made = room(views, SIZE_WH, 55.0)
    return TrainingScene(
        name="room",
        photos=tuple(made.photos),
        cameras=made.cameras,
        depth=tuple(d.astype(np.float32) for d in made.depth) if depth else None,
    )


def permuted(scene: TrainingScene, order: Sequence[int]) -> TrainingScene:
    return replace(
        scene,
        photos=tuple(scene.photos[i] for i in order),
        cameras=scene.cameras[order],
        depth=None if scene.depth is None else tuple(scene.depth[i] for i in order),
    )


def moved(scene: TrainingScene, T: np.ndarray, scale: float) -> TrainingScene:
    """The world enlarged, then turned and shifted by a rigid transform."""
    T_world_camera = scene.cameras.T_world_camera.clone()
    T_world_camera[:, :3, 3] *= scale
    cameras = replace(scene.cameras, T_world_camera=torch.from_numpy(T) @ T_world_camera)
    depth = None if scene.depth is None else tuple(d * np.float32(scale) for d in scene.depth)
    return replace(scene, cameras=cameras, depth=depth)


def _look_at(centre: np.ndarray, target: np.ndarray) -> np.ndarray:
    z = (target - centre) / np.linalg.norm(target - centre)
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = np.stack([x, np.cross(z, x), z], 1), centre
    return T
