"""A black backdrop is what is black, joined to the border, and large."""

import numpy as np
import torch

from recon.images import ImageSet, Photo
from recon.network.depth.backdrop import black_backdrop, shows_nothing
from recon.views import make_views


def picture() -> torch.Tensor:
    """A grey square on black, with a black spot inside it."""
    pixels = torch.zeros(3, 40, 60)
    pixels[:, 10:30, 15:45] = 0.5
    pixels[:, 18:22, 28:32] = 0.0
    return pixels


def test_black_around_an_object_is_backdrop_and_black_inside_it_is_not():
    found = black_backdrop(picture())
    assert found[0, 0]
    assert found[35, 50]
    assert not found[20, 30]
    assert not found[15, 20]


def test_a_bright_picture_and_a_dark_corner_have_none():
    pixels = torch.full((3, 40, 60), 0.5)
    assert not black_backdrop(pixels).any()
    pixels[:, :5, :5] = 0.0
    assert not black_backdrop(pixels).any()


def test_one_bright_channel_is_not_black():
    pixels = picture()
    pixels[2][pixels[2] == 0] = 0.2
    assert not black_backdrop(pixels).any()


def test_what_lies_beside_a_photo_is_no_backdrop_but_what_its_mask_hides_is_empty():
    wide, tall = np.full((64, 128, 3), 128, np.uint8), np.full((128, 64, 3), 128, np.uint8)
    tall[:, :4] = 0  # A dark stripe, too small to count unless what lies beside the photo counts with it.
    mask = np.ones((64, 128), bool)
    mask[:, :64] = False
    photos = (Photo("w.png", wide, mask, (128, 64), None), Photo("t.png", tall, None, (64, 128), None))
    views = make_views(ImageSet(photos), 128)
    empty = shows_nothing(views)
    assert views.size_wh == (128, 128)
    assert not empty[1].any()
    assert empty[0, :64, :60].all()
    assert not empty[0, :64, 68:].any()
    assert not empty[0, 64:].any()
