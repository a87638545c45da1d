"""How alike two pictures, or two depth maps, are."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from kornia.metrics import ssim as ssim_map
from torch import Tensor

WINDOW = 11
"""Of SSIM, in pixels (Wang et al. 2004, section III.B)."""


def psnr(drawn: Float[Tensor, "height width 3"], photo: Float[Tensor, "height width 3"]) -> float:
    """Peak signal-to-noise ratio in dB of pictures in [0, 1]; 100 where they are equal."""
    return float(-10 * (drawn - photo).square().mean().clamp_min(1e-10).log10())


def ssim(drawn: Float[Tensor, "height width 3"], photo: Float[Tensor, "height width 3"]) -> float:
    """Structural similarity (Wang et al. 2004), mean over channels and the pixels whose window lies inside."""
    pictures = [x.permute(2, 0, 1)[None] for x in (drawn, photo)]
    return float(ssim_map(*pictures, window_size=WINDOW, padding="valid").mean())


@dataclass(frozen=True)
class DepthErrors:
    """Of depth in the true scale."""

    absrel: float
    """Mean of the error as a share of the true depth."""
    delta125: float
    """Share of pixels that are off by a factor of less than 1.25."""


def depth_errors(depth: Float[Tensor, "*any"], truth: Float[Tensor, "*any"]) -> DepthErrors | None:
    """Where the truth is known (positive and finite); None where it is nowhere (Eigen et al. 2014, section 3.2)."""
    known: Bool[Tensor, "*any"] = (truth > 0) & truth.isfinite()
    if not known.any():
        return None
    ratio = depth[known] / truth[known]
    off = torch.maximum(ratio, 1 / ratio)
    return DepthErrors(float((ratio - 1).abs().mean()), float((off < 1.25).float().mean()))
