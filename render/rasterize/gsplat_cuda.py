"""The rasterizer for CUDA: gsplat (Ye et al. 2024). The only file that knows of it.

gsplat's fused projection has no gradient for the intrinsics; where one is asked for, ours in torch stands in for it.
"""

from functools import cache
from types import ModuleType

import torch
from jaxtyping import Float, Int
from torch import Tensor

from render.cameras import Cameras
from render.errors import BackendError
from render.extras import installed_by
from render.gaussians import Gaussians
from render.rasterize.conventions import ALPHA_CUTOFF
from render.rasterize.layers import Layers
from render.rasterize.options import RasterizeOptions
from render.rasterize.projection import Footprints, near_plane, project

TILE = 16


def draw(gaussians: Gaussians, cameras: Cameras, size_wh: tuple[int, int], options: RasterizeOptions) -> Layers:
    """All views, one after the other, computed in float32; see `render.rasterize.rasterize`.

    Raises:
        BackendError: gsplat is not installed, or its kernels cannot be built here.
    """
    gsplat = load_gsplat()
    dtype = gaussians.means.dtype
    single = gaussians.to(torch.float32)
    draw_view = _with_intrinsics if torch.is_grad_enabled() and cameras.K_px.requires_grad else _fused
    views = []
    for i in range(len(cameras)):
        if len(gaussians):
            channels, alpha = draw_view(gsplat, single, cameras[i : i + 1], size_wh, options)
        else:
            channels = single.means.new_zeros((1, size_wh[1], size_wh[0], 4))
            alpha = channels[..., :1]
        views.append(Layers(channels[..., :3].to(dtype), channels[..., 3].to(dtype), (1 - alpha[..., 0]).to(dtype)))
    return Layers.stack(views)


@cache
def load_gsplat() -> ModuleType:
    """gsplat with its kernels, which it compiles the first time that a machine uses it (some minutes)."""
    if not torch.cuda.is_available():
        raise BackendError("The gsplat rasterizer needs a CUDA device, and torch sees none; take the backend 'numba'.")
    try:
        import gsplat
        from gsplat.cuda import _backend
    except ImportError as error:
        raise BackendError(f"gsplat cannot be imported ({error}); {installed_by('cuda')}.") from error
    except (RuntimeError, OSError) as error:
        raise BackendError(f"gsplat's CUDA kernels cannot be built here: {error}") from error
    if getattr(_backend, "_C", None) is None:
        raise BackendError("gsplat has no CUDA kernels here; it builds them where it finds nvcc, of torch's version.")
    return gsplat


def _fused(
    gsplat: ModuleType, gaussians: Gaussians, camera: Cameras, size_wh: tuple[int, int], options: RasterizeOptions
) -> tuple[Float[Tensor, "1 height width 4"], Float[Tensor, "1 height width 1"]]:
    """sum(w colour), sum(w z), and alpha, all by gsplat."""
    T_camera_world = camera.T_camera_world.to(torch.float32)
    with torch.no_grad():
        depths = gaussians.means @ T_camera_world[0, 2, :3] + T_camera_world[0, 2, 3]
        near = float(near_plane(depths, gaussians.opacities, options))
    channels, alpha, _ = gsplat.rasterization(
        means=gaussians.means,
        quats=gaussians.quats_wxyz,
        scales=gaussians.scales,
        opacities=gaussians.opacities,
        colors=gaussians.sh,
        sh_degree=gaussians.sh_degree,
        viewmats=T_camera_world,
        Ks=camera.K_px.to(torch.float32),
        width=size_wh[0],
        height=size_wh[1],
        near_plane=near,
        eps2d=options.low_pass_px2,
        packed=False,
        tile_size=TILE,
        render_mode="RGB+D",
    )
    return channels, alpha


def _with_intrinsics(
    gsplat: ModuleType, gaussians: Gaussians, camera: Cameras, size_wh: tuple[int, int], options: RasterizeOptions
) -> tuple[Float[Tensor, "1 height width 4"], Float[Tensor, "1 height width 1"]]:
    """The same with our projection, gsplat's tiles and compositing."""
    width, height = size_wh
    footprints = project(gaussians, camera, size_wh, options)
    tiles_wh = -(-width // TILE), -(-height // TILE)
    a, b, c = footprints.whitening.unbind(-1)
    _, pairs, ids = gsplat.isect_tiles(
        footprints.centres_px.detach()[None],
        _radii_px(footprints)[None],
        footprints.depths.detach()[None],
        TILE,
        *tiles_wh,
    )
    return gsplat.rasterize_to_pixels(
        means2d=footprints.centres_px[None],
        conics=torch.stack([a * a, a * b, b * b + c * c], -1)[None],
        colors=torch.cat([footprints.colours, footprints.depths[:, None]], -1)[None],
        opacities=footprints.opacities[None],
        image_width=width,
        image_height=height,
        tile_size=TILE,
        isect_offsets=gsplat.isect_offset_encode(pairs, 1, *tiles_wh),
        flatten_ids=ids,
    )


@torch.no_grad()
def _radii_px(footprints: Footprints) -> Int[Tensor, "m 2"]:
    """Half the sides of a box around all that is not below the cut-off."""
    a, b, c = footprints.whitening.unbind(-1)
    extent = (2 * (footprints.opacities / ALPHA_CUTOFF).log()).sqrt()
    x_deviation = (1 + (b / c).square()).sqrt() / a
    return (extent[:, None] * torch.stack([x_deviation, 1 / c], -1)).ceil().clamp_max(2**20).to(torch.int32)
