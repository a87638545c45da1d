"""What stands for all that no photo shows: behind everything, in the colours nearby, open at the back."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from recon.network.dome import middle
from recon.network.surroundings import REACH_DEG, surroundings
from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import rasterize


def facing(turns_deg: list[float], focal_px: float = 48.0) -> Cameras:
    """Cameras side by side, turned about the vertical axis."""
    poses = []
    for i, turn in enumerate(torch.deg2rad(torch.tensor(turns_deg, dtype=torch.float64))):
        T = torch.eye(4, dtype=torch.float64)
        T[0, 0], T[0, 2], T[2, 0], T[2, 2] = torch.cos(turn), torch.sin(turn), -torch.sin(turn), torch.cos(turn)
        T[0, 3] = 0.1 * i
        poses.append(T)
    K = torch.tensor([[focal_px, 0, 32], [0, focal_px, 24], [0, 0, 1]], dtype=torch.float64)
    n = len(poses)
    return Cameras(K_px=K.repeat(n, 1, 1), T_world_camera=torch.stack(poses), size_wh=torch.tensor([[64, 48]] * n))


def of(pixels: Tensor, cameras: Cameras, depth: float = 2.0) -> Gaussians:
    flat = torch.full((len(pixels), 48, 64), depth)
    found = surroundings(pixels, cameras, flat, torch.ones_like(flat) > 0, torch.zeros_like(flat) > 0)
    assert found is not None
    return found


def halves() -> Tensor:
    """Red on the left, blue on the right."""
    pixels = torch.zeros(2, 3, 48, 64)
    pixels[:, 0, :, :32], pixels[:, 2, :, 32:] = 1.0, 1.0
    return pixels


def test_one_colour_goes_on_everywhere() -> None:
    colour = torch.tensor([0.8, 0.4, 0.2])
    found = of(colour[None, :, None, None].expand(2, 3, 48, 64).contiguous(), facing([0, 0]))
    drawn = rasterize(found, facing([-40, 40]))
    assert drawn.alpha.min() > 0.98
    assert (drawn.rgb / drawn.alpha[..., None] - colour).abs().max() < 1e-3


def test_beside_a_photo_it_has_the_colours_of_the_edge_that_is_near() -> None:
    left, right = rasterize(of(halves(), facing([0, 0])), facing([-60, 60])).rgb.mean((1, 2))
    # Farther from the edge, all colours count.
    assert left[0] > left[2] + 0.25
    assert right[2] > right[0] + 0.25


def test_it_is_behind_everything_and_open_at_the_back() -> None:
    cameras = facing([0, 0])
    found = of(halves(), cameras, depth=3.0)
    offsets = found.means - middle(cameras).float()
    corner = 3.0 * (1 + (32 / 48) ** 2 + (24 / 48) ** 2) ** 0.5
    assert offsets.norm(dim=-1).min() > corner - 0.1
    backwards = torch.rad2deg(torch.acos(torch.nn.functional.normalize(offsets, dim=-1)[:, 2].clamp(-1, 1)))
    assert backwards.max() < 90 - 1 + REACH_DEG
    assert rasterize(found, facing([180])).alpha[0, :, 24:40].max() == 0


def test_it_moves_and_grows_with_the_world() -> None:
    cameras, grown = facing([-10, 15]), 2.5
    moved = torch.eye(4, dtype=torch.float64)
    moved[:3, :3] = torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])
    moved[:3, 3] = torch.tensor([3.0, -2, 1])
    T = cameras.T_world_camera.clone()
    T[:, :3, 3] *= grown
    there = replace(cameras, T_world_camera=moved @ T)
    look = facing([0, 30])
    T = look.T_world_camera.clone()
    T[:, :3, 3] *= grown
    here = rasterize(of(halves(), cameras), look).rgb
    again = rasterize(of(halves(), there, depth=2.0 * grown), replace(look, T_world_camera=moved @ T)).rgb
    # The cells lie elsewhere on the sphere, so that edges between colours are drawn a little differently.
    assert (here - again).abs().mean() < 0.02


def test_views_in_another_order_give_the_same() -> None:
    cameras = facing([-10, 15])
    pixels = torch.stack([halves()[0], halves()[1].flip(2)])
    drawn = [rasterize(found, facing([0])).rgb for found in (of(pixels, cameras), of(pixels.flip(0), cameras[[1, 0]]))]
    assert (drawn[0] - drawn[1]).abs().max() < 1e-4


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_where_photos_show_nothing_nothing_is_around(share: float) -> None:
    depth = torch.full((2, 48, 64), 2.0)
    empty = torch.zeros_like(depth) > 0
    empty[:, : int(48 * share)] = True
    assert surroundings(halves(), facing([0, 0]), depth, ~empty, empty) is None
