"""Depth of one view: the plane that its sources agree on, then closely around it, a range of its own for each pixel.

Planes are coarse, and face the camera. Offsets around the answer follow its slant, and are finer (cascade cost volumes:
Gu et al. 2020, section 3.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from recon.network.depth import smooth, smooth_cpu, sweep, sweep_cpu
from recon.network.depth.geometry import relative_projections
from recon.network.encoder import Features
from recon.views import Views
from render.cameras import Cameras

STEP_PENALTY = 10.0
"""Of smoothing, for a walk through all planes step by step: finer planes, cheaper steps."""
FINER = 4
"""Offsets for each step between planes; they reach one step to either side."""


@dataclass(frozen=True)
class Found:
    """Of one view, by planes."""

    inverse_depth: Float[Tensor, "height width"]
    likeness: Float[Tensor, "height width"]
    """How alike the sources look there."""
    slices: Float[Tensor, "slice quarter_height quarter_width"]
    """Likeness of descriptors at every plane, then that of colours, at a quarter of the grid."""


def from_planes(
    views: Views,
    features: Features,
    cameras: Cameras,
    planes: Float[Tensor, "plane"],
    descriptor_weight: float,
    view: int,
    sources: Sequence[int],
) -> Found:
    """The best of evenly spaced `planes`."""
    coarse = interpolate(views.valid[:, None].float(), features.descriptors.shape[2:], mode="area")[:, 0] > 0.5
    width, height = views.size_wh
    quarter = cameras.resized((features.descriptors.shape[3], features.descriptors.shape[2]))
    comparison = _Comparison.of(features.descriptors, coarse, quarter, view, sources)
    described = comparison.of_descriptors(planes).permute(2, 0, 1)
    likeness = interpolate(described[None], (height, width), mode="bilinear", align_corners=False)
    nothing = torch.zeros_like(views.pixels[view, 0])
    colours = _Comparison.of(views.pixels, views.valid, cameras, view, sources).of_colours(nothing, planes)
    slices = torch.cat(
        [described, adaptive_avg_pool2d(colours.permute(2, 0, 1), (described.shape[1], described.shape[2]))]
    )
    likeness = descriptor_weight * likeness[0].permute(1, 2, 0) + (1 - descriptor_weight) * colours
    at = _best(likeness, views.pixels[view], STEP_PENALTY / len(planes))
    return Found(planes[0] + at * (planes[1] - planes[0]), _at(likeness, at), slices)


def closer(
    views: Views,
    cameras: Cameras,
    planes: Float[Tensor, "plane"],
    inverse_depth: Float[Tensor, "height width"],
    view: int,
    sources: Sequence[int],
) -> tuple[Float[Tensor, "height width"], Float[Tensor, "height width"]]:
    """Inverse depth within a step of the planes from the one given, and how much more alike the colours are there.

    It is not beyond the farthest plane either.
    """
    step = planes[1] - planes[0]
    offsets = torch.linspace(-1, 1, 2 * FINER + 1, device=planes.device) * step
    around = inverse_depth.clamp_min(float(step))  # No candidate lies beyond infinity.
    likeness = _Comparison.of(views.pixels, views.valid, cameras, view, sources).of_colours(around, offsets)
    at = _best(likeness, views.pixels[view], STEP_PENALTY / len(planes) / FINER)
    found = (around + (at / FINER - 1) * step).clamp_min(float(planes[0]))
    return found, _at(likeness, at) - likeness[..., FINER]


def _best(
    likeness: Float[Tensor, "height width plane"], image: Float[Tensor, "3 height width"], penalty: float
) -> Float[Tensor, "height width"]:
    """Which plane is best once the volume is smoothed, with a fraction."""
    cost = 1 - likeness
    if cost.is_cuda:
        return smooth.lowest(smooth.aggregate(cost, image, penalty))
    return smooth.lowest(torch.from_numpy(smooth_cpu.aggregate(cost.contiguous().numpy(), _last(image), penalty)))


def _at(likeness: Float[Tensor, "height width plane"], at: Float[Tensor, "height width"]) -> Float[Tensor, "h w"]:
    """Likeness at the nearest plane."""
    return likeness.gather(-1, at.round().long().clamp(0, likeness.shape[-1] - 1)[..., None])[..., 0]


@dataclass(frozen=True)
class _Comparison:
    """A view's map and its sources', ready for either twin of the sweep."""

    reference: Float[Tensor, "channel height width"]
    sources: Float[Tensor, "source channel height width"]
    valid: Bool[Tensor, "source height width"]
    M: Float[Tensor, "source 3 3"]
    m: Float[Tensor, "source 3"]

    @staticmethod
    def of(
        maps: Float[Tensor, "view channel height width"],
        valid: Bool[Tensor, "view height width"],
        cameras: Cameras,
        view: int,
        sources: Sequence[int],
    ) -> "_Comparison":
        chosen = list(sources)
        return _Comparison(maps[view], maps[chosen], valid[chosen], *relative_projections(cameras, view, chosen))

    def of_colours(
        self, around: Float[Tensor, "height width"], offsets: Float[Tensor, "plane"]
    ) -> Float[Tensor, "height width plane"]:
        geometry = (self.valid, self.M, self.m, around, offsets)
        if offsets.is_cuda:
            return sweep.colour_likeness(self.reference, self.sources, *geometry).permute(1, 2, 0)
        arrays = [_last(self.reference), _last(self.sources), *(x.numpy() for x in geometry)]
        return torch.from_numpy(sweep_cpu.colour_likeness(*arrays))

    def of_descriptors(self, planes: Float[Tensor, "plane"]) -> Float[Tensor, "height width plane"]:
        geometry = (self.valid, self.M, self.m, planes)
        if planes.is_cuda:
            return sweep.descriptor_likeness(self.reference, self.sources, *geometry).permute(1, 2, 0)
        arrays = [_last(self.reference), _last(self.sources), *(x.numpy() for x in geometry)]
        return torch.from_numpy(sweep_cpu.descriptor_likeness(*arrays))


def _last(maps: Float[Tensor, "*batch channel height width"]) -> np.ndarray:
    """Channels last, as the numba twins read them."""
    return np.ascontiguousarray(maps.movedim(-3, -1).numpy())
