"""Depth that a view is not sure of, borrowed from surfaces that other views are sure of.

Where a view's own matching fails (a source hides the point, the texture repeats), what the other views know is drawn
from its camera; if that has the pixel's colour, it is what the pixel shows.
"""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.gaussians import pixel_gaussians
from render.cameras import Cameras
from render.errors import BackendError
from render.gaussians import Gaussians
from render.rasterize import RenderOutput, rasterize

MIN_ALPHA = 0.5
"""How much of a pixel the other views' surfaces must cover."""
MAX_COLOUR_DIFFERENCE = 0.1
"""In sRGB, mean of the channels: what looks different is something else, in front of those surfaces."""


def borrow_depth(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    inverse_depth: Float[Tensor, "view height width"],
    confidence: Float[Tensor, "view height width"],
) -> tuple[Float[Tensor, "view height width"], Bool[Tensor, "view height width"]]:
    """For views of one scene, the inverse depth of what the others are sure of, and where to take it.

    Pixels with a confidence above 0 keep their own depth.
    """
    own = pixel_gaussians(pixels, cameras, 1 / inverse_depth, confidence)
    sure = confidence > 0
    borrowed, taken = [], []
    for v in range(len(pixels)):
        others = sure.clone()
        others[v] = False
        drawn = _drawn(own.where(others), cameras[[v]])
        alpha, depth = drawn.alpha[0], drawn.depth[0]
        colour = drawn.rgb[0] / alpha.clamp_min(1e-6)[..., None]
        alike = (colour - pixels[v].permute(1, 2, 0)).abs().mean(-1) < MAX_COLOUR_DIFFERENCE
        covered = alpha > MIN_ALPHA
        taken.append(covered & alike & ~sure[v])
        borrowed.append(1 / torch.where(covered, depth, torch.ones_like(depth)))
    return torch.stack(borrowed), torch.stack(taken)


def _drawn(gaussians: Gaussians, camera: Cameras) -> RenderOutput:
    """Drawn where the Gaussians are, or on the CPU where their device has no rasterizer."""
    try:
        return rasterize(gaussians, camera)
    except BackendError:
        device = gaussians.means.device
        drawn = rasterize(gaussians.to("cpu"), camera.to("cpu"))
        return replace(drawn, **{name: getattr(drawn, name).to(device) for name in ("rgb", "depth", "alpha")})
