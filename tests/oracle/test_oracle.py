"""The oracle itself: against finite differences, against gsplat's own reference in torch, and against a plain loop."""

import math
from dataclasses import replace

import pytest
import torch
from gsplat.cuda import _torch_impl as gsplat_reference
from torch import Tensor

from render.gaussians import Gaussians
from render.rasterize import RasterizeOptions, rasterize
from render.rasterize.projection import project
from render.sh import eval_sh
from tests.render.scenes import SCENES, SIZE_WH, cameras, cloud

OPTIONS = RasterizeOptions(backend="torch", near=0.01)


def test_gradients_are_those_of_finite_differences() -> None:
    scene = cloud(4, sh_degree=1).to(torch.float64)
    scene.scales[:] += 0.3
    scene.opacities[:] = torch.tensor([0.3, 0.5, 0.7, 0.4], dtype=torch.float64)
    # From the camera's side, so that all four are in view and no pixel lies at the cut-off's step.
    scene.means[:, :2] *= 0.2
    views = cameras(2, (5, 4))

    def draw(*tensors: Tensor) -> Tensor:
        scene_tensors, (K_px, T_world_camera) = tensors[:5], tensors[5:]
        moved = replace(views, K_px=K_px, T_world_camera=T_world_camera)
        output = rasterize(Gaussians(*scene_tensors), moved, replace(OPTIONS, background=(0.1, 0.6, 0.3)))
        return torch.cat([output.rgb.flatten(), output.depth.flatten(), output.alpha.flatten()])

    leaves = [tensor.clone().requires_grad_() for tensor in (*vars(scene).values(), views.K_px, views.T_world_camera)]
    assert draw(*leaves).detach().reshape(-1).count_nonzero() > 100
    assert torch.autograd.gradcheck(draw, leaves, eps=1e-7, atol=1e-5, fast_mode=True)


@pytest.mark.parametrize("name", [name for name in SCENES if name != "empty"])
def test_projection_is_that_of_gsplat(name: str) -> None:
    scene, view = SCENES[name]().to(torch.float64), cameras(2)[1:]
    covariances, _ = gsplat_reference._quat_scale_to_covar_preci(scene.quats_wxyz, scene.scales)
    assert covariances is not None
    radii, centres, depths, conics, _ = gsplat_reference._fully_fused_projection(
        scene.means, covariances, view.T_camera_world, view.K_px, *SIZE_WH
    )
    footprints = project(scene, view, SIZE_WH, OPTIONS)
    a, b, c = footprints.whitening.unbind(-1)
    ours = torch.stack([a * a, a * b, b * b + c * c], -1)
    torch.testing.assert_close(footprints.centres_px, centres[0, footprints.index])
    torch.testing.assert_close(footprints.depths, depths[0, footprints.index])
    torch.testing.assert_close(ours, conics[0, footprints.index], rtol=1e-6, atol=1e-9)
    drawn_by_gsplat = (radii[0] > 0).all(-1) & (scene.opacities >= 1 / 255)
    assert set(drawn_by_gsplat.nonzero()[:, 0].tolist()) <= set(footprints.index.tolist())


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_harmonics_are_those_of_gsplat(degree: int) -> None:
    sh, directions = cloud(50, degree).sh.double(), cloud(50).means.double()
    expected = (0.5 + gsplat_reference._spherical_harmonics(degree, directions, sh)).clamp_min(0)
    torch.testing.assert_close(eval_sh(sh, directions), expected)


@pytest.mark.parametrize("name", ["random", "opaque", "transparent"])
def test_compositing_is_that_of_a_plain_loop(name: str) -> None:
    scene, view, (width, height) = SCENES[name]().to(torch.float64), cameras(1), SIZE_WH
    output = rasterize(scene, view, OPTIONS)
    footprints = project(scene, view, SIZE_WH, OPTIONS)
    ended = 0
    for row, column in [(y, x) for y in range(0, height, 9) for x in range(0, width, 9)]:
        colour, light, alphas = torch.zeros(3, dtype=torch.float64), 1.0, 0
        for i in footprints.depths.argsort(stable=True).tolist():
            dx = float(footprints.centres_px[i, 0]) - (column + 0.5)
            dy = float(footprints.centres_px[i, 1]) - (row + 0.5)
            a, b, c = footprints.whitening[i].tolist()
            alpha = min(0.999, float(footprints.opacities[i]) * math.exp(-((a * dx + b * dy) ** 2 + (c * dy) ** 2) / 2))
            if alpha < 1 / 255:
                continue
            if light * (1 - alpha) <= 1e-4:
                ended += 1
                break
            colour += alpha * light * footprints.colours[i]
            light *= 1 - alpha
            alphas += 1
        torch.testing.assert_close(output.rgb[0, row, column], colour)
        assert float(output.alpha[0, row, column]) == pytest.approx(1 - light, abs=1e-12)
    assert (ended > 0) == (name == "opaque")
