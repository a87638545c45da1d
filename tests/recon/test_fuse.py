"""Fusion drops what another view contradicts, and asks for a second layer only where depth is unsure."""

from dataclasses import replace

import numpy as np
import torch

from recon.images import ImageSet, Photo
from recon.network.depth.agreement import agreement
from recon.network.fuse import FuseConfig, fuse
from recon.network.gaussians import pixel_gaussians
from recon.network.judge_net import GROWTH, KEPT, JudgeNet
from recon.prediction import CameraEstimate, DepthEstimate, PixelGaussians, Prediction
from recon.views import Views, make_views
from render.cameras import Cameras
from render.rasterize import rasterize

SIZE_WH = (64, 48)
BARE = FuseConfig(surroundings=False)
"""Nothing but what pixels give."""


def two_views_of_a_wall(depth: torch.Tensor) -> tuple[Views, Prediction]:
    """Two cameras side by side before the plane z = 2; `depth` is what they believe, all of it trusted."""
    photos = [Photo(f"{i}.png", np.full((48, 64, 3), 128, np.uint8), None, SIZE_WH, None) for i in range(2)]
    views = make_views(ImageSet(tuple(photos)), 64)
    T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    T[1, 0, 3] = 0.25
    K = torch.tensor([[64.0, 0, 32], [0, 64.0, 24], [0, 0, 1]], dtype=torch.float64).repeat(2, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([SIZE_WH] * 2))
    confidence, backstop = torch.ones_like(depth), 1.5 * depth
    return views, Prediction(
        cameras=CameraEstimate(cameras, ("solved", "solved"), torch.tensor([[1.0, 4.0]] * 2)),
        depth=DepthEstimate(
            depth,
            confidence,
            backstop,
            empty=torch.zeros_like(depth, dtype=torch.bool),
            sky=torch.zeros_like(depth, dtype=torch.bool),
            dome_radius=torch.zeros(2),
            gain=torch.ones(2, 3),
        ),
        gaussians=facing(pixel_gaussians(views.pixels, cameras, depth), depth),
        backstop=pixel_gaussians(views.pixels, cameras, backstop),
    )


def facing(gaussians: PixelGaussians, depth: torch.Tensor) -> PixelGaussians:
    """As if every pixel saw its surface straight on."""
    return replace(gaussians, scales=(depth / 64)[..., None].expand(*depth.shape, 3))


def wall() -> torch.Tensor:
    return torch.full((2, 48, 64), 2.0)


def test_what_agrees_is_kept_once_a_pixel():
    views, prediction = two_views_of_a_wall(wall())
    assert len(fuse(views, prediction, [0, 1], BARE)) == 2 * 48 * 64


def test_a_floater_in_front_of_what_the_other_view_is_sure_of_goes():
    depth = wall()
    depth[0, 20:28, 30:38] = 1.0
    views, prediction = two_views_of_a_wall(depth)
    scene = fuse(views, prediction, [0, 1], BARE)
    assert (scene.means[:, 2] > 1.5).all()
    assert len(scene) == 2 * 48 * 64 - 64


def test_an_unsure_view_cannot_remove_anything_and_gets_a_backstop():
    depth = wall()
    depth[0, 20:28, 30:38] = 1.0
    views, prediction = two_views_of_a_wall(depth)
    assert len(fuse(views, unsure(prediction, [1]), [0, 1], BARE)) == 3 * 48 * 64


def unsure(prediction: Prediction, views: list[int]) -> Prediction:
    confidence = prediction.depth.confidence.clone()
    confidence[views] = 0
    return replace(prediction, depth=replace(prediction.depth, confidence=confidence))


def test_what_an_unsure_view_would_see_in_another_colour_is_not_there():
    depth = wall()
    depth[0, 20:28, 30:38] = 1.0  # It lands 16 pixels to the left in the other view.
    views, prediction = two_views_of_a_wall(depth)
    pixels = views.pixels.clone()
    pixels[0, :, 20:28, 30:38] = 1.0  # On the wall it would be white where the other photo is grey.
    scene = fuse(replace(views, pixels=pixels), unsure(prediction, [0, 1]), [0, 1], BARE)
    # One view is enough against what is near; the backstops of both views stay.
    assert len(scene) == 4 * 48 * 64 - 64
    floating = scene.means[:, 2] < 1.5
    assert floating.sum() == 0


