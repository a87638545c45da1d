"""The numba rasterizer draws the oracle's image and has the oracle's gradients, on random and on hard scenes."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import RasterizeOptions, RenderOutput, rasterize
from render.rasterize.options import Backend
from tests.render.scenes import SCENES, cameras

IMAGE_TOLERANCE = 1e-4
GRADIENT_TOLERANCE = 1e-3
BACKGROUND = (0.2, 0.5, 0.9)


def draw(gaussians: Gaussians, views: Cameras, backend: Backend, near: float | None = None) -> RenderOutput:
    return rasterize(gaussians, views, RasterizeOptions(background=BACKGROUND, backend=backend, near=near))


def gradients(gaussians: Gaussians, views: Cameras, backend: Backend) -> dict[str, Tensor]:
    """Of one fixed random mixture of all that is drawn."""
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in vars(gaussians).items()}
    leaves |= {name: getattr(views, name).clone().requires_grad_() for name in ("K_px", "T_world_camera")}
    scene = Gaussians(**{name: leaves[name] for name in vars(gaussians)})
    output = draw(scene, replace(views, K_px=leaves["K_px"], T_world_camera=leaves["T_world_camera"]), backend)
    generator = torch.Generator().manual_seed(0)
    mixed = [
        (torch.randn(drawn.shape, generator=generator) * drawn).sum()
        for drawn in (output.rgb, output.depth, output.alpha)
    ]
    torch.stack(mixed).sum().backward()
    return {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}


@pytest.mark.parametrize("name", SCENES)
def test_same_image(name: str) -> None:
    scene, views = SCENES[name](), cameras(3)
    fast, slow = draw(scene, views, "numba"), draw(scene.to(torch.float64), views, "torch")
    assert fast.backend == "numba"
    assert slow.backend == "torch"
    for drawn in ("rgb", "alpha"):
        torch.testing.assert_close(
            getattr(fast, drawn).double(), getattr(slow, drawn), atol=IMAGE_TOLERANCE, rtol=0, msg=f"{name}: {drawn}"
        )
    torch.testing.assert_close(fast.depth.double(), slow.depth, atol=IMAGE_TOLERANCE, rtol=IMAGE_TOLERANCE)


@pytest.mark.parametrize("name", SCENES)
def test_same_gradients(name: str) -> None:
    scene, views = SCENES[name](), cameras(2)
    fast, slow = gradients(scene, views, "numba"), gradients(scene.to(torch.float64), views, "torch")
    for tensor in fast:
        error = (fast[tensor].double() - slow[tensor]).norm()
        assert error <= GRADIENT_TOLERANCE * slow[tensor].norm(), f"{name}: {tensor} is off by {error}"


@pytest.mark.parametrize("name", SCENES)
def test_same_image_with_gradients_and_without(name: str) -> None:
    scene, views = SCENES[name](), cameras(2)
    alone = draw(scene, views, "numba")
    tracked = draw(replace(scene, means=scene.means.clone().requires_grad_()), views, "numba")
    assert tracked.rgb.requires_grad
    torch.testing.assert_close(tracked.rgb.detach(), alone.rgb, atol=IMAGE_TOLERANCE, rtol=0)
    torch.testing.assert_close(tracked.alpha.detach(), alone.alpha, atol=IMAGE_TOLERANCE, rtol=0)


def test_scenes_are_as_hard_as_they_say() -> None:
    alphas = {name: draw(make(), cameras(1), "torch").alpha for name, make in SCENES.items()}
    assert all(alpha.mean() > 0 for name, alpha in alphas.items() if name != "empty")
    assert alphas["empty"].max() == 0
    assert alphas["opaque"].max() > 0.999
    assert alphas["transparent"].max() < 0.5
    assert (alphas["huge"] > 0.01).all()
