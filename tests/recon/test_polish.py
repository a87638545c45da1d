"""Polish brings a spoiled scene back towards its photos, and leaves alone what was given."""

from dataclasses import replace

import numpy as np
import torch

from recon.polish import polish
from recon.reconstruction import Reconstruction
from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import rasterize

SIZE_WH = (64, 48)


def spoiled(origin: tuple = ("given", "given", "given")) -> Reconstruction:
    """Photos of a cloud, and the cloud with colours and opacities off."""
    g = torch.Generator().manual_seed(0)
    n = 400
    truth = Gaussians(
        means=torch.rand(n, 3, generator=g) * torch.tensor([2.4, 1.8, 0.5]) + torch.tensor([-1.2, -0.9, 2.0]),
        quats_wxyz=torch.nn.functional.normalize(torch.randn(n, 4, generator=g), dim=1),
        scales=torch.full((n, 3), 0.08),
        opacities=torch.full((n,), 0.9),
        sh=torch.randn(n, 1, 3, generator=g) * 0.8,
    )
    T = torch.eye(4, dtype=torch.float64).repeat(3, 1, 1)
    T[:, 0, 3] = torch.tensor([-0.2, 0.0, 0.2])
    K = torch.tensor([[60.0, 0, 32], [0, 60.0, 24], [0, 0, 1]], dtype=torch.float64).repeat(3, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([SIZE_WH] * 3))
    photos = [(x.clamp(0, 1) * 255).round().byte().numpy() for x in rasterize(truth, cameras).rgb]
    return Reconstruction(
        gaussians=replace(truth, sh=truth.sh + 0.3, opacities=torch.full((n,), 0.6)),
        cameras=cameras,
        origin=origin,
        names=("a.png", "b.png", "c.png"),
        depth=(torch.ones(48, 64),) * 3,
        confidence=(torch.ones(48, 64),) * 3,
        photos=tuple(photos),
        gain=torch.ones(3, 3),
    )


def error(scene: Reconstruction) -> float:
    drawn = scene.render(scene.cameras).rgb / scene.gain[:, None, None]
    return float((drawn - torch.from_numpy(np.stack(scene.photos)) / 255).square().mean())


def test_a_spoiled_scene_comes_closer_to_its_photos():
    scene = spoiled()
    result = polish(scene, 20)
    assert result.rounds >= 2
    assert result.psnr_after > result.psnr_before + 3
    assert error(result.reconstruction) < 0.5 * error(scene)
    assert (result.reconstruction.gaussians.opacities >= 0.05).all()


def test_given_cameras_stay_bit_for_bit_and_solved_ones_may_move():
    scene = spoiled(("given", "solved", "not registered"))
    T = scene.cameras.T_world_camera.clone()
    T[1, 0, 3] += 0.01
    moved = polish(replace(scene, cameras=replace(scene.cameras, T_world_camera=T)), 5).reconstruction
    assert torch.equal(moved.cameras.T_world_camera[[0, 2]], T[[0, 2]])
    change = moved.cameras.T_world_camera[1]
    assert not torch.equal(change, T[1])
    torch.testing.assert_close(change[:3, :3] @ change[:3, :3].T, torch.eye(3, dtype=T.dtype), atol=1e-6, rtol=0)


def test_no_time_changes_nothing():
    scene = spoiled()
    result = polish(scene, 0)
    assert result.rounds == 0
    assert result.psnr_after == result.psnr_before
    torch.testing.assert_close(result.reconstruction.gaussians.means, scene.gaussians.means)
    torch.testing.assert_close(result.reconstruction.gaussians.opacities, scene.gaussians.opacities)
