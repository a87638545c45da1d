"""Cameras that are a little off."""

import torch

from recon.training.camera_errors import with_errors
from render.cameras import Cameras


def cameras(views: int = 40) -> Cameras:
    T = torch.eye(4, dtype=torch.float64).repeat(views, 1, 1)
    T[:, 0, 3] = torch.arange(views) * 0.5
    K = torch.tensor([[300.0, 0, 190], [0, 310, 140], [0, 0, 1]], dtype=torch.float64).repeat(views, 1, 1)
    return Cameras(K, T, torch.tensor([[384, 288]] * views))


def test_poses_stay_rigid_and_errors_small():
    for seed in range(20):
        off = with_errors(cameras(), torch.Generator().manual_seed(seed))
        R = off.T_world_camera[:, :3, :3]
        torch.testing.assert_close(R.mT @ R, torch.eye(3, dtype=torch.float64).expand_as(R))
        degrees = torch.acos(((R.diagonal(dim1=1, dim2=2).sum(-1) - 1) / 2).clamp(-1, 1)).rad2deg()
        assert degrees.max() < 2
        assert (off.centres - cameras().centres).norm(dim=-1).max() < 0.5 * 0.1
        factor = off.K_px[:, 0, 0] / 300
        assert (factor - 1).abs().max() < 0.05
        torch.testing.assert_close(factor, factor[:1].expand_as(factor))
        torch.testing.assert_close(off.K_px[:, :2, 2], cameras().K_px[:, :2, 2])


def test_a_seed_repeats_and_another_differs():
    def drawn(seed: int) -> torch.Tensor:
        return with_errors(cameras(), torch.Generator().manual_seed(seed)).T_world_camera

    assert (drawn(0) == drawn(0)).all()
    assert (drawn(0) != drawn(1)).any()


def test_one_camera_turns_but_does_not_move():
    off = with_errors(cameras(1), torch.Generator().manual_seed(0))
    assert (off.centres == 0).all()
    assert (off.T_world_camera[:, :3, :3] != torch.eye(3)).any()