def test_nothing_that_is_unsure_stands_where_a_camera_was():
    depth = wall()
    views, prediction = two_views_of_a_wall(depth)
    estimate = prediction.cameras
    T = estimate.cameras.T_world_camera.clone()
    T[1, :3, 3] = torch.tensor([0.0, 0.0, 1.9], dtype=T.dtype)  # Close to the wall, which starts at 1 for it.
    T[1, :3, :3] = torch.diag(torch.tensor([-1.0, 1.0, -1.0], dtype=T.dtype))  # It looks the other way.
    turned = replace(estimate, cameras=replace(estimate.cameras, T_world_camera=T))
    scene = fuse(views, unsure(replace(prediction, cameras=turned), [0, 1]), [0, 1], BARE)
    close = (prediction.gaussians.means[0] - torch.tensor([0.0, 0.0, 1.9])).norm(dim=-1) < 0.5
    assert close.any()
    # The same number of its own points lie around view 0.
    assert len(scene) == 4 * 48 * 64 - 2 * int(close.sum())
    # What is sure stays.
    assert len(fuse(views, replace(prediction, cameras=turned), [0, 1], BARE)) == 2 * 48 * 64


def test_where_one_view_shows_nothing_the_others_points_go():
    views, prediction = two_views_of_a_wall(wall())
    empty = prediction.depth.empty.clone()
    empty[1, 10:30, 10:40] = True
    scene = fuse(views, replace(prediction, depth=replace(prediction.depth, empty=empty)), [0, 1], BARE)
    own = 48 * 64 - 20 * 30
    carved = 48 * 64 - (len(scene) - own)
    # The pixels of view 0 whose four neighbours in view 1 are all empty: the region less a border of one pixel.
    assert 19 * 29 - 60 <= carved <= 20 * 30


def test_an_unregistered_view_adds_nothing():
    views, prediction = two_views_of_a_wall(wall())
    lost = replace(prediction, cameras=replace(prediction.cameras, origin=("solved", "not registered")))
    assert len(fuse(views, lost, [0, 1], BARE)) == 48 * 64


def test_the_cap_keeps_the_most_confident():
    views, prediction = two_views_of_a_wall(wall())
    confidence = prediction.depth.confidence.clone()
    confidence[0] = 0.5
    capped = fuse(
        views,
        replace(prediction, depth=replace(prediction.depth, confidence=confidence)),
        [0, 1],
        replace(BARE, max_gaussians=1000),
    )
    whole = prediction.gaussians.means[1].reshape(-1, 3)[:1000]
    assert torch.equal(capped.means, whole)


def test_agreement_counts_those_that_agree_and_those_that_see_through():
    depth = wall()
    depth[0, 20:28, 30:38] = 1.0
    _, prediction = two_views_of_a_wall(depth)
    everything = torch.ones(2, 48, 64, dtype=torch.bool)
    found = agreement(prediction.cameras.cameras, 1 / depth, everything, everything, 0, [1])
    assert (found.violated[21:27, 31:37] == 1).all()
    assert (found.agreeing[:20, 10:] == 1).all()
    torch.testing.assert_close(found.refined[:20, 10:], torch.full((20, 54), 0.5))
    nothing = agreement(prediction.cameras.cameras, 1 / depth, ~everything, ~everything, 0, [1])
    assert nothing.agreeing.sum() == 0
    assert nothing.violated.sum() == 0


def test_a_surface_belongs_to_the_view_that_sees_it_finest():
    views, prediction = two_views_of_a_wall(wall())
    cameras = prediction.cameras.cameras
    T = cameras.T_world_camera.clone()
    T[1, 2, 3] = 1.0  # View 1 comes closer: it sees the middle of the wall with twice the pixels.
    depth = torch.stack([torch.full((48, 64), 2.0), torch.full((48, 64), 1.0)])
    closer = replace(
        prediction,
        cameras=replace(prediction.cameras, cameras=replace(cameras, T_world_camera=T)),
        depth=replace(prediction.depth, depth=depth),
        gaussians=facing(prediction.gaussians, depth),
    )
    scene = fuse(views, closer, [0, 1], BARE)
    own, seen_by_both = 48 * 64, 24 * 32
    # Every pixel of view 1 stays; of view 0 those that view 1 sees go, less a border of a pixel where it reads others.
    assert 2 * own - seen_by_both <= len(scene) <= 2 * own - seen_by_both + 2 * (24 + 32)


