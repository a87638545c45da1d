"""Plane sweep (Collins 1996): how alike a view and its sources are at every pixel and every inverse depth.

Of descriptors at planes; of colours at a map of inverse depths and offsets to it, so that planes are offsets to
nothing. Two likenesses, each the mean of the better half of the sources that see the point: zero-mean normalised
cross-correlation of colour patches, warped plane by plane, for detail; and the cosine of descriptors for what has
changed its look. This module is the readable twin in torch, which also runs on CUDA; `sweep_cpu` is the fast one.
"""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

from recon.network.depth.geometry import project, sample

PATCH_RADIUS = 2
FLATNESS = 4e-4
"""Variance, in squared sRGB, that damps the correlation of flat patches towards zero."""
UNSEEN = 0.3
"""Likeness where no source sees the point: neither a match nor a contradiction."""


def colour_likeness(
    reference: Float[Tensor, "3 height width"],
    sources: Float[Tensor, "source 3 height width"],
    valid: Bool[Tensor, "source height width"],
    M: Float[Tensor, "source 3 3"],
    m: Float[Tensor, "source 3"],
    around: Float[Tensor, "height width"],
    offsets: Float[Tensor, "plane"],
) -> Float[Tensor, "plane height width"]:
    """At inverse depths `around` + each offset: damped ZNCC over 5x5 pixels and three channels together, of the better
    half of the sources; in [-1, 1]."""
    mean, variance = _patch_statistics(reference)

    def correlation(warped: Float[Tensor, "3 height width"]) -> Float[Tensor, "height width"]:
        other_mean, other_variance = _patch_statistics(warped)
        covariance = (_box(reference * warped) - mean * other_mean).sum(0)
        return covariance / ((variance + FLATNESS) * (other_variance + FLATNESS)).sqrt()

    return _sweep(correlation, sources, valid, M, m, (around + offset for offset in offsets))


def descriptor_likeness(
    reference: Float[Tensor, "channel height width"],
    sources: Float[Tensor, "source channel height width"],
    valid: Bool[Tensor, "source height width"],
    M: Float[Tensor, "source 3 3"],
    m: Float[Tensor, "source 3"],
    inverse_depths: Float[Tensor, "plane"],
) -> Float[Tensor, "plane height width"]:
    """Cosine of unit descriptors, of the better half of the sources; in [-1, 1]."""
    return _sweep(lambda warped: (reference * warped).sum(0), sources, valid, M, m, inverse_depths)


def _sweep(
    compare: Callable[[Tensor], Tensor],
    sources: Float[Tensor, "source channel height width"],
    valid: Bool[Tensor, "source height width"],
    M: Float[Tensor, "source 3 3"],
    m: Float[Tensor, "source 3"],
    inverse_depths: Iterable[Tensor],
) -> Float[Tensor, "plane height width"]:
    """What `compare` says of the sources, warped by each inverse depth or map of them, of the better half of them."""
    planes = []
    for inverse_depth in inverse_depths:
        found, seen = [], []
        for s in range(len(sources)):
            warped, inside = _warp(sources[s], valid[s], M[s], m[s], inverse_depth)
            found.append(compare(warped))
            seen.append(inside)
        planes.append(better_half(torch.stack(found), torch.stack(seen)))
    return torch.stack(planes)


def better_half(
    likeness: Float[Tensor, "source height width"], seen: Bool[Tensor, "source height width"]
) -> Float[Tensor, "height width"]:
    """Mean of the better half (rounded up) of the sources that see a point; `UNSEEN` where none does.

    What is hidden in some sources is still visible in the others (Kang et al. 2001, section 4).
    """
    ordered = torch.where(seen, likeness, torch.full_like(likeness, -torch.inf)).sort(0, descending=True).values
    count = seen.sum(0)
    rank = torch.arange(len(likeness), device=likeness.device)[:, None, None]
    best = torch.where(rank < (count + 1) // 2, ordered, torch.zeros_like(ordered)).sum(0)
    return torch.where(count > 0, best / ((count + 1) // 2).clamp_min(1), torch.full_like(best, UNSEEN))


def _box(x: Float[Tensor, "channel height width"]) -> Float[Tensor, "channel height width"]:
    """Mean over the part of each patch that lies in the image."""
    size = 2 * PATCH_RADIUS + 1
    return avg_pool2d(x[None], size, stride=1, padding=PATCH_RADIUS, count_include_pad=False)[0]


def _patch_statistics(
    x: Float[Tensor, "3 height width"],
) -> tuple[Float[Tensor, "3 height width"], Float[Tensor, "height width"]]:
    """Mean of each channel, and the variances summed over the channels."""
    mean = _box(x)
    return mean, (_box(x * x) - mean * mean).sum(0).clamp_min(0)


def _warp(
    source: Float[Tensor, "channel height width"],
    valid: Bool[Tensor, "height width"],
    M: Float[Tensor, "3 3"],
    m: Float[Tensor, "3"],
    inverse_depth: Float[Tensor, ""] | Float[Tensor, "height width"],
) -> tuple[Float[Tensor, "channel height width"], Bool[Tensor, "height width"]]:
    """The source as the reference would see it at one inverse depth or a map of it, and where it is seen at all."""
    height, width = source.shape[1:]
    uv, _ = project(M, m, inverse_depth.expand(height, width))
    u, v = uv.unbind(-1)
    inside = (u >= 0.5) & (v >= 0.5) & (u <= width - 0.5) & (v <= height - 0.5)
    column, row = u.clamp(0, width - 1).long(), v.clamp(0, height - 1).long()
    return sample(source, uv), inside & valid[row, column]
