"""Depth that a view is not sure of, borrowed from surfaces that other views are sure of.

Where a view's own matching fails (a source hides the point, the texture repeats), what the other views know is drawn
from its camera; if that has the pixel's colour, it is what the pixel shows.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.gaussians import pixel_gaussians
from recon.views import Views
from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import rasterize

MIN_ALPHA = 0.5
"""How much of a pixel the other views' surfaces must cover."""
MAX_COLOUR_DIFFERENCE = 0.1
"""In sRGB, mean of the channels: what looks different is something else, in front of those surfaces."""


def borrow_depth(
    views: Views,
    cameras: Cameras,
    inverse_depth: Float[Tensor, "view height width"],
    confidence: Float[Tensor, "view height width"],
    members: list[int],
) -> tuple[Float[Tensor, "member height width"], Bool[Tensor, "member height width"]]:
    """For the `members`, views of one scene, the inverse depth of what the others are sure of, and where to take it.

    Pixels with a confidence above 0 keep their own depth.
    """
    pixels = pixel_gaussians(views, cameras, 1 / inverse_depth, confidence)
    sure = [pixels.where(_only(v, confidence > 0)) for v in members]
    borrowed, taken = [], []
    for i, v in enumerate(members):
        others = Gaussians.concatenate([g for j, g in enumerate(sure) if j != i])
        drawn = rasterize(others, cameras[[v]])
        alpha, depth = drawn.alpha[0], drawn.depth[0]
        colour = drawn.rgb[0] / alpha.clamp_min(1e-6)[..., None]
        alike = (colour - views.pixels[v].permute(1, 2, 0)).abs().mean(-1) < MAX_COLOUR_DIFFERENCE
        taken.append((alpha > MIN_ALPHA) & alike & (confidence[v] == 0))
        borrowed.append(1 / torch.where(alpha > MIN_ALPHA, depth, torch.ones_like(depth)))
    return torch.stack(borrowed), torch.stack(taken)


def _only(view: int, chosen: Bool[Tensor, "view height width"]) -> Bool[Tensor, "view height width"]:
    kept = torch.zeros_like(chosen)
    kept[view] = chosen[view]
    return kept
