"""A view that is not sure takes the depth of what the others show, where it has their colour."""

import pytest
import torch

import recon.network.depth.borrow
from recon.network.depth.borrow import borrow_depth, surface
from render.cameras import Cameras
from render.errors import BackendError
from render.gaussians import Gaussians
from render.rasterize import rasterize

DEPTH = 2.0
Pack = tuple[torch.Tensor, Cameras, Gaussians]


@pytest.fixture
def wall() -> Pack:
    """Two cameras side by side before a wall of one colour: the second's picture, and what the first knows."""
    T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    T[1, 0, 3] = 0.25
    K = torch.tensor([[64.0, 0, 32], [0, 64.0, 24], [0, 0, 1]], dtype=torch.float64).repeat(2, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([[64, 48]] * 2))
    pixels = torch.full((3, 48, 64), 0.5)
    inverse_depth = torch.full((48, 64), 1 / DEPTH)
    known = torch.ones(48, 64, dtype=torch.bool)
    return pixels, cameras[[1]], surface(pixels, cameras[[0]], inverse_depth, known)


def test_the_depth_of_the_others_is_taken_where_they_see_the_same(wall: Pack):
    borrowed, taken = borrow_depth(*wall)
    # The second looks 0.25 to the right of the first: 8 pixels at this depth and focal length.
    assert taken[4:-4, 2:54].all()
    assert not taken[:, -6:].any()
    torch.testing.assert_close(borrowed[taken], torch.full((int(taken.sum()),), 1 / DEPTH), rtol=1e-3, atol=0)


def test_what_has_another_colour_is_something_else(wall: Pack):
    pixels, *rest = wall
    pixels = pixels.clone()
    pixels[:, 20:30, 20:30] = 1.0
    taken = borrow_depth(pixels, *rest)[1]
    assert not taken[20:30, 20:30].any()
    assert taken[32:44, 20:30].all()


def test_only_what_is_known_is_lent(wall: Pack):
    pixels, camera, others = wall
    known = torch.zeros(48, 64, dtype=torch.bool)
    nothing = surface(pixels, camera, torch.ones(48, 64), known)
    assert len(nothing) == 0 < len(others)
    assert not borrow_depth(pixels, camera, nothing)[1].any()


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
