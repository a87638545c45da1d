"""The slow rasterizer that the fast ones are held against: every Gaussian at every pixel, in plain torch.

Computes in the Gaussians' own floating type, float64 included, and needs memory for pixels times Gaussians.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize.conventions import ALPHA_CAP, ALPHA_CUTOFF, TRANSMITTANCE_STOP
from render.rasterize.layers import Layers
from render.rasterize.options import RasterizeOptions
from render.rasterize.projection import Footprints, project


def draw(gaussians: Gaussians, cameras: Cameras, size_wh: tuple[int, int], options: RasterizeOptions) -> Layers:
    """All views, one after the other; see `render.rasterize.rasterize`."""
    views = [project(gaussians, cameras[i : i + 1], size_wh, options) for i in range(len(cameras))]
    return Layers.stack([_composite(footprints, size_wh) for footprints in views])


def _composite(footprints: Footprints, size_wh: tuple[int, int]) -> Layers:
    """Front to back, w = alpha times what the ones before let through (Kerbl et al. 2023, equation 3)."""
    width, height = size_wh
    order = footprints.depths.argsort(stable=True)
    alpha = _alphas(footprints, size_wh)[:, order]
    transmittance = torch.cumprod(1 - alpha, -1)
    # Once a Gaussian would leave too little light, it and all behind it are out; cumprod never rises again.
    seen = transmittance > TRANSMITTANCE_STOP
    alpha = torch.where(seen, alpha, 0)
    after = torch.cumprod(1 - alpha, -1)
    before = torch.cat([torch.ones_like(after[:, :1]), after[:, :-1]], -1)
    weights = alpha * before
    return Layers(
        rgb=(weights @ footprints.colours[order]).reshape(1, height, width, 3),
        weighted_depth=(weights @ footprints.depths[order]).reshape(1, height, width),
        transmittance=(1 - alpha).prod(-1).reshape(1, height, width),
    )


def _alphas(footprints: Footprints, size_wh: tuple[int, int]) -> Float[Tensor, "pixel m"]:
    """Opacity of each Gaussian at each pixel's centre, row by row; 0 below the cut-off."""
    width, height = size_wh
    like = footprints.centres_px
    ys, xs = torch.meshgrid(
        torch.arange(height, dtype=like.dtype, device=like.device) + 0.5,
        torch.arange(width, dtype=like.dtype, device=like.device) + 0.5,
        indexing="ij",
    )
    dx = xs.reshape(-1, 1) - footprints.centres_px[:, 0]
    dy = ys.reshape(-1, 1) - footprints.centres_px[:, 1]
    a, b, c = footprints.whitening.unbind(-1)
    falloff = torch.exp(-0.5 * ((a * dx + b * dy).square() + (c * dy).square()))
    alpha = (footprints.opacities * falloff).clamp_max(ALPHA_CAP)
    return torch.where(alpha >= ALPHA_CUTOFF, alpha, 0)
