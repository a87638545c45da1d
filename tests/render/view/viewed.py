"""A scene to look at, small: red Gaussians before three cameras in a row."""

from dataclasses import replace

import numpy as np
import torch

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.points import Points
from render.sh import rgb_to_sh0
from render.view.scene import ViewedScene


def cameras_at(places: list[tuple[float, float, float]]) -> Cameras:
    """They look along +z, 48 x 32 pixels."""
    T = torch.eye(4, dtype=torch.float64).repeat(len(places), 1, 1)
    T[:, :3, 3] = torch.tensor(places, dtype=torch.float64)
    K = torch.tensor([[[40.0, 0, 24], [0, 40, 16], [0, 0, 1]]], dtype=torch.float64).repeat(len(places), 1, 1)
    return Cameras(K, T, torch.tensor([[48, 32]] * len(places)))


def small_viewed(count: int = 200, coeff: int = 4) -> ViewedScene:
    """Colours of degree 1."""
    generator = torch.Generator().manual_seed(0)
    sh = torch.tensor([[[1.7, -1.7, -1.7]]]).repeat(count, 1, 1)
    gaussians = Gaussians(
        means=torch.randn(count, 3, generator=generator) * torch.tensor([0.5, 0.4, 0.1]) + torch.tensor([0, 0, 5.0]),
        quats_wxyz=torch.nn.functional.normalize(torch.randn(count, 4, generator=generator), dim=1),
        scales=torch.rand(count, 3, generator=generator) * 0.1 + 0.02,
        opacities=torch.rand(count, generator=generator) * 0.8 + 0.1,
        sh=torch.cat([sh, torch.randn(count, coeff - 1, 3, generator=generator) * 0.1], 1),
    )
    xyz = gaussians.means.numpy()
    points = Points(
        xyz, np.full((count, 3), 200, np.uint8), xyz[:, 2].copy(), np.linspace(0, 1, count, dtype=np.float32)
    )
    pictures = tuple(np.full((32, 48, 3), value, np.uint8) for value in (50, 100, 150))
    cameras = cameras_at([(-1.0, 0, 0), (0, 0, 0), (1.0, 0, 0)])
    return ViewedScene(gaussians, cameras, ("a.jpg", "b.jpg", "c.jpg"), pictures, points)


def many_coloured() -> ViewedScene:
    """The same without red: redder to the right, greener downwards, bluer where one looks from the side."""
    scene = small_viewed()
    x, y = scene.gaussians.means[:, 0], scene.gaussians.means[:, 1]
    sh = torch.zeros(len(scene.gaussians), 4, 3)
    sh[:, 0] = rgb_to_sh0(torch.stack([0.5 + 0.5 * x, 0.5 + 0.6 * y, torch.full_like(x, 0.4)], 1).clamp(0, 1))
    sh[:, 3, 2] = -1.5
    larger = scene.gaussians.scales * 2
    return replace(scene, gaussians=replace(scene.gaussians, sh=sh, scales=larger))
