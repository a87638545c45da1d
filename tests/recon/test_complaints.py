"""What is wrong with single photos is said by name."""

import cv2
import numpy as np
import pytest

from data_tools.room import room
from recon.complaints import complaints
from recon.images import ImageSet, Photo
from render.errors import InputError

SIZE_WH = (160, 120)


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    return room(4, SIZE_WH, 140.0).photos


def images(photos: list[np.ndarray]) -> ImageSet:
    return ImageSet(tuple(Photo(f"{i}.png", p, None, (p.shape[1], p.shape[0]), None) for i, p in enumerate(photos)))


def test_good_photos_are_not_complained_about(photos: list[np.ndarray]):
    assert complaints(images(photos)) == []
    assert complaints(images([*photos[:3], np.rot90(photos[3]).copy()])) == []


def test_the_same_picture_twice_though_saved_anew(photos: list[np.ndarray]):
    again = cv2.imdecode(cv2.imencode(".jpg", photos[1])[1], cv2.IMREAD_COLOR)
    assert complaints(images([*photos, again])) == ["4.png is the same picture as 1.png and adds nothing."]


def test_all_the_same_is_refused(photos: list[np.ndarray]):
    with pytest.raises(InputError, match="All 3 photos are the same picture"):
        complaints(images([photos[0]] * 3))


@pytest.mark.parametrize("level", [0, 255])
def test_blank_photos(photos: list[np.ndarray], level: int):
    blank = np.full_like(photos[0], level)
    said = complaints(images([blank, *photos[1:], blank]))
    assert [sentence[:5] for sentence in said] == ["0.png", "4.png"]
    assert all("next to nothing" in sentence for sentence in said)


def test_a_blurred_photo(photos: list[np.ndarray]):
    (said,) = complaints(images([*photos[:3], cv2.GaussianBlur(photos[3], (0, 0), 6)]))
    assert said.startswith("3.png is far less sharp")
