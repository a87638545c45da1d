"""Scenes that rasterizers get wrong, small enough for the oracle."""

from collections.abc import Callable

import torch

from render.cameras import Cameras
from render.gaussians import Gaussians

SIZE_WH = (52, 37)
"""No multiple of any tile."""


def cameras(count: int = 1, size_wh: tuple[int, int] = SIZE_WH) -> Cameras:
    """Cameras near the origin that look along z, each with intrinsics and a pose of its own."""
    width, height = size_wh
    K_px = torch.zeros(count, 3, 3, dtype=torch.float64)
    T_world_camera = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    for i in range(count):
        K_px[i] = torch.tensor([[0.8 * width + 7 * i, 0, 0.5 * width + i], [0, 42.0 - i, 0.45 * height], [0, 0, 1]])
        T_world_camera[i, :3, :3] = torch.linalg.matrix_exp(_skew(torch.tensor([0.05 * i, -0.1 * i, 0.08 * i])))
        T_world_camera[i, :3, 3] = torch.tensor([0.2 * i, -0.1 * i, -0.3 * i])
    return Cameras(K_px, T_world_camera, torch.tensor([size_wh] * count))


def rigid(seed: int) -> torch.Tensor:
    """Some 4x4 rigid transform, float64."""
    generator = torch.Generator().manual_seed(seed)
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3] = torch.linalg.matrix_exp(_skew(torch.randn(3, generator=generator)))
    T[:3, 3] = torch.randn(3, generator=generator)
    return T


def cloud(count: int, sh_degree: int = 0, seed: int = 0) -> Gaussians:
    """Gaussians of all sizes and opacities in front of the camera, some of them outside its view."""
    generator = torch.Generator().manual_seed(seed)
    extent, corner = torch.tensor([4.0, 3.0, 4.0]), torch.tensor([-2.0, -1.5, 1.0])
    return Gaussians(
        means=torch.rand(count, 3, generator=generator) * extent + corner,
        quats_wxyz=torch.nn.functional.normalize(torch.randn(count, 4, generator=generator), dim=-1),
        scales=0.01 + 0.3 * torch.rand(count, 3, generator=generator),
        opacities=0.01 + 0.98 * torch.rand(count, generator=generator),
        sh=0.3 * torch.randn(count, (sh_degree + 1) ** 2, 3, generator=generator),
    )


def behind() -> Gaussians:
    """Half of them behind the camera or in its plane."""
    scene = cloud(60, seed=1)
    scene.means[:30, 2] *= -1
    scene.means[30:33, 2] = 0
    return scene


def on_border() -> Gaussians:
    """Means on the picture's edges, at its corners and just beyond."""
    scene = cloud(40, seed=2)
    scene.means[:, 2] = 3
    scene.means[:10, 0] = -1.9
    scene.means[10:20, 0] = 1.9
    scene.means[20:30, 1] = -1.2
    scene.means[30:, :2] = torch.tensor([1.9, 1.4])
    return scene


def needles() -> Gaussians:
    """A thousand times longer than thick, at every angle."""
    scene = cloud(40, seed=3)
    scene.scales[:] = torch.tensor([1.0, 1e-3, 1e-3])
    return scene


def huge() -> Gaussians:
    """So large that each covers the picture, and near enough that their footprints explode."""
    scene = cloud(12, seed=4)
    scene.scales[:] = 20 + scene.scales
    scene.opacities[:] *= 0.2
    scene.means[:3, 2] = 0.06
    return scene


def opaque() -> Gaussians:
    """Layers that end pixels: alpha at its cap, transmittance at its stop."""
    scene = cloud(120, seed=5)
    scene.opacities[:] = 0.9999
    scene.scales[:] += 0.2
    return scene


def transparent() -> Gaussians:
    """Opacities about the cut-off and below."""
    scene = cloud(80, seed=6)
    scene.opacities[:] = torch.linspace(1e-4, 2e-2, 80)
    return scene


def dark() -> Gaussians:
    """Colours that the clamp at 0 cuts."""
    scene = cloud(40, seed=7)
    scene.sh[:, 0] -= 1.7
    return scene


def unnormalised() -> Gaussians:
    """Quaternions of any length."""
    scene = cloud(30, seed=8)
    scene.quats_wxyz[:] *= torch.linspace(0.1, 9, 30)[:, None]
    return scene


SCENES: dict[str, Callable[[], Gaussians]] = {
    "random": lambda: cloud(200),
    "behind the camera": behind,
    "on the border": on_border,
    "needles": needles,
    "huge": huge,
    "opaque": opaque,
    "transparent": transparent,
    "dark": dark,
    "quaternions of any length": unnormalised,
    "empty": lambda: cloud(0),
    "one": lambda: cloud(1),
    "degree 1": lambda: cloud(50, 1),
    "degree 2": lambda: cloud(50, 2),
    "degree 3": lambda: cloud(50, 3),
}


def _skew(v: torch.Tensor) -> torch.Tensor:
    x, y, z = v.double().tolist()
    return torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
