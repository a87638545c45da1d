"""Colour by direction: a photo's own from where it was taken, and nothing that no photo says."""

import pytest
import torch

from recon.network import view_colours, view_colours_cpu
from recon.network.depth.geometry import pixel_grid
from render.cameras import Cameras
from render.sh import eval_sh, sh0_to_rgb

HEIGHT, WIDTH, VIEWS, DISTANCE = 24, 32, 3, 2.0
Scene = tuple[torch.Tensor, Cameras, torch.Tensor, torch.Tensor]
twins = pytest.mark.parametrize("twin", [view_colours, view_colours_cpu])


@pytest.fixture
def scene() -> Scene:
    """Three cameras side by side before a wall, which looks different from each."""
    T = torch.eye(4, dtype=torch.float64).repeat(VIEWS, 1, 1)
    T[:, 0, 3] = torch.tensor([-0.4, 0.0, 0.4], dtype=torch.float64)
    K = torch.tensor([[40.0, 0, 16], [0, 42.0, 12], [0, 0, 1]], dtype=torch.float64).repeat(VIEWS, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([[WIDTH, HEIGHT]] * VIEWS))
    pixels = torch.tensor([[0.4, 0.5, 0.6], [0.5, 0.5, 0.5], [0.6, 0.5, 0.4]])[:, :, None, None]
    depth = torch.full((VIEWS, HEIGHT, WIDTH), DISTANCE)
    return pixels.expand(-1, -1, HEIGHT, WIDTH).clone(), cameras, torch.ones_like(depth, dtype=torch.bool), depth


def from_camera(sh: torch.Tensor, cameras: Cameras, view: int, seen_by: int) -> torch.Tensor:
    """Colours of the pixels of `view`, at `DISTANCE`, as they look from another camera."""
    rays = torch.einsum(
        "ij,jhw->hwi", torch.linalg.inv(cameras.K_px[view]).float(), pixel_grid(HEIGHT, WIDTH, sh.device)
    )
    directions = rays * DISTANCE + (cameras.centres[view] - cameras.centres[seen_by]).float()
    return eval_sh(sh.reshape(-1, 4, 3), directions.reshape(-1, 3)).reshape(HEIGHT, WIDTH, 3)


@twins
def test_each_photo_sees_its_own_colours(scene: Scene, twin) -> None:
    pixels, cameras, _, depth = scene
    sh = twin.view_colours(*scene, depth[1], 1)
    own = from_camera(sh, cameras, 1, 1)
    torch.testing.assert_close(own, pixels[1].permute(1, 2, 0), atol=1e-5, rtol=0)
    torch.testing.assert_close(sh0_to_rgb(sh[..., 0, :]), own, atol=1e-5, rtol=0)  # Viewers may know no more.
    middle = slice(10, 22)  # What all three see.
    for other in (0, 2):
        seen = from_camera(sh, cameras, 1, other)[:, middle]
        wanted = pixels[other, :, 0, 0]
        before = (pixels[1, :, 0, 0] - wanted).abs().sum()
        assert ((seen - wanted).abs().sum(-1) < 0.25 * before).all()


@twins
def test_a_surface_that_looks_the_same_from_everywhere_has_one_colour(scene: Scene, twin) -> None:
    pixels, *rest = scene
    sh = twin.view_colours(torch.full_like(pixels, 0.3), *rest, rest[2][0], 0)
    assert sh[..., 1:, :].abs().max() < 1e-5


@twins
def test_photos_that_do_not_show_the_point_are_not_asked(scene: Scene, twin) -> None:
    pixels, cameras, shown, depth = scene
    depth = depth.clone()
    depth[2] = 0.5 * DISTANCE  # Something stands before the third camera,
    shown = shown.clone()
    shown[0] = False  # and the first shows nothing.
    sh = twin.view_colours(pixels, cameras, shown, depth, depth[1], 1)
    assert sh[..., 1:, :].abs().max() < 1e-5


def test_twins(scene: Scene) -> None:
    _, cameras, _, depth = scene
    g = torch.Generator().manual_seed(0)
    pixels = torch.rand(VIEWS, 3, HEIGHT, WIDTH, generator=g)
    shown = torch.rand(VIEWS, HEIGHT, WIDTH, generator=g) > 0.05
    depth = depth * (1 + 0.02 * torch.rand(depth.shape, generator=g))
    for view in range(VIEWS):
        slow = view_colours.view_colours(pixels, cameras, shown, depth, depth[view], view)
        fast = view_colours_cpu.view_colours(pixels, cameras, shown, depth, depth[view], view)
        assert ((slow - fast).abs() > 1e-3).float().mean() < 5e-3
        assert slow[..., 1:, :].std() > 0.01
