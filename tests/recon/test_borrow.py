"""A view that is not sure takes the depth of what the others are sure of, where it has their colour."""

import pytest
import torch

import recon.network.depth.borrow
from recon.network.depth.borrow import borrow_depth
from render.cameras import Cameras
from render.errors import BackendError
from render.rasterize import rasterize

DEPTH = 2.0
Pack = tuple[torch.Tensor, Cameras, torch.Tensor, torch.Tensor]


@pytest.fixture
def wall() -> Pack:
    """Two cameras side by side before a wall of one colour; the second knows nothing of its depth."""
    T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    T[1, 0, 3] = 0.25
    K = torch.tensor([[64.0, 0, 32], [0, 64.0, 24], [0, 0, 1]], dtype=torch.float64).repeat(2, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([[64, 48]] * 2))
    pixels = torch.full((2, 3, 48, 64), 0.5)
    inverse_depth = torch.full((2, 48, 64), 1 / DEPTH)
    inverse_depth[1] = 0.1
    confidence = torch.ones(2, 48, 64)
    confidence[1] = 0
    return pixels, cameras, inverse_depth, confidence


def test_the_depth_of_the_others_is_taken_where_they_see_the_same(wall: Pack):
    borrowed, taken = borrow_depth(*wall)
    # View 1 looks 0.25 to the right of view 0: 8 pixels at this depth and focal length.
    assert taken[1, 4:-4, 2:54].all()
    assert not taken[1, :, -6:].any()
    torch.testing.assert_close(borrowed[1][taken[1]], torch.full((int(taken[1].sum()),), 1 / DEPTH), rtol=1e-3, atol=0)


def test_what_is_sure_keeps_its_own_depth(wall: Pack):
    assert not borrow_depth(*wall)[1][0].any()


def test_what_has_another_colour_is_something_else(wall: Pack):
    pixels, *rest = wall
    pixels[1, :, 20:30, 20:30] = 1.0
    taken = borrow_depth(pixels, *rest)[1]
    assert not taken[1, 20:30, 20:30].any()
    assert taken[1, 32:44, 20:30].all()


def test_without_anything_sure_nothing_is_taken(wall: Pack):
    pixels, cameras, inverse_depth, confidence = wall
    assert not borrow_depth(pixels, cameras, inverse_depth, torch.zeros_like(confidence))[1].any()


def test_where_the_device_has_no_rasterizer_the_cpu_draws(wall: Pack, monkeypatch: pytest.MonkeyPatch):
    wanted = borrow_depth(*wall)
    calls = []

    def every_other(gaussians, cameras):
        calls.append(gaussians)
        if len(calls) % 2:
            raise BackendError("no rasterizer here.")
        return rasterize(gaussians, cameras)

    monkeypatch.setattr(recon.network.depth.borrow, "rasterize", every_other)
    for found, as_before in zip(borrow_depth(*wall), wanted, strict=True):
        assert torch.equal(found, as_before)
