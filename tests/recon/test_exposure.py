"""Gains that undo the photos' exposure and white balance."""

import pytest
import torch

from recon.network.exposure import exposure_gains
from render.cameras import Cameras

SIZE_WH = (96, 64)


def wall(gains: torch.Tensor) -> tuple[torch.Tensor, Cameras, torch.Tensor, torch.Tensor]:
    """Cameras side by side before a wall of smooth colours, each photo taken with its gain."""
    n = len(gains)
    T = torch.eye(4, dtype=torch.float64).repeat(n, 1, 1)
    T[:, 0, 3] = torch.arange(n) * 0.25
    K = torch.tensor([[96.0, 0, 48], [0, 96.0, 32], [0, 0, 1]], dtype=torch.float64).repeat(n, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([SIZE_WH] * n))
    y, x = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(96) + 0.5, indexing="ij")
    pixels = []
    for v in range(n):
        X, Y = (x - 48) / 96 * 2 + 0.25 * v, (y - 32) / 96 * 2
        colours = torch.stack([0.5 + 0.15 * torch.sin(k * X + Y) for k in (1, 2, 3)])
        pixels.append(colours * gains[v][:, None, None])
    shape = (n, 64, 96)
    return torch.stack(pixels), cameras, torch.full(shape, 0.5), torch.ones(shape, dtype=torch.bool)


@pytest.fixture
def gains() -> torch.Tensor:
    """Geometric mean 1 in each channel."""
    log = torch.tensor([[0.15, 0.1, -0.05], [-0.1, 0.0, 0.1], [-0.05, -0.1, -0.05]])
    return log.exp()


def test_gains_are_found_up_to_their_mean(gains: torch.Tensor):
    torch.testing.assert_close(exposure_gains(*wall(gains)), 1 / gains, atol=0.01, rtol=0)


def test_equal_photos_stay_as_they_are():
    torch.testing.assert_close(exposure_gains(*wall(torch.ones(3, 3))), torch.ones(3, 3), atol=1e-3, rtol=0)


def test_the_order_of_the_photos_does_not_matter(gains: torch.Tensor):
    pixels, cameras, inverse_depth, sure = wall(gains)
    order = [2, 0, 1]
    turned = exposure_gains(pixels[order], cameras[order], inverse_depth[order], sure[order])
    torch.testing.assert_close(turned, exposure_gains(pixels, cameras, inverse_depth, sure)[order])


def test_a_photo_that_shares_nothing_sure_keeps_its_exposure(gains: torch.Tensor):
    pixels, cameras, inverse_depth, sure = wall(gains)
    sure[2] = False
    found = exposure_gains(pixels, cameras, inverse_depth, sure)
    assert (found[2] - 1).abs().max() < 0.01
    ratio = found[0] / found[1]
    torch.testing.assert_close(ratio, gains[1] / gains[0], atol=0.01, rtol=0)


def test_the_same_photos_give_the_same_gains_to_the_last_bit(gains: torch.Tensor):
    scene = wall(gains)
    first = exposure_gains(*scene)
    assert all(torch.equal(exposure_gains(*scene), first) for _ in range(100))
