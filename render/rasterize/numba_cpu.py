"""The rasterizer for CPUs: tiles composited by compiled kernels on all cores, with an analytic backward pass.

Gradients are the same from run to run, whatever the number of threads: nothing is summed as it arrives.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize.binning import bin_splats
from render.rasterize.compositing import composite_tiles, differentiate_tiles, sum_pairs
from render.rasterize.fused_projection import project_splats
from render.rasterize.layers import Layers
from render.rasterize.options import RasterizeOptions
from render.rasterize.projection import project
from render.rasterize.splats import COLUMNS, pack
from render.rasterize.threads import run_blocks


def draw(gaussians: Gaussians, cameras: Cameras, size_wh: tuple[int, int], options: RasterizeOptions) -> Layers:
    """All views, one after the other; see `render.rasterize.rasterize`."""
    differentiable = torch.is_grad_enabled() and any(
        tensor.requires_grad for tensor in (*vars(gaussians).values(), cameras.K_px, cameras.T_world_camera)
    )
    views = []
    for i in range(len(cameras)):
        camera = cameras[i : i + 1]
        if differentiable:
            splats = pack(project(gaussians, camera, size_wh, options))
        else:
            splats = project_splats(gaussians, camera, size_wh, options)
        rgb, weighted_depth, transmittance = _Composite.apply(splats, size_wh)
        views.append(Layers(rgb[None], weighted_depth[None], transmittance[None]))
    layers = Layers.stack(views)
    dtype = gaussians.means.dtype
    return Layers(layers.rgb.to(dtype), layers.weighted_depth.to(dtype), layers.transmittance.to(dtype))


class _Composite(torch.autograd.Function):
    """Rows of splats -> rgb, weighted depth, transmittance of one view."""

    @staticmethod
    def forward(
        ctx: Any, splats: Float[Tensor, "m 10"], size_wh: tuple[int, int]
    ) -> tuple[Float[Tensor, "height width 3"], Float[Tensor, "height width"], Float[Tensor, "height width"]]:
        width, height = size_wh
        bins = bin_splats(splats.detach().numpy(), size_wh)
        rgb = np.zeros((height, width, 3), np.float32)
        weighted_depth = np.zeros((height, width), np.float32)
        transmittance = np.ones((height, width), np.float32)
        stops = np.zeros((height, width), np.int64)
        run_blocks(
            composite_tiles,
            len(bins.tile_starts) - 1,
            *(bins.rows, bins.radii, bins.tile_starts, bins.row_ids, rgb, weighted_depth, transmittance, stops),
        )
        ctx.kept = len(splats), bins, transmittance, stops
        return torch.from_numpy(rgb), torch.from_numpy(weighted_depth), torch.from_numpy(transmittance)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Float[Tensor, "m 10"], None]:
        count, bins, transmittance, stops = ctx.kept
        grad_rgb, grad_depth, grad_transmittance = grads
        grad_layers = torch.cat([grad_rgb, grad_depth[..., None], grad_transmittance[..., None]], -1).numpy()
        pair_grads = np.zeros((len(bins.slots), COLUMNS), np.float32)
        run_blocks(
            differentiate_tiles,
            len(bins.tile_starts) - 1,
            *(
                bins.rows,
                bins.radii,
                bins.tile_starts,
                bins.row_ids,
                bins.slots,
                transmittance,
                stops,
                grad_layers,
                pair_grads,
            ),
        )
        row_grads = np.zeros_like(bins.rows)
        run_blocks(sum_pairs, len(bins.rows), bins.row_starts, pair_grads, row_grads)
        splat_grads = np.zeros((count, COLUMNS), np.float32)
        splat_grads[bins.order] = row_grads
        return torch.from_numpy(splat_grads), None
