"""Errors as given cameras have them, for training what must live with them."""

from dataclasses import replace

import torch

from render.cameras import Cameras

ROTATION_DEGREES = 0.3
BASELINE_SHARE = 0.02
FOCAL_SHARE = 0.01
"""Largest standard deviations of a rotation around each axis, of a centre as a share of the median distance between
neighbouring centres, and of a focal length."""


def with_errors(cameras: Cameras, generator: torch.Generator) -> Cameras:
    """Cameras that are a little off: how much differs from call to call, from nothing to the largest above.

    The focal length is off for all views alike, as with one camera calibrated badly.
    """
    strength = torch.rand(3, generator=generator, dtype=torch.float64)
    off = torch.randn(len(cameras), 6, generator=generator, dtype=torch.float64)
    apart = (cameras.centres[1:] - cameras.centres[:-1]).norm(dim=-1)
    baseline = apart.median() if len(apart) else torch.zeros((), dtype=torch.float64)
    T = cameras.T_world_camera.clone()
    T[:, :3, :3] = T[:, :3, :3] @ rotations(off[:, :3] * strength[0] * ROTATION_DEGREES * torch.pi / 180)
    T[:, :3, 3] += off[:, 3:] * strength[1] * BASELINE_SHARE * baseline
    K = cameras.K_px.clone()
    K[:, :2, :2] *= 1 + FOCAL_SHARE * strength[2] * torch.randn((), generator=generator, dtype=torch.float64)
    return replace(cameras, K_px=K, T_world_camera=T)


def rotations(angles: torch.Tensor) -> torch.Tensor:
    """Rotations of `view 3` axes whose lengths are the angles in radians."""
    x, y, z = angles.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
    return torch.linalg.matrix_exp(cross)
