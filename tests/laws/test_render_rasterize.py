"""What holds for every rasterizer, whatever the scene."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import RasterizeOptions, RenderOutput, rasterize
from tests.render.scenes import SCENES, cameras, cloud, rigid

BACKENDS = ["numba", "torch"]
TOLERANCE = 1e-4


@pytest.fixture(params=BACKENDS)
def options(request: pytest.FixtureRequest) -> RasterizeOptions:
    return RasterizeOptions(backend=request.param)


def assert_same(one: RenderOutput, other: RenderOutput, depth_factor: float = 1.0) -> None:
    torch.testing.assert_close(one.rgb, other.rgb, atol=TOLERANCE, rtol=0)
    torch.testing.assert_close(one.alpha, other.alpha, atol=TOLERANCE, rtol=0)
    torch.testing.assert_close(one.depth * depth_factor, other.depth, atol=TOLERANCE, rtol=TOLERANCE)


def quaternion_product(one: Tensor, other: Tensor) -> Tensor:
    """Hamilton's product of wxyz quaternions."""
    w, v = one[..., :1], one[..., 1:]
    s, u = other[..., :1], other[..., 1:]
    scalar = w * s - (v * u).sum(-1, keepdim=True)
    return torch.cat([scalar, w * u + s * v + torch.linalg.cross(v.expand_as(u), u)], -1)


def moved(scene: Gaussians, views: Cameras, T: Tensor) -> tuple[Gaussians, Cameras]:
    """Scene and cameras carried along by one rigid transform. Colours must not depend on direction."""
    angle_axis = torch.linalg.eig(T[:3, :3])
    axis = angle_axis.eigenvectors[:, (angle_axis.eigenvalues - 1).abs().argmin()].real
    twice_sine = torch.stack([T[2, 1] - T[1, 2], T[0, 2] - T[2, 0], T[1, 0] - T[0, 1]]) @ axis
    half = torch.atan2(twice_sine, T[:3, :3].trace() - 1) / 2
    quat = torch.cat([half.cos()[None], half.sin() * axis]).float()
    return (
        replace(
            scene,
            means=(scene.means.double() @ T[:3, :3].T + T[:3, 3]).float(),
            quats_wxyz=quaternion_product(quat[None], scene.quats_wxyz),
        ),
        replace(views, T_world_camera=T @ views.T_world_camera),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_moving_scene_and_cameras_together_changes_nothing(options: RasterizeOptions, seed: int) -> None:
    scene, views = cloud(100), cameras(2)
    assert_same(rasterize(scene, views, options), rasterize(*moved(scene, views, rigid(seed)), options))


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_the_unit_of_the_world_changes_nothing(options: RasterizeOptions, factor: float) -> None:
    scene, views = cloud(100, sh_degree=2), cameras(2)
    T_world_camera = views.T_world_camera.clone()
    T_world_camera[:, :3, 3] *= factor
    scaled = replace(scene, means=scene.means * factor, scales=scene.scales * factor)
    in_other_units = rasterize(scaled, replace(views, T_world_camera=T_world_camera), options)
    drawn = rasterize(scene, views, options)
    assert_same(replace(drawn, depth=drawn.depth), replace(in_other_units, depth=in_other_units.depth / factor))


def test_opacity_0_is_absence(options: RasterizeOptions) -> None:
    scene, faint = cloud(80), cloud(80, seed=9)
    faint.opacities[:] = 1e-9
    together = Gaussians.concatenate([faint, scene])
    torch.testing.assert_close(
        rasterize(together, cameras(1), options).rgb, rasterize(scene, cameras(1), options).rgb, atol=1e-6, rtol=0
    )


def test_order_of_gaussians_changes_nothing(options: RasterizeOptions) -> None:
    scene = cloud(100, sh_degree=1)
    shuffled = scene[torch.randperm(100, generator=torch.Generator().manual_seed(0))]
    assert_same(rasterize(scene, cameras(1), options), rasterize(shuffled, cameras(1), options))


def test_views_are_drawn_each_by_itself_and_in_their_order(options: RasterizeOptions) -> None:
    scene, views = cloud(100, sh_degree=1), cameras(3)
    together = rasterize(scene, views, options)
    for i in (2, 0, 1):
        alone = rasterize(scene, views[[i]], options)
        torch.testing.assert_close(alone.rgb[0], together.rgb[i], atol=0, rtol=0)
        torch.testing.assert_close(alone.depth[0], together.depth[i], atol=0, rtol=0)


@pytest.mark.parametrize("name", ["random", "opaque", "empty"])
def test_background_shows_through_what_is_left(options: RasterizeOptions, name: str) -> None:
    scene, background = SCENES[name](), (0.3, 0.6, 0.9)
    black = rasterize(scene, cameras(1), options)
    over = rasterize(scene, cameras(1), replace(options, background=background))
    torch.testing.assert_close(over.rgb, black.rgb + (1 - black.alpha)[..., None] * torch.tensor(background))
    torch.testing.assert_close(over.alpha, black.alpha)
    torch.testing.assert_close(over.depth, black.depth)


def test_depth_lies_between_the_nearest_and_the_farthest(options: RasterizeOptions) -> None:
    scene = cloud(100)
    drawn = rasterize(scene, cameras(1), options)
    seen = drawn.alpha > 0
    assert drawn.depth[seen].min() >= scene.means[:, 2].min() * (1 - 1e-5)
    assert drawn.depth[seen].max() <= scene.means[:, 2].max() * (1 + 1e-5)
    assert (drawn.depth[~seen] == 0).all()


def test_pictures_of_other_sizes_show_the_same(options: RasterizeOptions) -> None:
    """K moved with the pixels (centres at +0.5): a broad Gaussian looks the same on a grid twice as fine."""
    scene, views = cloud(20), cameras(1)
    scene.scales[:] += 0.5
    fine = rasterize(scene, views.resized((104, 74)), options).rgb
    halved = torch.nn.functional.avg_pool2d(fine.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    torch.testing.assert_close(halved, rasterize(scene, views, options).rgb, atol=0.02, rtol=0)
