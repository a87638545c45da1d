"""Depth that a view is not sure of, borrowed from surfaces that other views put there.

Where a view's own matching fails (a source hides the point, the texture repeats), what the other views know is drawn
from its camera; if that has the pixel's colour, it is what the pixel shows. Guesses are not lent: among many views
there is always one whose guess hangs before the truth.
"""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.complete import complete
from recon.network.gaussians import OPAQUE, pixel_gaussians
from render.cameras import Cameras
from render.errors import BackendError
from render.gaussians import Gaussians
from render.rasterize import RenderOutput, rasterize

MIN_ALPHA = 0.5
"""How much of a pixel the other views' surfaces must cover."""
MAX_COLOUR_DIFFERENCE = 0.1
"""In sRGB, mean of the channels: what looks different is something else, in front of those surfaces."""


def surface(
    pixels: Float[Tensor, "3 height width"],
    camera: Cameras,
    inverse_depth: Float[Tensor, "height width"],
    known: Bool[Tensor, "height width"],
) -> Gaussians:
    """Of one view's known pixels, to be drawn from other cameras."""
    return pixel_gaussians(pixels[None], camera, 1 / inverse_depth[None], OPAQUE).where(known[None])


def borrow_depth(
    pixels: Float[Tensor, "3 height width"], camera: Cameras, others: Gaussians
) -> tuple[Float[Tensor, "height width"], Bool[Tensor, "height width"]]:
    """Inverse depth of the other views' surfaces from one view's camera, and where they have its colours."""
    drawn = _drawn(others, camera)
    alpha, depth = drawn.alpha[0], drawn.depth[0]
    colour = drawn.rgb[0] / alpha.clamp_min(1e-6)[..., None]
    alike = (colour - pixels.permute(1, 2, 0)).abs().mean(-1) < MAX_COLOUR_DIFFERENCE
    covered = alpha > MIN_ALPHA
    return 1 / torch.where(covered, depth, torch.ones_like(depth)), covered & alike


def completed(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    inverse_depth: Float[Tensor, "view height width"],
    shown: Bool[Tensor, "view height width"],
    sure: Bool[Tensor, "view height width"],
) -> tuple[Float[Tensor, "view height width"], Float[Tensor, "view height width"]]:
    """Inverse depth and backstop of the views of one scene, with what is not sure borrowed or completed."""
    close, behind = inverse_depth.clone(), torch.empty_like(inverse_depth)
    surfaces = [surface(pixels[i], cameras[[i]], inverse_depth[i], sure[i]) for i in range(len(sure))]
    for i in range(len(sure)):
        others = Gaussians.concatenate(surfaces[:i] + surfaces[i + 1 :])
        borrowed, alike = borrow_depth(pixels[i], cameras[[i]], others)
        taken = alike & shown[i] & ~sure[i]
        known = torch.where(taken, borrowed, inverse_depth[i])
        close[i], behind[i] = complete(known, taken | sure[i], pixels[i])
    return close, behind


def _drawn(gaussians: Gaussians, camera: Cameras) -> RenderOutput:
    """Drawn where the Gaussians are, or on the CPU where their device has no rasterizer."""
    try:
        return rasterize(gaussians, camera)
    except BackendError:
        device = gaussians.means.device
        drawn = rasterize(gaussians.to("cpu"), camera.to("cpu"))
        return replace(drawn, **{name: getattr(drawn, name).to(device) for name in ("rgb", "depth", "alpha")})
