"""A Gaussian from a pixel: where its depth says, a small disc along the surface, coloured as the pixel."""

import torch
from jaxtyping import Float
from torch import Tensor

from recon.network.depth.geometry import pixel_grid
from recon.prediction import PixelGaussians
from render.cameras import Cameras
from render.sh import rgb_to_sh0

FOOTPRINT_PX = 0.42
"""Standard deviation across the line of sight, in pixels: small enough that the low-pass of drawing dominates."""
OPACITY = 0.5
"""Of what is kept: neighbours and the other views' Gaussians of the same surface lie over it, so that it closes all the
same, and small errors of each average out."""
GUESSED_OPACITY = 0.38
"""Of one whose depth nobody can vouch for: what lies around shows through, so that a wrong one costs less."""
BACKSTOP_OPACITY = 0.27
"""Of one of the second layer, which more often than not hides behind the first."""
OPAQUE = 0.99
THICKNESS = 0.3
"""Standard deviation along the surface's normal, as a share of that across the line of sight."""
MAX_STRETCH = 3.0
"""How much longer a disc gets on a surface that is seen at a slant."""


def pixel_gaussians(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    depth: Float[Tensor, "view height width"],
    opacity: float = OPACITY,
) -> PixelGaussians:
    """One Gaussian for every pixel of every view at `depth`."""
    parts = [_one_view(pixels[v], cameras[[v]], depth[v], opacity) for v in range(len(pixels))]
    return PixelGaussians(*(torch.stack(x) for x in zip(*parts, strict=True)))


def _one_view(
    pixels: Float[Tensor, "3 height width"],
    camera: Cameras,
    depth: Float[Tensor, "height width"],
    opacity: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    K, T = camera.K_px[0].to(depth.dtype), camera.T_world_camera[0].to(depth.dtype)
    points = (
        torch.einsum("ij,jhw->hwi", torch.linalg.inv(K), pixel_grid(depth.shape[0], depth.shape[1], depth.device))
        * depth[..., None]
    )
    axes, stretch = _disc(points)
    sigma = FOOTPRINT_PX * depth / torch.sqrt(K[0, 0] * K[1, 1])
    scales = sigma[..., None] * torch.stack(
        [stretch, torch.ones_like(stretch), torch.full_like(stretch, THICKNESS)], -1
    )
    means = points @ T[:3, :3].T + T[:3, 3]
    quats = quaternions(T[:3, :3] @ axes)
    opacities = torch.full_like(depth, opacity)
    sh = rgb_to_sh0(pixels.permute(1, 2, 0))[..., None, :]
    return means, quats, scales, opacities, sh


def _disc(
    points: Float[Tensor, "height width 3"],
) -> tuple[Float[Tensor, "height width 3 3"], Float[Tensor, "height width"]]:
    """Axes (columns: along the slant, across it, normal) and stretch along the slant, in the camera's frame."""
    smooth = _blur(points)
    normal = torch.linalg.cross(_slope(smooth, 1), _slope(smooth, 0))
    normal = torch.nn.functional.normalize(normal, dim=-1)
    ray = torch.nn.functional.normalize(points, dim=-1)
    facing = (normal * ray).sum(-1, keepdim=True)
    normal = torch.where(facing.abs() > 1e-4, normal * torch.sign(facing), ray)
    cosine = (normal * ray).sum(-1)
    across = torch.linalg.cross(normal, ray)
    # Seen straight on, the slant has no direction: any will do.
    spare = torch.linalg.cross(normal, torch.tensor([1.0, 0.0, 0.0], device=ray.device).expand_as(normal))
    across = torch.nn.functional.normalize(torch.where(across.norm(dim=-1, keepdim=True) > 1e-4, across, spare), dim=-1)
    along = torch.linalg.cross(across, normal)
    return torch.stack([along, across, normal], -1), (1 / cosine.clamp_min(1 / MAX_STRETCH))


def _slope(points: Float[Tensor, "height width 3"], dim: int) -> Float[Tensor, "height width 3"]:
    return torch.gradient(points, dim=dim)[0]


def _blur(points: Float[Tensor, "height width 3"]) -> Float[Tensor, "height width 3"]:
    channels = points.permute(2, 0, 1)[None]
    return torch.nn.functional.avg_pool2d(channels, 3, stride=1, padding=1, count_include_pad=False)[0].permute(1, 2, 0)


def quaternions(R: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4"]:
    """Unit quaternions (real part first) of rotation matrices, by the largest of their four entries (Shepperd 1978)."""
    m00, m11, m22 = R[..., 0, 0], R[..., 1, 1], R[..., 2, 2]
    q = torch.stack([1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22], -1)
    largest = q.argmax(-1)
    a, b, c = R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]
    d, e, f = R[..., 1, 0] + R[..., 0, 1], R[..., 0, 2] + R[..., 2, 0], R[..., 2, 1] + R[..., 1, 2]
    rows = torch.stack(
        [
            torch.stack([q[..., 0], a, b, c], -1),
            torch.stack([a, q[..., 1], d, e], -1),
            torch.stack([b, d, q[..., 2], f], -1),
            torch.stack([c, e, f, q[..., 3]], -1),
        ],
        -2,
    )
    chosen = rows.gather(-2, largest[..., None, None].expand(*largest.shape, 1, 4))[..., 0, :]
    return torch.nn.functional.normalize(chosen, dim=-1)
