"""Pixel Gaussians of all views of a scene -> one scene: what another view sees through or past is dropped."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement import Landing
from recon.prediction import Prediction
from recon.views import Views
from render.errors import require
from render.gaussians import Gaussians

IN_THE_WAY = 0.95
"""A point nearer than this share of the depth that another view is sure of hangs in that view's way."""


@dataclass(frozen=True)
class FuseConfig:
    """Options of the fusion."""

    max_gaussians: int = 4_000_000
    """Cap on the count; the least confident go first."""

    def __post_init__(self) -> None:
        require(self.max_gaussians >= 1, "network.fuse.max_gaussians", self.max_gaussians, "at least 1")


def fuse(views: Views, prediction: Prediction, members: list[int], config: FuseConfig) -> Gaussians:
    """The Gaussians of the registered views among `members`, which are one scene.

    Pixels whose depth is trusted give one; the others a second one as backstop.
    """
    depth = prediction.depth
    registered = [v for v in members if prediction.cameras.origin[v] != "not registered"]
    front, back = torch.zeros_like(views.valid), torch.zeros_like(views.valid)
    for v in registered:
        others = [m for m in registered if m != v]
        shown = views.valid[v] & ~depth.empty[v]
        front[v] = shown & ~_contradicted(prediction, v, 1 / depth.depth[v], others)
        unsure = shown & (depth.confidence[v] == 0)
        back[v] = unsure & ~_contradicted(prediction, v, 1 / depth.backstop[v], others)
    scene = Gaussians.concatenate([prediction.gaussians.where(front), prediction.backstop.where(back)])
    if len(scene) <= config.max_gaussians:
        return scene
    confidence = torch.cat([depth.confidence[front], depth.confidence[back]])
    best = confidence.argsort(descending=True, stable=True)[: config.max_gaussians]
    return scene[best.sort().values]


def _contradicted(
    prediction: Prediction, view: int, inverse_depth: Float[Tensor, "height width"], others: list[int]
) -> Bool[Tensor, "height width"]:
    """Points of a view in front of what another view is sure to see, or where another sees that nothing is."""
    cameras, depth = prediction.cameras.cameras, prediction.depth
    bad = torch.zeros_like(inverse_depth, dtype=torch.bool)
    for other in others:
        landing = Landing.of(cameras, inverse_depth, view, other)
        sure = landing.read(depth.confidence[other]) > 0
        nearer = landing.depth < IN_THE_WAY * landing.read(depth.depth[other])
        bad |= landing.inside & ((nearer & sure).all(0) | landing.read(depth.empty[other]).all(0))
    return bad
