"""Feedback: what other photos say moves Gaussians towards where they belong, by laws that hold for every scene."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.images import ImageSet, Photo
from recon.network.feedback import COARSEST, FeedbackConfig, Owned, Photos, fed_back, pixel_shift
from recon.network.gaussians import pixel_gaussians
from recon.prediction import CameraEstimate, DepthEstimate, Prediction
from recon.views import Views, make_views
from render.cameras import Cameras
from render.errors import ConfigError
from render.gaussians import Gaussians
from render.rasterize import rasterize

SIZE_WH = (64, 48)


def corner(too_far: float = 1.0, scale: float = 1.0) -> tuple[Views, Prediction]:
    """Three photos of a room; depth is the true one, or farther by a factor."""
    true = room(3, SIZE_WH, 55.0)
    photos = [Photo(f"{i}.png", pixels, None, SIZE_WH, None) for i, pixels in enumerate(true.photos)]
    views = make_views(ImageSet(tuple(photos)), 64)
    T = true.cameras.T_world_camera.clone()
    T[:, :3, 3] *= scale
    cameras = replace(true.cameras, T_world_camera=T)
    depth = torch.stack([torch.as_tensor(z, dtype=torch.float32) for z in true.depth]) * too_far * scale
    return views, predicted(views, cameras, depth)


def predicted(views: Views, cameras: Cameras, depth: torch.Tensor) -> Prediction:
    """All of it trusted."""
    count, nothing = len(views), torch.zeros_like(depth, dtype=torch.bool)
    gaussians = pixel_gaussians(views.pixels, cameras, depth)
    dome, gain = torch.zeros(count), torch.ones(count, 3)
    estimate = DepthEstimate(depth, torch.ones_like(depth), depth, nothing, nothing, dome, gain)
    ranges = torch.tensor([[0.1, 100.0]]).repeat(count, 1)
    return Prediction(CameraEstimate(cameras, ("given",) * count, ranges), estimate, gaussians, gaussians)


def rounds_of(views: Views, prediction: Prediction, rounds: int = 2, order: Sequence[int] = (0, 1, 2)) -> Gaussians:
    """Those of the first layer after rounds of feedback, view by view in their own order."""
    order = list(order)
    cameras, depth = prediction.cameras.cameras[order], prediction.depth.depth[order]
    owner = torch.arange(len(order))[:, None, None].expand_as(depth).flatten()
    photos = Photos(views.pixels[order], views.valid[order], cameras)
    owned = Owned(layer(prediction)[order_of(order, depth[0].numel())], owner, pixel_shift(cameras, depth).flatten())
    after = fed_back(owned, photos, layer(prediction)[:0], rounds)
    return after[torch.argsort(order_of(order, depth[0].numel()))]


def layer(prediction: Prediction) -> Gaussians:
    """All of its Gaussians, one a pixel."""
    return prediction.gaussians.where(torch.ones_like(prediction.gaussians.opacities, dtype=torch.bool))


def order_of(views: Sequence[int], pixels: int) -> torch.Tensor:
    """Which Gaussians those of some views are."""
    return torch.cat([torch.arange(v * pixels, (v + 1) * pixels) for v in views])


def error(views: Views, prediction: Prediction, scene: Gaussians, view: int) -> float:
    """Of one photo as the others' Gaussians draw it."""
    others = torch.arange(len(scene)) // views.valid[0].numel() != view
    drawn = rasterize(scene[others], prediction.cameras.cameras[[view]]).rgb[0]
    return float((drawn.permute(2, 0, 1) - views.pixels[view]).square().mean())


def test_photos_are_predicted_better_by_the_others() -> None:
    views, prediction = corner(too_far=1.03)
    after = rounds_of(views, prediction)
    for view in range(3):
        assert error(views, prediction, after, view) < 0.9 * error(views, prediction, layer(prediction), view)


