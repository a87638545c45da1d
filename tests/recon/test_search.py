"""Depth from planes, then closely around each pixel's own."""

import pytest
import torch

from data_tools.room import room
from recon.images import ImageSet, Photo
from recon.network.cameras.matching import Matcher
from recon.network.depth import sweep
from recon.network.depth.search import closer, from_planes
from recon.network.encoder import Encoder, Features
from recon.views import Views, make_views
from render.cameras import Cameras

SIZE_WH = (256, 192)
Scene = tuple[Views, Features, Cameras, torch.Tensor, torch.Tensor]


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Three photos of the room with their cameras, few planes, and the true depth of the one in the middle."""
    true = room(3, SIZE_WH, 220.0)
    photos = tuple(Photo(f"{i}.png", pixels, None, SIZE_WH, None) for i, pixels in enumerate(true.photos))
    views = make_views(ImageSet(photos), 256)
    depth = torch.from_numpy(true.depth[1]).float()
    planes = torch.linspace(0.8 / float(depth.max()), 1.2 / float(depth.min()), 20)
    return views, Encoder(Matcher(64, 64, 0.85))(views), views.to_grid(true.cameras), planes, depth


def test_closer_is_nearer_to_the_truth_than_planes_are(scene: Scene) -> None:
    views, features, cameras, planes, true = scene
    found = from_planes(views, features, cameras, planes, 0.5, 1, [0, 2])
    rough, likeness = found.inverse_depth, found.likeness
    fine, more = closer(views, cameras, planes, rough, 1, [0, 2])
    errors = [(found * true - 1).abs().median() for found in (rough, fine)]
    assert errors[1] < 0.7 * errors[0]
    assert (likeness + 0.5 * more).mean() > likeness.mean()


def test_it_stays_within_a_step_and_before_the_farthest_plane(scene: Scene) -> None:
    views, _, cameras, planes, _ = scene
    step = float(planes[1] - planes[0])
    anywhere = torch.rand(*views.pixels.shape[2:], generator=torch.Generator().manual_seed(0))
    anywhere = planes[0] + anywhere * (planes[-1] - planes[0])
    found, _ = closer(views, cameras, planes, anywhere, 1, [0, 2])
    assert ((found - anywhere).abs() <= 1.001 * step).all()
    far, _ = closer(views, cameras, planes, torch.zeros_like(anywhere), 1, [0, 2])
    assert (far >= planes[0]).all()


def test_planes_are_offsets_to_nothing(scene: Scene) -> None:
    views, _, _, planes, _ = scene
    pair, valid = views.pixels[:2, :, :64, :64], torch.ones(1, 64, 64, dtype=torch.bool)
    geometry = (valid, torch.eye(3)[None], torch.tensor([[9.0, 1.0, 0.1]]))
    nothing, something = torch.zeros(64, 64), torch.full((64, 64), float(planes[3]))
    as_planes = sweep.colour_likeness(pair[0], pair[1:], *geometry, nothing, planes)
    as_offsets = sweep.colour_likeness(pair[0], pair[1:], *geometry, something, planes - planes[3])
    torch.testing.assert_close(as_planes, as_offsets, atol=1e-4, rtol=0)
