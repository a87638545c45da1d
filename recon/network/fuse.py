"""Pixel Gaussians of all views of a scene -> one scene: what nobody trusts is dropped, what stands twice is merged."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from recon.network.depth.agreement import depth_ratios
from recon.prediction import Prediction
from recon.views import Views
from render.gaussians import Gaussians


@dataclass(frozen=True)
class FuseConfig:
    """Options of the fusion."""

    max_gaussians: int = 4_000_000
    """Cap on the count; the least confident go first."""


def fuse(views: Views, prediction: Prediction, members: list[int], config: FuseConfig) -> Gaussians:
    """The Gaussians of the registered views among `members`, which are one scene."""
    keep = torch.zeros_like(views.valid)
    registered = [v for v in members if prediction.cameras.origin[v] != "not registered"]
    for v in registered:
        keep[v] = views.valid[v] & ~_in_the_way(prediction, v, [m for m in registered if m != v])
    return prediction.gaussians.where(keep)


def _in_the_way(prediction: Prediction, view: int, others: list[int]) -> Bool[Tensor, "height width"]:
    """Points of a view that hang in front of what another view is sure to see."""
    inverse = 1 / prediction.depth.depth
    bad = torch.zeros_like(inverse[view], dtype=torch.bool)
    for other in others:
        ratio, inside = depth_ratios(prediction.cameras.cameras, inverse[view], inverse[other], view, other)
        sure, _ = depth_ratios(
            prediction.cameras.cameras, inverse[view], (prediction.depth.confidence[other] > 0).float(), view, other
        )
        bad |= inside & (ratio < 0.95).all(0) & (sure > 0).all(0)
    return bad
