"""`rasterize`: Gaussians and cameras in, pictures out, by the backend that suits the device."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from render.cameras import Cameras
from render.errors import BackendError, CamerasError
from render.gaussians import Gaussians
from render.rasterize.layers import Layers
from render.rasterize.options import RasterizeOptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RenderOutput:
    """Pictures of one scene, one per camera."""

    rgb: Float[Tensor, "view height width 3"]
    """sRGB over the background; not clipped, so it may pass 1."""
    depth: Float[Tensor, "view height width"]
    """Expected z-depth, sum(w z) / sum(w), in the world's unit; 0 where nothing is drawn."""
    alpha: Float[Tensor, "view height width"]
    """Opacity of all that lies before the background, in [0, 1)."""
    backend: str
    """Which rasterizer drew it: `gsplat`, `numba` or `torch`."""


def rasterize(gaussians: Gaussians, cameras: Cameras, options: RasterizeOptions | None = None) -> RenderOutput:
    """Draw `gaussians` from every camera (Kerbl et al. 2023, sections 4 and 6).

    Differentiable in all tensors of the Gaussians and in `K_px` and `T_world_camera`. The result has the
    Gaussians' device and floating type. Gaussians that hold NaN or infinity in place, rotation, scale or
    opacity are not drawn.

    Raises:
        CamerasError: there is no camera, or they differ in `size_wh`.
        BackendError: the backend asked for does not run here or not on these tensors.
    """
    options = options or RasterizeOptions()
    width, height = _common_size(cameras)
    backend = _chosen_backend(options, gaussians.means.device)
    _announce(backend, gaussians.means.device.type)
    layers = _draw(backend)(gaussians, cameras.to(gaussians.means.device), (width, height), options)
    background = torch.tensor(options.background, dtype=layers.rgb.dtype, device=layers.rgb.device)
    return RenderOutput(
        rgb=layers.rgb + layers.transmittance[..., None] * background,
        depth=layers.weighted_depth / layers.alpha.clamp_min(1e-10),
        alpha=layers.alpha,
        backend=backend,
    )


def _common_size(cameras: Cameras) -> tuple[int, int]:
    """Width and height that all cameras share, in pixels."""
    sizes = {(int(w), int(h)) for w, h in cameras.size_wh.tolist()}
    if not sizes:
        raise CamerasError("There is no camera to draw from; give at least one.")
    if len(sizes) > 1:
        listed = ", ".join(f"{w}x{h}" for w, h in sorted(sizes))
        raise CamerasError(f"The cameras have images of {listed} pixels; one call draws one size: resize them first.")
    width, height = sizes.pop()
    if width < 1 or height < 1:
        raise CamerasError(f"The cameras have images of {width}x{height} pixels; both sides must be at least 1.")
    return width, height


def _chosen_backend(options: RasterizeOptions, device: torch.device) -> str:
    """The backend's name, `auto` resolved by the device of the Gaussians."""
    needed = {"gsplat": "cuda", "numba": "cpu"}
    if options.backend == "auto":
        return {"cuda": "gsplat", "cpu": "numba"}.get(device.type, "torch")
    if needed.get(options.backend, device.type) != device.type:
        raise BackendError(
            f"The {options.backend} rasterizer draws tensors on {needed[options.backend]}, and these are on "
            f"{device.type}; move them or take the backend 'auto'."
        )
    return options.backend


@cache
def _announce(backend: str, device: str) -> None:
    """Say which rasterizer is at work, once for each."""
    logger.info("Gaussians on %s are drawn by the %s rasterizer.", device, backend)


def _draw(backend: str) -> Callable[[Gaussians, Cameras, tuple[int, int], RasterizeOptions], Layers]:
    """The backend's entry point, imported only now: numba and gsplat take a while to load."""
    if backend == "gsplat":
        from render.rasterize.gsplat_cuda import draw
    elif backend == "numba":
        from render.rasterize.numba_cpu import draw
    else:
        from render.rasterize.oracle import draw
    return draw
