"""From a pixel and its inverse depth in one view to a pixel in another."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from render.cameras import Cameras


def relative_projection(cameras: Cameras, a: int, b: int) -> tuple[Float[Tensor, "3 3"], Float[Tensor, "3"]]:
    """(M, m) in float32 with pixel_b ~ M @ [u, v, 1] + m * inverse_depth_a; the third row is z_b / z_a.

    Hartley and Zisserman 2004, section 13.1: the homography of the plane at infinity and the epipole.
    """
    T = cameras.T_camera_world[b] @ cameras.T_world_camera[a]
    M = cameras.K_px[b] @ T[:3, :3] @ torch.linalg.inv(cameras.K_px[a])
    return M.float(), (cameras.K_px[b] @ T[:3, 3]).float()


def relative_projections(
    cameras: Cameras, a: int, others: Sequence[int]
) -> tuple[Float[Tensor, "other 3 3"], Float[Tensor, "other 3"]]:
    """`relative_projection` from a to each of `others`, of which there is at least one."""
    M, m = zip(*(relative_projection(cameras, a, b) for b in others), strict=True)
    return torch.stack(M), torch.stack(m)


def pixel_grid(height: int, width: int, device: torch.device) -> Float[Tensor, "3 height width"]:
    """Homogeneous pixel centres [u, v, 1]."""
    v, u = torch.meshgrid(
        torch.arange(height, device=device) + 0.5, torch.arange(width, device=device) + 0.5, indexing="ij"
    )
    return torch.stack([u, v, torch.ones_like(u)])


def project(
    M: Float[Tensor, "3 3"], m: Float[Tensor, "3"], inverse_depth: Float[Tensor, "*batch height width"]
) -> tuple[Float[Tensor, "*batch height width 2"], Float[Tensor, "*batch height width"]]:
    """Where each pixel lands in the other view, in its pixels, and z_b / z_a; a point behind it lands far away."""
    height, width = inverse_depth.shape[-2:]
    rays = torch.einsum("ij,jhw->ihw", M, pixel_grid(height, width, inverse_depth.device))
    x, y, z = (rays[i] + m[i] * inverse_depth for i in range(3))
    front = z > 1e-6
    safe = torch.where(front, z, torch.ones_like(z))
    uv = torch.stack([x / safe, y / safe], -1)
    return torch.where(front[..., None], uv, torch.full_like(uv, -1e6)), torch.where(front, z, torch.zeros_like(z))


def sample(image: Float[Tensor, "channel height width"], uv: Float[Tensor, "h w 2"]) -> Float[Tensor, "channel h w"]:
    """Image values at pixels `uv` (pixel centres at +0.5), the border's value beyond it."""
    height, width = image.shape[1:]
    grid = uv / torch.tensor([width, height], device=uv.device, dtype=uv.dtype) * 2 - 1
    return torch.nn.functional.grid_sample(
        image[None], grid[None].clamp(-3, 3), mode="bilinear", padding_mode="border", align_corners=False
    )[0]
