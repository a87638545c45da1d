"""The depth stage where photos show sky: it is a dome away, and leaves what is below alone."""

from dataclasses import replace

import pytest
import torch

from data_tools.room import room
from recon.images import ImageSet, Photo
from recon.network.cameras.matching import Matcher
from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.dome import distance_along
from recon.network.encoder import Encoder, Features
from recon.prediction import CameraEstimate
from recon.views import Views, make_views

SKYLINE = 60
SIZE_WH = (256, 192)


@pytest.fixture(scope="module")
def open_air() -> tuple[Views, Features, CameraEstimate]:
    """The room without its upper part, which is overcast; three photos from where they say."""
    true = room(3, SIZE_WH, 220.0)
    for pixels in true.photos:
        pixels[:SKYLINE] = (240, 244, 250)
    photos = tuple(Photo(f"{i}.png", pixels, None, SIZE_WH, None) for i, pixels in enumerate(true.photos))
    views = make_views(ImageSet(photos), 256)
    span = torch.tensor([[0.8 * depth.min(), 1.3 * depth.max()] for depth in true.depth], dtype=torch.float64)
    estimate = CameraEstimate(views.to_grid(true.cameras), ("solved",) * 3, span)
    return views, Encoder(Matcher(64, 64, 0.85))(views), estimate


def test_sky_is_on_the_dome_and_the_rest_is_not(open_air: tuple[Views, Features, CameraEstimate]) -> None:
    views, features, estimate = open_air
    found = DepthStage(DepthConfig(planes=32))(views, features, estimate)
    assert found.sky[:, : SKYLINE - 4].all()
    assert not found.sky[:, SKYLINE + 4 :].any()
    assert (found.confidence[found.sky] == 0).all()
    assert (found.dome_radius == found.dome_radius[0]).all()
    far = float(estimate.depth_range[:, 1].max())
    for v in range(3):
        on_dome = distance_along(estimate.cameras, v, float(found.dome_radius[v]))
        assert torch.equal(found.depth[v][found.sky[v]], on_dome[found.sky[v]])
        assert (on_dome > far).all()
    assert (found.depth[~found.sky] <= 1.01 * far).all()
    assert (found.backstop[~found.sky] <= 1.05 * far).all()
    assert (found.confidence > 0).float().mean() > 0.3


def test_it_does_not_leak_where_nothing_is_sure(open_air: tuple[Views, Features, CameraEstimate]) -> None:
    views, features, estimate = open_air
    found = DepthStage(DepthConfig(planes=32, min_likeness=1.0))(views, features, estimate)
    assert (found.confidence == 0).all()
    far = float(estimate.depth_range[:, 1].max())
    assert (found.depth[~found.sky] <= 1.01 * far).all()
    assert (found.backstop[~found.sky] <= 1.05 * far).all()


def test_a_photo_that_is_not_registered_shows_no_sky(open_air: tuple[Views, Features, CameraEstimate]) -> None:
    views, features, estimate = open_air
    found = DepthStage(DepthConfig(planes=32))(
        views, features, replace(estimate, origin=("solved", "solved", "not registered"))
    )
    assert found.sky[:2].any()
    assert not found.sky[2].any()
    assert found.dome_radius[2] == 0
    assert found.depth[2].max() <= 1.01 * float(estimate.depth_range[:, 1].max())


def test_without_sky_there_is_no_dome() -> None:
    true = room(2, SIZE_WH, 220.0)
    photos = tuple(Photo(f"{i}.png", pixels, None, SIZE_WH, None) for i, pixels in enumerate(true.photos))
    views = make_views(ImageSet(photos), 256)
    span = torch.tensor([[0.8 * depth.min(), 1.3 * depth.max()] for depth in true.depth], dtype=torch.float64)
    estimate = CameraEstimate(views.to_grid(true.cameras), ("solved",) * 2, span)
    found = DepthStage(DepthConfig(planes=16))(views, Encoder(Matcher(64, 64, 0.85))(views), estimate)
    assert not found.sky.any()
    assert (found.dome_radius == 0).all()