@pytest.mark.parametrize("too_far", [0.97, 1.03])
def test_gaussians_of_a_soft_pattern_move_towards_the_wall(too_far: float) -> None:
    K = torch.tensor([[64.0, 0, 32], [0, 64.0, 24], [0, 0, 1]], dtype=torch.float64).repeat(2, 1, 1)
    T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    T[1, 0, 3] = 0.25
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([SIZE_WH] * 2))
    # The wall is two away; its pattern repeats every 16 pixels.
    x = 2 * (torch.arange(64) + 0.5 - 32) / 64 + T[:, :1, 3]
    bands = (0.5 + 0.4 * torch.sin(4 * torch.pi * x))[:, None, None].expand(2, 3, 48, 64).float()
    photos = [Photo(f"{i}.png", np.zeros((48, 64, 3), np.uint8), None, SIZE_WH, None) for i in range(2)]
    views = replace(make_views(ImageSet(tuple(photos)), 64), pixels=bands)
    depth = torch.full((2, 48, 64), 2.0 * too_far)
    prediction = predicted(views, cameras, depth)
    after = rounds_of(views, prediction, 1, [0, 1]).means[:, 2].view_as(depth)
    inside = (slice(None), slice(8, 40), slice(12, 52))
    towards = ((after - depth) * (2 - depth))[inside] > 0
    assert towards.float().mean() > 2 / 3


def test_views_in_another_order_give_the_same() -> None:
    views, prediction = corner(too_far=1.02)
    """But for slopes next to nothing, which rounding turns."""
    one, other = rounds_of(views, prediction), rounds_of(views, prediction, order=[2, 0, 1])
    close = (one.means - other.means).norm(dim=-1) < 1e-4
    assert close.float().mean() > 0.95


def test_a_larger_world_gives_the_same_scene_larger() -> None:
    one, other = (rounds_of(*corner(too_far=1.02, scale=s)) for s in (1.0, 4.0))
    close = (4 * one.means - other.means).norm(dim=-1) < 0.01
    assert close.float().mean() > 0.99
    assert ((one.opacities - other.opacities).abs() < 1e-3).float().mean() > 0.99


def test_own_photos_have_no_say() -> None:
    """One of two photos changes: its own Gaussians move as before, but for the scale of what is usual."""
    views, prediction = corner(too_far=1.02)
    pixels = views.pixels.clone()
    pixels[0] = 1 - pixels[0]
    one, other = (rounds_of(v, prediction, 1, [0, 1]) for v in (views, replace(views, pixels=pixels)))
    own, others = (one.opacities - other.opacities).abs().view(2, -1).mean(1)
    assert own < 0.05 * others


def test_no_rounds_and_photos_alone_change_nothing() -> None:
    views, prediction = corner()
    for after, count in ((rounds_of(views, prediction, 0), 3), (rounds_of(views, prediction, 2, [0]), 1)):
        torch.testing.assert_close(after.means, layer(prediction).means[: count * 64 * 48])
        torch.testing.assert_close(after.opacities, layer(prediction).opacities[: count * 64 * 48])


def test_a_moved_gaussian_looks_as_wide_from_its_own_photo() -> None:
    scene = Gaussians(
        torch.tensor([[0.0, 0.0, 2.0]]), torch.tensor([[1.0, 0, 0, 0]]), torch.full((1, 3), 0.1),
        torch.tensor([0.5]), torch.zeros(1, 1, 3),
    )  # fmt: skip
    owned = Owned(scene, torch.tensor([0]), torch.ones(1))
    after = owned.moved(torch.tensor([[0.0, 0.5, 0.0]]), torch.zeros(1, 3))
    torch.testing.assert_close(after.scales / after.means[:, 2:], scene.scales / scene.means[:, 2:])
    torch.testing.assert_close(after.opacities, scene.opacities)


def test_a_pixel_of_shift_is_what_others_see_move_by_a_pixel() -> None:
    T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    T[1, 0, 3] = 0.5
    K = torch.tensor([[100.0, 0, 32], [0, 100.0, 24], [0, 0, 1]], dtype=torch.float64).repeat(2, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([SIZE_WH] * 2))
    depth = torch.full((2, 48, 64), 0.4)
    unit = pixel_shift(cameras, depth)[0, 0, 0]
    seen = [100 * 0.5 / z for z in (0.4, 0.4 * float(unit.exp()))]
    assert seen[0] - seen[1] == pytest.approx(1, abs=0.01)
    together = replace(cameras, T_world_camera=T[:1].repeat(2, 1, 1))
    assert (pixel_shift(together, depth) == COARSEST).all()


def test_too_many_rounds_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"network\.feedback\.rounds is 9"):
        FeedbackConfig(rounds=9)
