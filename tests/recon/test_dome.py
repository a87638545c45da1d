"""The dome that stands for sky: where it is, that it closes, that it moves with the world."""

import math

import torch

from recon.network.depth.geometry import pixel_grid
from recon.network.dome import distance_along, dome, dome_radius, middle
from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import rasterize

SIZE_WH = (96, 72)
SKYLINE = 36


def looking(yaws_deg: list[float], apart: float = 0.5, dtype: torch.dtype = torch.float64) -> Cameras:
    """Level cameras (y is down), side by side."""
    T = torch.eye(4, dtype=dtype).repeat(len(yaws_deg), 1, 1)
    for v, yaw in enumerate(yaws_deg):
        c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
        T[v, :3, :3] = torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=dtype)
        T[v, 0, 3] = apart * v
    K = torch.tensor([[80.0, 0, 48], [0, 80, 36], [0, 0, 1]], dtype=dtype).repeat(len(yaws_deg), 1, 1)
    return Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([SIZE_WH] * len(yaws_deg)))


def upper_half(views: int) -> torch.Tensor:
    sky = torch.zeros(views, SIZE_WH[1], SIZE_WH[0], dtype=torch.bool)
    sky[:, :SKYLINE] = True
    return sky


def painted(views: int, rgb: tuple[float, float, float] = (0.4, 0.6, 0.9)) -> torch.Tensor:
    """Sky of one colour over black."""
    return torch.tensor(rgb)[None, :, None, None] * upper_half(views)[:, None].float()


def whole(pixels: torch.Tensor, cameras: Cameras, radius: float) -> Gaussians:
    views = len(pixels)
    return dome(pixels, upper_half(views), torch.ones_like(upper_half(views)), cameras, radius, 10**6)


def test_every_gaussian_is_on_the_sphere_and_so_is_the_depth_of_every_pixel() -> None:
    cameras, radius = looking([0, 20, -70]), 12.0
    found = whole(painted(3), cameras, radius)
    assert torch.allclose((found.means - middle(cameras).float()).norm(dim=1), torch.tensor(radius), atol=1e-4)
    for v in range(3):
        rays = torch.linalg.inv(cameras.K_px[v]).float() @ pixel_grid(72, 96, torch.device("cpu")).flatten(1)
        points = rays * distance_along(cameras, v, radius).flatten()
        T = cameras.T_world_camera[v].float()
        in_world = (T[:3, :3] @ points).T + T[:3, 3]
        assert torch.allclose((in_world - middle(cameras).float()).norm(dim=1), torch.tensor(radius), atol=1e-4)


def test_drawn_again_the_sky_is_closed_and_has_its_colour() -> None:
    cameras = looking([0, 30])
    drawn = rasterize(whole(painted(2), cameras, 50.0), cameras)
    above = slice(0, SKYLINE)
    assert drawn.alpha[:, above].min() > 0.97
    assert (drawn.rgb[:, above] - torch.tensor([0.4, 0.6, 0.9])).abs().max() < 0.04


def test_it_goes_on_behind_what_stands_before_it_but_not_far_below() -> None:
    cameras = looking([0, 0])
    drawn = rasterize(whole(painted(2), cameras, 50.0), cameras)
    ten_degrees, twenty_degrees = (SKYLINE + round(80 * math.tan(math.radians(x))) for x in (10, 20))
    assert drawn.alpha[:, :ten_degrees].min() > 0.97
    assert drawn.alpha[:, twenty_degrees:].max() < 0.05


def test_it_goes_on_above_the_photos() -> None:
    up = looking([0])
    c, s = math.cos(math.radians(40)), math.sin(math.radians(40))
    up.T_world_camera[0, :3, :3] = torch.tensor([[1, 0, 0], [0, c, -s], [0, s, c]], dtype=torch.float64)
    drawn = rasterize(whole(painted(2), looking([0, 10]), 50.0), up)
    assert drawn.alpha.min() > 0.97


def test_views_that_differ_are_blended() -> None:
    pixels = torch.cat([painted(1, (0.2, 0.5, 0.8)), painted(1, (0.4, 0.7, 1.0))])
    cameras = looking([0, 0], apart=0.0)
    drawn = rasterize(whole(pixels, cameras, 50.0), cameras)
    assert (drawn.rgb[0, 5:SKYLINE] - torch.tensor([0.3, 0.6, 0.9])).abs().max() < 0.04


def test_a_world_that_is_turned_moved_and_scaled_looks_the_same() -> None:
    cameras = looking([0, 25])
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))).Q
    turn = turn * torch.sign(torch.linalg.det(turn))
    T = cameras.T_world_camera.clone()
    T[:, :3, 3] = 3.0 * T[:, :3, 3] @ turn.T + torch.tensor([1.0, -2.0, 5.0], dtype=torch.float64)
    T[:, :3, :3] = turn @ T[:, :3, :3]
    moved = Cameras(K_px=cameras.K_px, T_world_camera=T, size_wh=cameras.size_wh)
    pixels = painted(2) * torch.linspace(0.8, 1.0, 96)
    here = rasterize(whole(pixels, cameras, 50.0), cameras)
    there = rasterize(whole(pixels, moved, 150.0), moved)
    # The Gaussians lie elsewhere on the same sky.
    assert (here.rgb - there.rgb)[:, : SKYLINE - 2].abs().max() < 0.03


def test_it_is_no_larger_than_allowed() -> None:
    cameras, every = looking([0, 30]), torch.ones_like(upper_half(2))
    for at_most in (3000, 500):
        found = dome(painted(2), upper_half(2), every, cameras, 50.0, at_most)
        assert 0.2 * at_most < len(found) <= at_most
        drawn = rasterize(found, cameras)
        assert drawn.alpha[:, : SKYLINE - 8].min() > 0.9


def test_what_lies_beside_a_photo_on_its_grid_does_not_end_the_sky() -> None:
    """A photo that covers the left half of the grid: the dome goes on to its right as it does to its left."""
    cameras, sky, valid = looking([0]), upper_half(1), torch.ones_like(upper_half(1))
    sky[:, :, 48:] = valid[:, :, 48:] = False
    found = dome(painted(1) * sky[:, None], sky, valid, cameras, 50.0, 10**6)
    azimuth = torch.rad2deg(torch.atan2(found.means[:, 0], found.means[:, 2]))
    seen = torch.rad2deg(torch.atan(torch.tensor(48 / 80)))
    assert abs((azimuth.max() - 0.0) - (-seen - azimuth.min())) < 5


def test_it_is_around_all_cameras_and_all_surfaces() -> None:
    cameras = looking([0, 0, 0], apart=30.0)
    radius = dome_radius(cameras, 1.0, 40.0)
    assert radius > 30 + 40
    for v in range(3):
        assert distance_along(cameras, v, radius).min() > 40
    assert dome_radius(looking([0, 0]), 2.0, 10.0) == 36.0
