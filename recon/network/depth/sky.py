"""Where a photo shows what is infinitely far: sky, and the white of a studio.

Nothing there can be matched, so no plane of the sweep is better than another, and a depth that is made up hangs in
other photos' way. Colour and place have to tell: sky joins a good part of a picture's top, ends above its lower part,
is smooth, and is nearly white or much more blue than red. A white backdrop is all around. A ceiling as bright as that
is taken for sky.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from recon.views import Views

BRIGHT = 0.9
"""Blue of a pixel of bright sky, sRGB in [0, 1]; over a whole region at least `BRIGHT_REGION`."""
BRIGHT_REGION = 0.95
BLUER = 0.35
"""How much more blue than red a pixel of darker sky is, with a blue of at least `DARKEST`."""
DARKEST = 0.55
WARMEST = 0.02
"""How much more red than green, or green than blue, sky may be."""
STEEPEST = 4.0
"""Change of sRGB over the long side of the picture, mean of the channels: 0.01 per pixel of 384."""
LOWEST = 0.6
"""Share of the picture's height that sky hardly reaches below: what does is mostly a wall."""
WHITE = 0.97
"""Smallest channel of a pixel of white backdrop."""
TOP = 0.1
"""Share of the picture's top that sky joins: sunlit curtains are narrower."""
MIN_SHARE = 0.02
"""Of the picture, below which a region is taken for something else."""
RIM = 1 / 96
"""Of the long side; how far around a smooth region its colours still belong to it: between twigs, along a roof."""
RIM_DIFFERENCE = 0.12
"""In sRGB, mean of the channels, up to which they are its colours."""


def shows_sky(views: Views) -> Bool[Tensor, "view height width"]:
    """True inside a photo where it shows sky or a white backdrop."""
    found = torch.zeros_like(views.valid)
    for v, (w, h) in enumerate(views.photo_size_wh.tolist()):
        found[v, :h, :w] = sky(views.pixels[v, :, :h, :w]) & views.valid[v, :h, :w]
    return found


def sky(pixels: Float[Tensor, "3 height width"]) -> Bool[Tensor, "height width"]:
    """Sky and white backdrop of one photo, with the rims of both."""
    image = np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
    red, green, blue = np.moveaxis(image, 2, 0)
    smooth = _slope(image) * max(image.shape) < STEEPEST
    cold = (red < green + WARMEST) & (green < blue + WARMEST)
    bright = cold & (blue > BRIGHT)
    darker = cold & (blue > DARKEST) & (blue > red + BLUER)
    white = image.min(-1) > WHITE
    found = np.zeros_like(smooth)
    for region in _regions(smooth & (bright | darker)):
        if region[:2].any(0).mean() >= TOP and _is_high(region) and _is_sky(image[region]):
            found |= region
    for region in _regions(smooth & white):
        if sum(side.any() for side in (region[:2], region[-2:], region[:, :2], region[:, -2:])) >= 3:
            found |= region
    return torch.from_numpy(_with_rim(found, image)).to(pixels.device)


def _is_high(region: Bool[ndarray, "height width"]) -> bool:
    rows = np.flatnonzero(region) // region.shape[1]
    return bool(np.percentile(rows, 95) < LOWEST * region.shape[0])


def _is_sky(colours: Float[ndarray, "pixel 3"]) -> bool:
    mean = colours.mean(0)
    return bool(mean[2] >= BRIGHT_REGION or mean[2] > mean[0] + BLUER)


def _slope(image: Float[ndarray, "height width 3"]) -> Float[ndarray, "height width"]:
    """Largest change per pixel along rows or columns, a little smoothed against noise."""
    blurred = cv2.GaussianBlur(image, (0, 0), 1)
    slopes = [cv2.Sobel(blurred, cv2.CV_32F, *d, ksize=3, scale=1 / 8) for d in ((1, 0), (0, 1))]
    return np.abs(slopes).mean(-1).max(0)


def _regions(candidates: Bool[ndarray, "height width"]) -> Iterator[Bool[ndarray, "height width"]]:
    """Connected regions that are large enough."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(candidates.astype(np.uint8), connectivity=4)
    for label in range(1, len(stats)):
        if stats[label, cv2.CC_STAT_AREA] >= MIN_SHARE * candidates.size:
            yield labels == label


def _with_rim(found: Bool[ndarray, "height width"], image: Float[ndarray, "height width 3"]) -> ndarray:
    """The region and the pixels close around it that have its colours there."""
    if not found.any():
        return found
    size = [2 * max(round(RIM * max(found.shape)), 1) + 1] * 2
    weight = cv2.blur(found.astype(np.float32), size)
    colour = cv2.blur(image * found[..., None], size) / np.maximum(weight, 1e-6)[..., None]
    return found | ((weight > 1e-6) & (np.abs(image - colour).mean(-1) < RIM_DIFFERENCE))
