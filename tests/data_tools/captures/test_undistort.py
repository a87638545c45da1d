"""Distortion undone: every point is where a pinhole camera sees it, and nothing is seen that the photo did not show."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from data_tools.captures.source import Captures
from data_tools.captures.undistort import straighten
from render.errors import CamerasError
from tests.data_tools.captures.folders import small_room, write_colmap_capture

SIZE_WH = (192, 144)
K_PX = np.array([[170.0, 0, 100], [0, 165, 70], [0, 0, 1]])
LENSES = [
    (-0.3, 0.1, 0.0, 0.0),
    (0.2, 0.05, 0.0, 0.0),
    (-0.2, 0.05, 0.004, -0.003),
    (-0.28, 0.09, 0.001, 0.001, -0.02),
    (0.3, -0.2, 0.001, 0.0, 0.1, 0.2, 0.01, 0.02),
]


def position_picture() -> np.ndarray:
    """A picture whose red tells u and whose green tells v; blue is 255 everywhere."""
    u, v = np.meshgrid(np.arange(SIZE_WH[0]) + 0.5, np.arange(SIZE_WH[1]) + 0.5)
    return np.stack([u, v, np.full_like(u, 255)], -1).round().astype(np.uint8)


def taken_at(points: np.ndarray, distortion: tuple[float, ...]) -> np.ndarray:
    """Where OpenCV's model puts points of the camera's frame, in pixels with centres at +0.5."""
    K_cv = K_PX - np.array([[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
    return cv2.projectPoints(points, np.zeros(3), np.zeros(3), K_cv, np.array(distortion))[0][:, 0] + 0.5


@pytest.mark.parametrize("distortion", LENSES, ids=str)
def test_points_are_where_a_pinhole_camera_sees_them(distortion: tuple[float, ...]):
    straight = straighten(K_PX, distortion, SIZE_WH)
    assert straight is not None
    photo = straight.photo(position_picture())
    rng = np.random.default_rng(0)
    u, v = rng.integers(2, SIZE_WH[0] - 2, 300), rng.integers(2, SIZE_WH[1] - 2, 300)
    rays = np.stack([u + 0.5, v + 0.5, np.ones(300)], 1) @ np.linalg.inv(straight.K_px).T
    expected = taken_at(rays, distortion)
    assert np.abs(photo[v, u, :2] - expected).max() < 1.5  # Half a pixel of rounding each, in both pictures.
    assert np.abs((photo[v, u, :2] - expected).mean(0)).max() < 0.15  # No shift: pixel centres are settled.


@pytest.mark.parametrize("distortion", LENSES, ids=str)
def test_no_pixel_comes_from_outside_the_photo(distortion: tuple[float, ...]):
    straight = straighten(K_PX, distortion, SIZE_WH)
    assert straight is not None
    assert min(straight.x.min(), straight.y.min()) >= -1
    assert straight.x.max() <= SIZE_WH[0]
    assert straight.y.max() <= SIZE_WH[1]


def test_no_distortion_changes_nothing():
    straight = straighten(K_PX, (0.0, 0.0, 0.0, 0.0), SIZE_WH)
    assert straight is not None
    np.testing.assert_allclose(straight.K_px, K_PX, atol=0.01)


def test_depth_is_never_a_mean_of_two():
    straight = straighten(K_PX, LENSES[0], SIZE_WH)
    assert straight is not None
    depth = np.random.default_rng(0).choice([0.0, 1.0, 5.0], SIZE_WH[::-1]).astype(np.float32)
    assert set(np.unique(straight.depth(depth))) == {0.0, 1.0, 5.0}


@pytest.mark.parametrize("distortion", [(-1.5, 0.0, 0.0, 0.0), (900.0, 0.0, 0.0, 0.0), (0.0, 0.0, 5.0, 5.0)])
def test_a_photo_folded_over_is_refused(tmp_path: Path, distortion: tuple[float, ...]):
    write_colmap_capture(tmp_path, small_room(), ending="bin", camera=("OPENCV", [82.0, 82.0, 48.0, 36.0, *distortion]))
    with pytest.raises(CamerasError, match="it cannot be undone"):
        Captures.at(tmp_path)[0]


def test_a_distorted_capture_loads_straight(tmp_path: Path):
    lens = [82.0, 82.0, 48.0, 36.0, -0.2, 0.05, 0.0, 0.0]
    scene = Captures.at(write_colmap_capture(tmp_path, small_room(), ending="bin", camera=("OPENCV", lens)))[0]
    assert scene.photos[0].shape == small_room().photos[0].shape
    # A barrel shows more at its borders than a pinhole picture of the same focal length; the whole photo is used.
    assert (scene.cameras.K_px[:, 0, 0] < 82).all()
