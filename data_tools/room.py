"""A textured room whose every pixel's depth is known: what tests look at, and one of the scenes in the docs."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from recon.views import KnownCamera
from render.cameras import Cameras


@dataclass(frozen=True)
class Room:
    photos: list[np.ndarray]
    """uint8 RGB."""
    depth: list[np.ndarray]
    """z-depth."""
    cameras: Cameras

    @property
    def known(self) -> list[KnownCamera]:
        return [KnownCamera(K, T) for K, T in zip(self.cameras.K_px, self.cameras.T_world_camera, strict=True)]


def room(views: int, size_wh: tuple[int, int] = (384, 288), focal_px: float = 330.0, seed: int = 0) -> Room:
    """`views` photos along an arc, looking into a corner: a floor, two walls, and a panel that stands before them."""
    rng = np.random.default_rng(seed)
    textures = [_texture(rng) for _ in range(4)]
    K = np.array([[focal_px, 0, size_wh[0] / 2], [0, focal_px, size_wh[1] / 2], [0, 0, 1.0]])
    poses = [_look_at(np.array([1.6 * np.sin(a), -0.3 + 0.1 * np.cos(5 * a), -1.2]), np.array([0.0, 0.2, 3.0]))
             for a in np.linspace(-0.35, 0.35, views)]  # fmt: skip
    shots = [_shoot(textures, K, T, size_wh) for T in poses]
    return Room(
        photos=[s[0] for s in shots],
        depth=[s[1] for s in shots],
        cameras=Cameras(
            K_px=torch.from_numpy(np.stack([K] * views)),
            T_world_camera=torch.from_numpy(np.stack(poses)),
            size_wh=torch.tensor([size_wh] * views),
        ),
    )


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Noise of many octaves, so that it can be told apart from near and far."""
    out = np.zeros((512, 512, 3), np.float32)
    for octave in range(3, 9):
        noise = rng.random((2**octave, 2**octave, 3)).astype(np.float32)
        out += cv2.resize(noise, (512, 512), interpolation=cv2.INTER_CUBIC) * 0.8 ** (octave - 3)
    return (out - out.min()) / (out.max() - out.min())


def _look_at(centre: np.ndarray, target: np.ndarray) -> np.ndarray:
    z = (target - centre) / np.linalg.norm(target - centre)
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = np.stack([x, np.cross(z, x), z], 1), centre
    return T


def _shoot(
    textures: list[np.ndarray], K: np.ndarray, T: np.ndarray, size_wh: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest hit of every pixel's ray with the planes; four rays a pixel, averaged."""
    # Of each plane: a point, its two directions in the world, the half extents along them.
    planes = [
        (np.array([0, 1.2, 3.0]), np.array([1.0, 0, 0]), np.array([0, 0, 1.0]), (9, 9)),
        (np.array([0, 0, 5.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (9, 9)),
        (np.array([2.2, 0, 3.0]), np.array([0, 0, 1.0]), np.array([0, 1.0, 0]), (9, 9)),
        (np.array([-0.4, 0.5, 3.2]), np.array([0.97, 0, 0.25]), np.array([0, 1.0, 0]), (0.6, 0.7)),
    ]
    w, h = size_wh
    total = np.zeros((h, w, 3), np.float32)
    depth = np.zeros((h, w))
    for du, dv in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        u, v = np.meshgrid(np.arange(w) + du, np.arange(h) + dv)
        rays = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones_like(u)], -1) @ T[:3, :3].T
        nearest = np.full((h, w), np.inf)
        colour = np.zeros((h, w, 3), np.float32)
        for texture, (point, a, b, half) in zip(textures, planes, strict=True):
            normal = np.cross(a, b)
            z = ((point - T[:3, 3]) @ normal) / (rays @ normal)
            hit = T[:3, 3] + rays * z[..., None] - point
            p, q = hit @ a, hit @ b
            seen = (z > 0) & (z < nearest) & (np.abs(p) < half[0]) & (np.abs(q) < half[1])
            x = ((p * 90) % 512).astype(np.float32)
            y = ((q * 90) % 512).astype(np.float32)
            looked = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            nearest, colour = np.where(seen, z, nearest), np.where(seen[..., None], looked, colour)
        total += colour / 4
        depth += nearest / 4
    return (total.clip(0, 1) * 255).round().astype(np.uint8), depth
