"""A way through cameras: through each of them, without a jump, the same wherever the world lies."""

from dataclasses import replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from render.view.camera_path import camera_path, short_way
from tests.render.view.viewed import cameras_at


def turning() -> torch.Tensor:
    """Five poses on an arc, out of order."""
    cameras = cameras_at([(np.sin(a), 0.1 * a, -np.cos(a)) for a in (0.0, 1.2, 0.4, 0.8, 1.6)])
    cameras.T_world_camera[:, :3, :3] = torch.from_numpy(
        Rotation.from_euler("y", [[-a] for a in (0.0, 1.2, 0.4, 0.8, 1.6)]).as_matrix()
    )
    return cameras.T_world_camera


def test_it_passes_every_camera_and_keeps_an_even_pace():
    cameras = replace(cameras_at([(0.0, 0, 0)] * 5), T_world_camera=turning())
    path = camera_path(cameras, 401, (60, 40), 1.0)
    away = (path.T_world_camera[:, None] - cameras.T_world_camera[None]).abs().amax((2, 3))
    assert float(away.amin(0).max()) < 0.01
    steps = (path.centres[1:] - path.centres[:-1]).norm(dim=1)
    assert float(steps.max()) < 1.5 * float(steps.min())
    for end, camera in ((0, 0), (-1, 4)):
        torch.testing.assert_close(path.T_world_camera[end], cameras.T_world_camera[camera])


def test_poses_are_rigid_and_cameras_of_the_size_asked_for():
    path = camera_path(replace(cameras_at([(0.0, 0, 0)] * 5), T_world_camera=turning()), 30, (96, 64), 1.0)
    R = path.T_world_camera[:, :3, :3]
    torch.testing.assert_close(R @ R.mT, torch.eye(3, dtype=R.dtype).expand_as(R))
    assert path.size_wh.tolist() == [[96, 64]] * 30
    torch.testing.assert_close(path.K_px[0], torch.tensor([[80.0, 0, 48], [0, 80, 32], [0, 0, 1]], dtype=torch.float64))


def test_moving_the_world_moves_the_way():
    cameras = replace(cameras_at([(0.0, 0, 0)] * 5), T_world_camera=turning())
    move = torch.eye(4, dtype=torch.float64)
    move[:3, :3] = torch.from_numpy(Rotation.from_euler("xyz", [1.0, 2.0, 3.0]).as_matrix())
    move[:3, 3] = torch.tensor([1.0, -2.0, 3.0])
    there = camera_path(replace(cameras, T_world_camera=move @ cameras.T_world_camera), 20, (48, 32), 1.0)
    here = camera_path(cameras, 20, (48, 32), 1.0)
    torch.testing.assert_close(there.T_world_camera, move @ here.T_world_camera)


def test_a_camera_alone_sways_and_two_at_one_place_turn():
    alone = camera_path(cameras_at([(1.0, 2, 3)]), 3, (48, 32), 10.0)
    np.testing.assert_allclose(alone.centres, [[0.4, 2, 3], [1, 2, 3], [1.6, 2, 3]])
    same = camera_path(cameras_at([(0.0, 0, 0), (0.0, 0, 0)]), 4, (48, 32), 1.0)
    assert torch.isfinite(same.T_world_camera).all()


def test_the_way_is_short():
    assert short_way(np.array([[0.0, 0, 0], [3, 0, 0], [1, 0, 0], [2, 0, 0]])).tolist() == [0, 2, 3, 1]
