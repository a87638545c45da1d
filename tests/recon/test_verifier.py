"""The verifier prefers cameras that are right to cameras that are not."""

from dataclasses import replace

import pytest
import torch

from data_tools.room import room
from recon.images import ImageSet, Photo
from recon.network.cameras.matching import Matcher
from recon.network.encoder import Encoder, Features
from recon.network.verifier import Verifier, reduced
from recon.prediction import CameraEstimate
from recon.views import Views, make_views

Scene = tuple[Views, Features, CameraEstimate]


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Two photos of the room, and where they were taken from."""
    true = room(2, (256, 192), 220.0)
    photos = tuple(Photo(f"{i}.png", pixels, None, (256, 192), None) for i, pixels in enumerate(true.photos))
    views = make_views(ImageSet(photos), 256)
    span = torch.tensor([[0.8 * depth.min(), 1.3 * depth.max()] for depth in true.depth], dtype=torch.float64)
    estimate = CameraEstimate(views.to_grid(true.cameras), ("solved", "solved"), span)
    return views, Encoder(Matcher(256, 256, 0.85))(views), estimate


def turned(estimate: CameraEstimate, degrees: float) -> CameraEstimate:
    """The second camera turned about its viewing axis."""
    a = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    roll = torch.eye(4, dtype=torch.float64)
    roll[:2, :2] = torch.stack([torch.stack([a.cos(), -a.sin()]), torch.stack([a.sin(), a.cos()])])
    T = estimate.cameras.T_world_camera.clone()
    T[1] = T[1] @ roll
    return replace(estimate, cameras=replace(estimate.cameras, T_world_camera=T))


@pytest.mark.parametrize("degrees", [-4.0, 4.0])
def test_true_cameras_beat_turned_ones(scene: Scene, degrees: float) -> None:
    views, features, estimate = scene
    verifier = Verifier()
    assert verifier(views, features, estimate) > 1.2 * verifier(views, features, turned(estimate, degrees))


def test_the_scale_of_the_world_does_not_matter(scene: Scene) -> None:
    views, features, estimate = scene
    T = estimate.cameras.T_world_camera.clone()
    T[:, :3, 3] *= 8
    larger = replace(
        estimate, cameras=replace(estimate.cameras, T_world_camera=T), depth_range=8 * estimate.depth_range
    )
    assert Verifier()(views, features, larger) == pytest.approx(Verifier()(views, features, estimate), abs=1e-3)


def test_one_view_says_nothing(scene: Scene) -> None:
    views, features, estimate = scene
    assert Verifier()(views, features, replace(estimate, origin=("solved", "not registered"))) == 0


def test_reduced_views_keep_their_cameras(scene: Scene) -> None:
    views, _, estimate = scene
    there = reduced(views).to_grid(views.to_originals(estimate.cameras))
    assert torch.allclose(there.K_px, estimate.cameras.resized(reduced(views).size_wh).K_px)
