"""Folders as a run leaves them, of scenes whose surface is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial import cKDTree

from data_tools.meshes.tsdf import load_open3d
from data_tools.room import Room, _look_at, room
from render.cameras import Cameras
from render.errors import BackendError
from render.files.cameras_json import write_cameras_json
from render.files.ply import write_ply
from tests.render.scenes import cloud


def need_open3d() -> None:
    """Skip where the system lacks what Open3D's library wants."""
    try:
        load_open3d()
    except BackendError as error:
        pytest.skip(str(error))


def corner(factor: int = 1) -> Room:
    """Three photos into a room's corner, of `factor` times as many pixels a side."""
    return room(3, (128 * factor, 96 * factor), 110.0 * factor)


def ball(factor: int = 1) -> Room:
    """A grey ball of radius 1 at the origin, photographed from all around; nothing else is there."""
    width, height, focal = 96 * factor, 96 * factor, 120.0 * factor
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    places = [4 * np.array([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])
              for b in (-0.9, 0, 0.9) for a in np.arange(5) * 2 * np.pi / 5]  # fmt: skip
    poses = [_look_at(place, np.zeros(3)) for place in places]
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    depth = []
    for T in poses:
        rays = np.stack([(u - width / 2) / focal, (v - height / 2) / focal, np.ones_like(u)], -1) @ T[:3, :3].T
        a, b, c = (rays**2).sum(-1), rays @ T[:3, 3], 15.0
        depth.append(np.where(b * b > a * c, (-b - np.sqrt(np.maximum(b * b - a * c, 0))) / a, 0))
    count = len(poses)
    return Room(
        photos=[np.full((height, width, 3), 128, np.uint8)] * count,
        depth=depth,
        cameras=Cameras(
            torch.from_numpy(np.stack([K] * count)),
            torch.from_numpy(np.stack(poses)),
            torch.tensor([[width, height]] * count),
        ),
    )


def elsewhere(scene: Room, T: np.ndarray, scale: float) -> Room:
    """The same scene, enlarged by `scale` and then moved by `T`."""
    moved = scene.cameras.T_world_camera.clone()
    moved[:, :3, 3] *= scale
    cameras = replace(scene.cameras, T_world_camera=torch.from_numpy(T) @ moved)
    return Room(scene.photos, [depth * scale for depth in scene.depth], cameras)


def run_of(folder: Path, scene: Room) -> Path:
    """What a run would leave that finds the depth as it is; pixels without any are sky to it."""
    names = [f"{view}.png" for view in range(len(scene.photos))]
    for kind in ("depth", "confidence"):
        (folder / kind).mkdir(parents=True)
    for name, depth in zip(names, scene.depth, strict=True):
        seen = depth > 0
        np.save(folder / "depth" / f"{name}.npy", np.where(seen, depth, 1e3).astype(np.float32))
        np.save(folder / "confidence" / f"{name}.npy", 0.7 * seen.astype(np.float32))
    write_cameras_json(folder / "cameras.json", names, scene.cameras, [True] * len(names))
    write_ply(folder / "scene.ply", cloud(50, 1))
    return folder


def points_of(scene: Room) -> np.ndarray:
    """Where every pixel's surface truly lies in the world."""
    points = []
    for depth, K, T in zip(scene.depth, scene.cameras.K_px.numpy(), scene.cameras.T_world_camera.numpy(), strict=True):
        v, u = np.nonzero(depth > 0)
        z = depth[v, u]
        local = np.stack([(u + 0.5 - K[0, 2]) / K[0, 0] * z, (v + 0.5 - K[1, 2]) / K[1, 1] * z, z], -1)
        points.append(local @ T[:3, :3].T + T[:3, 3])
    return np.concatenate(points)


def chamfer(mesh: trimesh.Trimesh, truth: np.ndarray) -> tuple[float, float]:
    """Mean distance from the mesh to the true points, and back."""
    sampled, _ = trimesh.sample.sample_surface(mesh, 40_000, seed=0)
    return float(cKDTree(truth).query(sampled)[0].mean()), float(cKDTree(sampled).query(truth[::7])[0].mean())
