"""The released depth: only where matching is not sure, and behind nothing that it should not be."""

import numpy as np
import pytest
import torch

from data_tools.room import Room, room
from recon.images import ImageSet, Photo
from recon.network.cameras.matching import Matcher
from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.encoder import Encoder
from recon.prediction import CameraEstimate, DepthEstimate
from recon.views import make_views

COUNT, SIZE = 3, (192, 128)


@pytest.fixture(scope="module")
def true() -> Room:
    return room(COUNT, SIZE, 165.0)


@pytest.fixture(scope="module")
def found(true: Room) -> dict[bool, DepthEstimate]:
    """By whether it is corrected."""
    photos = tuple(Photo(f"{v}", true.photos[v], None, SIZE, None) for v in range(COUNT))
    views = make_views(ImageSet(photos), SIZE[0], true.known)
    depth = np.stack(true.depth)
    ranges = torch.tensor([[0.8 * depth.min(), 1.2 * depth.max()]] * COUNT)
    estimate = CameraEstimate(views.to_grid(true.cameras), ("given",) * COUNT, ranges)
    features = Encoder(Matcher(16, 16, 0.85))(views)
    return {learned: DepthStage(DepthConfig(corrected=learned))(views, features, estimate) for learned in (True, False)}


def test_what_matching_is_sure_of_stays(found: dict[bool, DepthEstimate]) -> None:
    sure = found[False].confidence > 0
    assert torch.equal(found[True].confidence, found[False].confidence)
    assert torch.equal(found[True].depth[sure], found[False].depth[sure])


def test_nothing_lies_behind_the_backstop(found: dict[bool, DepthEstimate]) -> None:
    unsure = (found[True].confidence == 0) & ~found[True].sky
    assert (found[True].backstop >= found[True].depth - 1e-4)[unsure].all()
