"""Photos keep their shape and their edges, whatever the camera does."""

from dataclasses import replace

import numpy as np
import pytest

from data_tools.rooms.photo_effects import PhotoStyle, photographed, random_style

CLEAN = PhotoStyle(
    balance=(1.0, 1.0, 1.0), exposure_spread=0.0, balance_spread=0.0, vignette=0.0, blur="none", blur_px=1.0,
    shot_noise=0.0, read_noise=0.0, grain_px=0.0, contrast=1.0, saturation=1.0, sharpening=0.0, jpeg_quality=None,
)  # fmt: skip


def picture() -> np.ndarray:
    rgb = np.zeros((96, 384, 3), np.float32)
    rgb[:, :192], rgb[:, 192:] = (0.2, 0.3, 0.4), (0.7, 0.6, 0.5)
    return rgb


def taken(**changes) -> np.ndarray:
    return photographed(picture(), replace(CLEAN, **changes), np.random.default_rng(0)) / 255


def test_a_clean_camera_changes_nothing():
    np.testing.assert_allclose(taken(), picture(), atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_shape_type_and_the_edge_stay(seed: int):
    rng = np.random.default_rng(seed)
    photo = photographed(picture(), random_style(rng), rng)
    assert photo.shape == (96, 384, 3)
    assert photo.dtype == np.uint8
    assert photo[:, 220:350].mean() > photo[:, 30:160].mean() + 20
    step = np.abs(np.diff(photo.astype(float).mean((0, 2))))
    assert 188 <= step.argmax() <= 195


def test_the_same_seed_gives_the_same_photo():
    style = random_style(np.random.default_rng(1))
    photos = [photographed(picture(), style, np.random.default_rng(2)) for _ in range(2)]
    np.testing.assert_array_equal(*photos)


def test_clean_pictures_occur():
    styles = [random_style(np.random.default_rng(seed)) for seed in range(400)]
    assert any(s.blur == "none" and s.shot_noise == 0 and s.jpeg_quality is None for s in styles)
    qualities = [s.jpeg_quality for s in styles if s.jpeg_quality is not None]
    assert min(qualities) >= 60
    assert max(qualities) <= 98


def test_each_effect_does_what_it_says():
    flat = slice(5, 170)
    assert taken(shot_noise=0.05)[:, flat].std() > 0.01
    assert taken(vignette=0.4)[0, 0, 0] < taken(vignette=0.4)[48, 180, 0] - 0.02
    edge = np.s_[48, 186:198, 0]
    assert np.diff(taken(blur="lens", blur_px=1.5)[edge]).max() < np.diff(taken()[edge]).max() * 0.6
    assert np.diff(taken(blur="motion", blur_px=4.0).mean(0)[edge[1:]]).max() <= np.diff(taken()[edge]).max()
    assert taken(sharpening=0.8)[48, 192, 0] > taken()[48, 192, 0] + 0.02
    assert np.ptp(taken(contrast=1.4)) > np.ptp(taken())
    assert taken(saturation=0.5)[48, 300].std() < taken()[48, 300].std()
    assert taken(balance=(1.2, 1.0, 1.0))[..., 0].mean() > taken()[..., 0].mean() + 0.02
    assert 0 < np.abs(taken(jpeg_quality=60) - taken()).max() < 0.1
