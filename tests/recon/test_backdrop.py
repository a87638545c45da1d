"""A black backdrop is what is black, joined to the border, and large."""

import torch

from recon.network.depth.backdrop import black_backdrop


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
