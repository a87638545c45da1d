"""A mask beside a photo does what an alpha channel in it would."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recon.images import Photo, decode_images
from recon.photo_bytes import PhotoBytes
from recon.photo_mask import check_mask, masked
from render.errors import MaskError

CHANCE = np.random.default_rng(0)
RGB = CHANCE.integers(0, 256, (48, 64, 3), np.uint8)
ALPHA = CHANCE.integers(0, 256, (48, 64), np.uint8)


def png(pixels: np.ndarray) -> PhotoBytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return PhotoBytes("a.png", buffer.getvalue())


def photo_of(pixels: np.ndarray) -> Photo:
    return decode_images([png(pixels)]).photos[0]


def test_a_mask_is_an_alpha_channel():
    own = photo_of(np.dstack([RGB, ALPHA]))
    beside = masked(photo_of(RGB), png(ALPHA))
    np.testing.assert_array_equal(own.rgb, beside.rgb)
    assert own.mask is not None
    assert beside.mask is not None
    np.testing.assert_array_equal(own.mask, beside.mask)


def test_a_mask_that_shows_everything_changes_nothing():
    plain = photo_of(RGB)
    same = masked(plain, png(np.full((48, 64), 255, np.uint8)))
    assert same.mask is None
    np.testing.assert_array_equal(plain.rgb, same.rgb)


def test_bytes_are_read_as_a_file_is(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(png(RGB).content)
    one, other = (decode_images([source]).photos[0] for source in (tmp_path / "a.png", png(RGB)))
    np.testing.assert_array_equal(one.rgb, other.rgb)
    assert one.name == other.name


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (png(RGB), "with pixels of kind 'RGB'; 8-bit grey is expected"),
        (png(ALPHA[:20]), "of 64 x 20 pixels; the upright photo has 64 x 48"),
        (PhotoBytes("a.png", b"\x89PNG"), "that is no PNG"),
    ],
)
def test_what_is_no_mask_is_refused_by_its_header(mask: PhotoBytes, sentence: str):
    with pytest.raises(MaskError, match=f"a.png has a mask {sentence}"):
        check_mask(mask, (64, 48))


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (PhotoBytes("a.png", png(ALPHA).content[:300]), "that is damaged"),
        (png(np.zeros((48, 64), np.uint8)), "that hides everything"),
    ],
)
def test_what_only_its_pixels_tell(mask: PhotoBytes, sentence: str):
    check_mask(mask, (64, 48))
    with pytest.raises(MaskError, match=f"a.png has a mask {sentence}"):
        masked(photo_of(RGB), mask)