def test_a_surface_belongs_to_the_view_that_looks_at_it_straight():
    views, prediction = two_views_of_a_wall(wall())
    scales = prediction.gaussians.scales.clone()
    scales[0, :, :, 0] *= 1.5
    slanted = replace(prediction, gaussians=replace(prediction.gaussians, scales=scales))
    scene = fuse(views, slanted, [0, 1], BARE)
    # View 1 lies 8 pixels to the right; what it doesn't see stays with view 0, and a border of a pixel.
    assert 48 * 64 + 8 * 48 <= len(scene) <= 48 * 64 + 9 * 48 + 64


def test_sky_is_drawn_as_a_dome_and_what_hangs_before_it_goes():
    depth = wall()
    depth[1, :24, 20:30] = 1.0
    views, prediction = two_views_of_a_wall(depth)
    sky = torch.zeros_like(prediction.depth.sky)
    sky[0, :24] = True
    depth[0, :24] = 40.0
    with_sky = replace(prediction.depth, sky=sky, dome_radius=torch.full((2,), 40.0), depth=depth)
    scene = fuse(views, replace(prediction, depth=with_sky), [0, 1], BARE)
    near = scene.means[scene.means[:, 2] < 10]
    # View 1 takes the upper half for a wall (and part of it for something nearer); view 0 knows better.
    in_0 = near[:, :2] / near[:, 2:] * 64 + torch.tensor([32.0, 24.0])
    seen = (in_0 >= 0.5).all(1) & (in_0[:, 0] < 63.5)
    assert not (seen & (in_0[:, 1] < 23)).any()
    assert (scene.means.norm(dim=1) > 39).sum() > 500


def test_the_cap_on_the_count_includes_the_dome():
    views, prediction = two_views_of_a_wall(wall())
    sky = torch.zeros_like(prediction.depth.sky)
    sky[:, :20] = True
    with_sky = replace(prediction.depth, sky=sky, dome_radius=torch.full((2,), 40.0))
    for cap in (10_000, 3_000):
        scene = fuse(views, replace(prediction, depth=with_sky), [0, 1], replace(BARE, max_gaussians=cap))
        assert len(scene) <= cap
        surfaces = (scene.means[:, 2] < 3) & (scene.means.norm(dim=1) < 10)
        assert int(surfaces.sum()) >= min(0.7 * cap, 2 * 28 * 64)


def test_what_no_photo_shows_is_filled_and_only_if_asked() -> None:
    views, prediction = two_views_of_a_wall(wall())
    aside = prediction.cameras.cameras[[0]]
    T = aside.T_world_camera.clone()
    T[0, 0, 3] -= 1.5
    aside = replace(aside, T_world_camera=T)
    bare, filled = (rasterize(fuse(views, prediction, [0, 1], c), aside) for c in (BARE, FuseConfig()))
    assert bare.alpha[0, 24, 4] < 0.01
    assert filled.alpha.min() > 0.9
    assert torch.allclose(bare.rgb[0, 4:-4, 52:-4], filled.rgb[0, 4:-4, 52:-4], atol=0.02)


def test_a_cap_too_low_for_what_surrounds_the_scene_keeps_the_scene() -> None:
    views, prediction = two_views_of_a_wall(wall())
    assert len(fuse(views, prediction, [0, 1], FuseConfig(max_gaussians=2000))) == 2000


def test_an_untrained_judge_keeps_what_the_classical_fusion_keeps() -> None:
    near = wall()
    near[0, 20:28, 20:28] = 1.2
    views, prediction = two_views_of_a_wall(near)
    confidence = torch.ones_like(near)
    confidence[0, :, :30] = 0
    unsure = replace(prediction, depth=replace(prediction.depth, confidence=confidence))
    classical = fuse(views, unsure, [0, 1], BARE)
    ruled = fuse(views, unsure, [0, 1], BARE, JudgeNet())
    assert torch.equal(ruled.means, classical.means)
    assert torch.equal(ruled.scales, classical.scales)
    assert torch.allclose(ruled.opacities, torch.sigmoid(torch.tensor(KEPT)))


def test_a_judge_may_bring_back_and_resize() -> None:
    views, prediction = two_views_of_a_wall(wall())
    judge = JudgeNet()
    last = judge.all[-1]
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():
        last.bias.copy_(torch.tensor([8.0, 100.0]))
    ruled = fuse(views, prediction, [0, 1], BARE, judge)
    # Both layers of both views.
    assert len(ruled) == 4 * 48 * 64
    assert (ruled.scales[0] / prediction.gaussians.scales[0, 0, 0]).allclose(torch.exp(torch.tensor(GROWTH)))
