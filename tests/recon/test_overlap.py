"""Overlap: a share that moves with the world, is whole for a photo itself, and stops at walls and at the back."""

import cv2
import numpy as np
import pytest

from recon.training.overlap import overlap_of
from recon.training.scenes import TrainingScene
from tests.recon.posed_scene import SIZE_WH, arc, moved, permuted, posed_scene, room_scene

SCENES = {"guessed": lambda: posed_scene(arc(6)), "known": lambda: room_scene(6)}
ANYWHERE = np.eye(4)
ANYWHERE[:3, :3] = cv2.Rodrigues(np.array([0.3, -1.1, 0.4]))[0]
ANYWHERE[:3, 3] = [5.0, -2.0, 9.0]


def every_share(scene: TrainingScene) -> np.ndarray:
    count = len(scene.photos)
    of, by = np.divmod(np.arange(count**2), count)
    return overlap_of(scene).shares(of, by).reshape(count, count)


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_a_photo_sees_all_of_itself(make):
    assert every_share(make()).diagonal().min() > 0.99


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_the_world_may_be_moved_and_enlarged(make):
    np.testing.assert_allclose(every_share(moved(make(), ANYWHERE, 7.0)), every_share(make()), atol=0.011)


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_photos_may_come_in_any_order(make):
    order = [4, 0, 5, 2, 1, 3]
    np.testing.assert_array_equal(every_share(permuted(make(), order)), every_share(make())[np.ix_(order, order)])


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES)
def test_a_photo_farther_away_sees_less(make):
    shares = every_share(make())[0]
    assert (np.diff(shares) <= 0).all()
    assert shares[-1] < shares[1]


def test_shares_are_those_of_the_true_points():
    """Every pixel of the true depth put into the other photo, one by one."""
    scene = room_scene(6)
    assert scene.depth is not None
    width, height = SIZE_WH
    K = scene.cameras.K_px[0].numpy()
    v, u = np.mgrid[:height, :width] + 0.5
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(K).T
    for other in (1, 3, 5):
        T = scene.cameras.T_camera_world[other].numpy() @ scene.cameras.T_world_camera[0].numpy()
        p = (rays * scene.depth[0][..., None]) @ T[:3, :3].T + T[:3, 3]
        x, y = (p @ K.T)[..., 0] / p[..., 2], (p @ K.T)[..., 1] / p[..., 2]
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        there = scene.depth[other][y.clip(0, height - 1).astype(int), x.clip(0, width - 1).astype(int)]
        share = (inside & (p[..., 2] < 1.05 * there)).mean()
        assert every_share(scene)[0, other] == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize(("angle", "at_most"), [(90.0, 0.2), (180.0, 0.0)])
def test_other_sides_of_one_thing_have_little_in_common(angle: float, at_most: float):
    """Their frusta do, but not the surfaces in them."""
    shares = every_share(posed_scene([*arc(2, 10.0), *arc(2, 2 * angle)[:1]]))
    assert shares[0, 1] > 0.5
    assert shares[0, 2] <= at_most


def test_what_lies_behind_a_wall_is_not_seen():
    """Two photos look the same way; the second stands farther back, and a wall hides from it what the first shows."""
    looks = [((0.0, 0, 0), (0.0, 0, 1)), ((0.1, 0, -3.0), (0.1, 0, 1))]
    far, wall = np.full(SIZE_WH[::-1], 4.0, np.float32), np.full(SIZE_WH[::-1], 2.0, np.float32)
    through = every_share(posed_scene(looks, [far, far + 3]))
    hidden = every_share(posed_scene(looks, [far, wall]))
    assert through[0, 1] == 1
    assert hidden[0, 1] == 0


def test_sky_is_where_the_same_direction_is():
    sky = np.full(SIZE_WH[::-1], np.inf, np.float32)
    shares = every_share(posed_scene([((0.0, 0, 0), (0.0, 0, 1)), ((50.0, 0, 0), (50.0, 0, 1))], [sky, sky]))
    np.testing.assert_array_equal(shares, 1)


def test_points_of_no_known_depth_do_not_count():
    scene = room_scene(3)
    assert scene.depth is not None
    half = [depth.copy() for depth in scene.depth]
    half[0][:, : SIZE_WH[0] // 2] = 0
    shares = every_share(posed_scene(arc(3), half))
    assert shares[0, 0] == pytest.approx(1, abs=0.01)
