"""Exposure and white balance of each photo: what would take them out. Scenes go half of that way (`depth/stage.py`).

A gain per photo and channel in sRGB, from points that two photos are sure of (Brown and Lowe 2007, section 6, with
medians of log ratios for means of intensities).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

from recon.network.depth.agreement import TOLERANCE, Landing
from render.cameras import Cameras

REDUCED = 4
"""Pictures are looked at this many times smaller: a gain needs no detail, and small misses average out."""
DARK, BRIGHT = 0.05, 0.95
"""sRGB values outside of this are noise or cut off."""
MIN_PIXELS = 30
"""Common pixels of the reduced pictures that a pair must have."""
PRIOR = 3.0
"""Weight of a gain of 1, in square roots of pixels: what nothing is known of stays as it is."""
MAX_PIXELS = 2000
"""A pair counts no more than if it had this many."""


def exposure_gains(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    inverse_depth: Float[Tensor, "view height width"],
    sure: Bool[Tensor, "view height width"],
) -> Float[Tensor, "view 3"]:
    """What to multiply each view's sRGB by, so that the views of one scene agree; their geometric mean is 1."""
    middle = slice(REDUCED // 2, None, REDUCED)
    small = avg_pool2d(pixels, REDUCED)
    height, width = small.shape[2:]
    inverse, known = (x[:, middle, middle][:, :height, :width] for x in (inverse_depth, sure))
    on_grid = cameras.resized((width, height))
    rows, ratios, weights = [], [], []
    for a in range(len(pixels)):
        for b in range(len(pixels)):
            ratio = _log_ratio(small, on_grid, inverse, known, a, b) if a != b else None
            if ratio is not None:
                row = torch.zeros(len(pixels), device=pixels.device)
                row[a], row[b] = 1, -1
                rows.append(row)
                ratios.append(ratio.median(1).values)
                weights.append(min(ratio.shape[1], MAX_PIXELS) ** 0.5)
    if not rows:
        return torch.ones(len(pixels), 3, device=pixels.device)
    weight = torch.tensor(weights, device=pixels.device)[:, None]
    prior = PRIOR * torch.eye(len(pixels), device=pixels.device)
    left = torch.cat([torch.stack(rows) * weight, prior])
    right = torch.cat([torch.stack(ratios) * weight, torch.zeros(len(pixels), 3, device=pixels.device)])
    left, right = left.double(), right.double()
    # The prior keeps the normal equations sound; LAPACK's least squares were seen to round anew from call to call.
    log_brightness = torch.linalg.solve(left.T @ left, left.T @ right)
    return torch.exp(log_brightness.mean(0) - log_brightness).to(pixels.dtype)


def _log_ratio(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    inverse_depth: Float[Tensor, "view height width"],
    sure: Bool[Tensor, "view height width"],
    a: int,
    b: int,
) -> Float[Tensor, "3 common"] | None:
    """Log of a's colours over b's, where both are sure of one surface and neither is dark or cut off."""
    landing = Landing.of(cameras, inverse_depth[a], a, b)
    ratio = landing.depth * landing.read(inverse_depth[b])
    same = ((ratio - 1).abs() < TOLERANCE) & landing.read(sure[b])
    here, there = pixels[a], torch.stack([landing.read(channel).mean(0) for channel in pixels[b]])
    usable = landing.inside & sure[a] & same.all(0)
    for colours in (here, there):
        usable &= ((colours > DARK) & (colours < BRIGHT)).all(0)
    if int(usable.sum()) < MIN_PIXELS:
        return None
    return (here[:, usable] / there[:, usable]).log()
