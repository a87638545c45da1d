"""Skies go all around, whatever photo they are made of."""

import numpy as np
import pytest

from data_tools.rooms.sky import HEIGHT, photo_sky, random_sky, random_sun


@pytest.mark.parametrize("seed", range(4))
def test_a_sky_has_no_seam_and_is_bright_at_the_sun(seed: int):
    rng = np.random.default_rng(seed)
    sun = random_sun(rng, 3.0)
    panorama = random_sky(rng, sun).panorama.astype(int)
    assert panorama.shape == (HEIGHT, 2 * HEIGHT, 3)
    seam = np.abs(panorama[:, 0] - panorama[:, -1]).mean()
    inside = np.abs(np.diff(panorama, axis=1)).mean()
    assert seam < 3 * inside + 3
    x, y, z = sun.direction
    row, column = np.arccos(y) / np.pi * HEIGHT, (np.arctan2(x, -z) / (2 * np.pi) + 0.5) * 2 * HEIGHT
    assert panorama[int(row), int(column)].mean() > 200


@pytest.mark.parametrize("size_wh", [(300, 900), (300, 300), (700, 300), (900, 90)])
@pytest.mark.parametrize("seed", range(3))
def test_a_photo_of_any_shape_makes_one(size_wh: tuple[int, int], seed: int):
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 255, (size_wh[1], size_wh[0], 3)).astype(np.uint8)
    panorama = photo_sky(rng, photo).panorama
    assert panorama.shape == (HEIGHT, 2 * HEIGHT, 3)
    assert panorama[HEIGHT // 2].std() > 5
    assert panorama[0].std(0).max() < 2
