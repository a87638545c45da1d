"""A Gaussian from a pixel lies on the pixel's ray at its depth, faces the surface, and shows the pixel's colour."""

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from recon.images import ImageSet, Photo
from recon.network.gaussians import MAX_STRETCH, THICKNESS, pixel_gaussians, quaternions
from recon.prediction import PixelGaussians
from recon.views import Views, make_views
from render.cameras import Cameras
from render.sh import sh0_to_rgb


def tilted_plane() -> tuple[Views, Cameras, torch.Tensor]:
    rng = np.random.default_rng(0)
    photos = [Photo(f"{i}.png", rng.integers(0, 255, (64, 96, 3), np.uint8), None, (96, 64), None) for i in range(2)]
    views = make_views(ImageSet(tuple(photos)), 96)
    T = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    T[1, :3, :3] = torch.from_numpy(Rotation.from_rotvec([0.1, 0.5, -0.2]).as_matrix())
    T[1, :3, 3] = torch.tensor([1.0, -2.0, 0.5])
    K = torch.tensor([[90.0, 0, 48], [0, 80.0, 30], [0, 0, 1]], dtype=torch.float64).repeat(2, 1, 1)
    cameras = Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([[96, 64]] * 2))
    u = (torch.arange(96) + 0.5 - 48) / 90
    return views, cameras, (2.0 / (1 + 0.3 * u)).expand(2, 64, 96)  # the plane z + 0.3 x = 2


def made() -> tuple[PixelGaussians, Views, Cameras, torch.Tensor]:
    views, cameras, depth = tilted_plane()
    return pixel_gaussians(views.pixels, cameras, depth), views, cameras, depth


def test_every_mean_projects_to_its_pixel_centre_at_its_depth():
    found, _, cameras, depth = made()
    for v in range(2):
        T, K = cameras.T_camera_world[v].float(), cameras.K_px[v].float()
        p = found.means[v] @ T[:3, :3].T + T[:3, 3]
        torch.testing.assert_close(p[..., 2], depth[v], atol=1e-4, rtol=1e-4)
        uv = (p @ K.T)[..., :2] / p[..., 2:]
        v_centres, u_centres = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(96) + 0.5, indexing="ij")
        torch.testing.assert_close(uv, torch.stack([u_centres, v_centres], -1), atol=2e-3, rtol=0)


def test_the_thin_axis_is_the_surfaces_normal():
    found, _, cameras, _ = made()
    normal = torch.tensor([0.3, 0.0, 1.0]) / np.hypot(0.3, 1.0)
    for v in range(2):
        quats = found.quats_wxyz[v, 8:-8, 8:-8].reshape(-1, 4)
        axes = Rotation.from_quat(quats.roll(-1, -1).numpy()).as_matrix()
        expected = (cameras.T_world_camera[v, :3, :3].float() @ normal).numpy()
        assert np.abs(axes[:, :, 2] @ expected).min() > 0.999
    assert (found.scales.argmin(-1) == 2).all()
    assert (found.scales[..., 2] / found.scales[..., 1]).allclose(torch.tensor(THICKNESS))
    assert (found.scales[..., 0] / found.scales[..., 1]).max() <= MAX_STRETCH + 1e-5


def test_colour_is_the_pixels():
    found, views, _, _ = made()
    torch.testing.assert_close(sh0_to_rgb(found.sh[..., 0, :]), views.pixels.permute(0, 2, 3, 1), atol=1e-6, rtol=0)


def test_quaternions_undo_rotation_matrices():
    R = Rotation.random(200, rng=np.random.default_rng(3)).as_matrix()
    R = np.concatenate([R, np.eye(3)[None], np.diag([1.0, -1, -1])[None], np.diag([-1.0, -1, 1])[None]])
    found = quaternions(torch.from_numpy(R))
    np.testing.assert_allclose(Rotation.from_quat(found.roll(-1, -1).numpy()).as_matrix(), R, atol=1e-9)
