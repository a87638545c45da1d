"""A reconstruction small enough to be saved many times: three views of a flat cloud, one of them not registered."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from recon.reconstruction import Reconstruction
from recon.views import Views
from render.cameras import Cameras
from render.gaussians import Gaussians

NAMES = ("a.jpg", "b.png", "c.jpg")
ORIGIN = ("given", "solved", "not registered")


def small_reconstruction(seed: int = 0, photo_value: int = 128) -> Reconstruction:
    """Working grid 48 x 32, original photos 96 x 64; all Gaussians are red."""
    generator = torch.Generator().manual_seed(seed)
    count = 60
    means = torch.rand(count, 3, generator=generator) * torch.tensor([2.0, 1.5, 0.2]) - torch.tensor([1.0, 0.75, -2.0])
    T_world_camera = torch.eye(4, dtype=torch.float64).repeat(3, 1, 1)
    T_world_camera[1, 0, 3] = 0.1
    return Reconstruction(
        gaussians=Gaussians(
            means=means,
            quats_wxyz=torch.nn.functional.normalize(torch.randn(count, 4, generator=generator), dim=1),
            scales=torch.full((count, 3), 0.1),
            opacities=torch.full((count,), 0.9),
            sh=torch.tensor([[[1.7, -1.7, -1.7]]]).expand(count, 1, 3).clone(),
        ),
        cameras=Cameras(
            K_px=torch.tensor([[90.0, 0, 48], [0, 90, 32], [0, 0, 1]], dtype=torch.float64).repeat(3, 1, 1),
            T_world_camera=T_world_camera,
            size_wh=torch.tensor([[96, 64]] * 3),
        ),
        origin=ORIGIN,
        names=NAMES,
        depth=tuple(torch.rand(32, 48, generator=generator) + 2 for _ in NAMES),
        confidence=tuple(torch.rand(32, 48, generator=generator) for _ in NAMES),
        photos=tuple(np.full((32, 48, 3), photo_value, np.uint8) for _ in NAMES),
        gain=torch.ones(3, 3),
        report={
            "seconds": 2.5,
            "warnings": ["c.jpg could not be registered."],
            "error": float("nan"),
            "of": np.int64(3),
        },
    )


def small_reconstruction_of(views: Views, seed: int, report: dict[str, Any]) -> Reconstruction:
    """The same with the names of `views`, which are three at most."""
    scene, count = small_reconstruction(seed), len(views)
    return replace(
        scene,
        cameras=scene.cameras[list(range(count))],
        origin=scene.origin[:count],
        names=views.names,
        depth=scene.depth[:count],
        confidence=scene.confidence[:count],
        photos=scene.photos[:count],
        gain=scene.gain[:count],
        report=report,
    )
