"""Pixel Gaussians of all views of a scene -> one scene: what others contradict, or see finer, is dropped."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement import TOLERANCE, Landing
from recon.prediction import Prediction
from recon.views import Views
from render.errors import require
from render.gaussians import Gaussians

IN_THE_WAY = 0.95
"""A point nearer than this share of the depth that another view is sure of hangs in that view's way."""
FINER = 0.95
"""A surface belongs to another view whose pixels are, at that distance, narrower than this share of the own ones."""


@dataclass(frozen=True)
class FuseConfig:
    """Options of the fusion."""

    max_gaussians: int = 4_000_000
    """Cap on the count; the least confident go first."""

    def __post_init__(self) -> None:
        require(self.max_gaussians >= 1, "network.fuse.max_gaussians", self.max_gaussians, "at least 1")


def fuse(views: Views, prediction: Prediction, members: list[int], config: FuseConfig) -> Gaussians:
    """The Gaussians of the registered views among `members`, which are one scene.

    Pixels whose depth is trusted give one, or none where another view sees the same finer; the others a second one as
    backstop.
    """
    depth = prediction.depth
    registered = [v for v in members if prediction.cameras.origin[v] != "not registered"]
    front, back = torch.zeros_like(views.valid), torch.zeros_like(views.valid)
    for v in registered:
        others = [m for m in registered if m != v]
        shown = views.valid[v] & ~depth.empty[v]
        landings = _landings(prediction, v, 1 / depth.depth[v], others)
        front[v] = shown & ~_contradicted(prediction, landings) & ~_seen_finer(prediction, v, landings)
        unsure = shown & (depth.confidence[v] == 0)
        back[v] = unsure & ~_contradicted(prediction, _landings(prediction, v, 1 / depth.backstop[v], others))
    scene = Gaussians.concatenate([prediction.gaussians.where(front), prediction.backstop.where(back)])
    if len(scene) <= config.max_gaussians:
        return scene
    confidence = torch.cat([depth.confidence[front], depth.confidence[back]])
    best = confidence.argsort(descending=True, stable=True)[: config.max_gaussians]
    return scene[best.sort().values]


def _landings(
    prediction: Prediction, view: int, inverse_depth: Float[Tensor, "height width"], others: list[int]
) -> dict[int, Landing]:
    """Where a view's points land in each other view."""
    return {other: Landing.of(prediction.cameras.cameras, inverse_depth, view, other) for other in others}


def _contradicted(prediction: Prediction, landings: dict[int, Landing]) -> Bool[Tensor, "height width"]:
    """Points in front of what another view is sure to see, or where another sees that nothing is."""
    depth = prediction.depth
    bad = torch.zeros_like(depth.empty[0])
    for other, landing in landings.items():
        sure = landing.read(depth.confidence[other]) > 0
        nearer = landing.depth < IN_THE_WAY * landing.read(depth.depth[other])
        bad |= landing.inside & ((nearer & sure).all(0) | landing.read(depth.empty[other]).all(0))
    return bad


def _seen_finer(prediction: Prediction, view: int, landings: dict[int, Landing]) -> Bool[Tensor, "height width"]:
    """Points on a surface that another view is sure of and resolves better: its Gaussians are the surface."""
    depth, K = prediction.depth, prediction.cameras.cameras.K_px
    focal = (K[:, 0, 0] * K[:, 1, 1]).sqrt().to(depth.depth.dtype)
    found = torch.zeros_like(depth.empty[0])
    for other, landing in landings.items():
        ratio = landing.depth / landing.read(depth.depth[other])
        same = ((ratio - 1).abs() < TOLERANCE) & (landing.read(depth.confidence[other]) > 0)
        finer = landing.depth / focal[other] < FINER * depth.depth[view] / focal[view]
        found |= landing.inside & same.all(0) & finer
    return found
