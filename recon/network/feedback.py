"""Rounds of feedback: photos are drawn from the other photos' Gaussians alone, and what is wrong moves those.

A Gaussian that lies right makes the other photos right. So the slope of their error says of each whether it is to
become more or less opaque, nearer or farther, larger or smaller, and it goes a step of fixed length that way. Own
photos have no say: each is explained perfectly by its own pixels at whatever depth. (What is drawn wrong as feedback to
Gaussians in a fixed number of rounds: Xu et al. 2025, "ReSplat", where a network makes the steps.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from render.cameras import Cameras
from render.errors import require
from render.gaussians import Gaussians
from render.rasterize import rasterize

STEPS = (0.8, 0.4, 0.08)
"""Of the first round, in the logit of opacity, in pixels that other photos see it move by when its depth changes, and
in the logarithm of size."""
FALL = 0.7
"""By which each round's steps are shorter than those before."""
COARSEST = 0.01
"""What a pixel's shift is in the logarithm of depth, at most: where cameras stand together, depth hardly shows."""
SOFT = 0.01
"""Slopes of this size, in shares of the usual one, make half a step."""
MOST_ROUNDS = 8
ALL_DRAWN = 3
"""Up to so many photos are all drawn in each round; of more, every other one, since time grows with their square."""


@dataclass(frozen=True)
class FeedbackConfig:
    """Options of the feedback."""

    rounds: int = 2
    """How often the photos are drawn; 0: never."""

    def __post_init__(self) -> None:
        require(0 <= self.rounds <= MOST_ROUNDS, "network.feedback.rounds", self.rounds, f"from 0 to {MOST_ROUNDS}")


@dataclass(frozen=True)
class Photos:
    """What the registered views of a scene show."""

    pixels: Float[Tensor, "view 3 height width"]
    """At the exposure of the Gaussians."""
    counts: Bool[Tensor, "view height width"]
    """Where they are to be drawn right: sky is not made of these Gaussians."""
    cameras: Cameras


@dataclass(frozen=True)
class Owned:
    """Gaussians, and where each came from."""

    scene: Gaussians
    owner: Int[Tensor, "n"]
    """The row of its photo."""
    unit: Float[Tensor, "n"]
    """By how much the logarithm of its depth changes when other photos see it move by a pixel: see `pixel_shift`."""

    def moved(self, change: Float[Tensor, "n 3"], centres: Float[Tensor, "view 3"]) -> Gaussians:
        """With changes of opacity (in its logit), of depth (in `unit`, along the ray; as wide in its photo as before)
        and of size (in its logarithm)."""
        logit, shift, growth = change.unbind(-1)
        shift, centre, scene = shift * self.unit, centres.to(self.scene.means)[self.owner], self.scene
        return replace(
            scene,
            means=centre + (scene.means - centre) * shift.exp()[:, None],
            scales=scene.scales * (shift + growth).exp()[:, None],
            opacities=torch.sigmoid(torch.logit(scene.opacities, eps=1e-4) + logit),
        )

    def of_others(self, view: int) -> "Owned":
        chosen = self.owner != view
        return Owned(self.scene[chosen], self.owner[chosen], self.unit[chosen])


def fed_back(owned: Owned, photos: Photos, around: Gaussians, rounds: int) -> Gaussians:
    """The Gaussians after all rounds.

    Args:
        around: what else the scene has, which stays as it is.
    """
    change = torch.zeros(len(owned.scene), 3, device=owned.owner.device)
    steps = torch.tensor(STEPS, device=change.device)
    if len(photos.pixels) < 2:
        return owned.scene  # A photo that is alone has nobody to tell it anything.
    place = _along_the_path(photos.cameras.centres)
    for turn in range(rounds):
        drawn = [v for v, p in enumerate(place) if len(place) <= ALL_DRAWN or (p + turn) % 2 == 0]
        slopes = error_slopes(owned, photos, around, change, drawn)
        usual = slopes.square().mean(0).sqrt().clamp_min(1e-12)
        change = change - steps * FALL**turn * slopes / (slopes.abs() + SOFT * usual)
    return owned.moved(change, photos.cameras.centres)


def _along_the_path(centres: Float[Tensor, "view 3"]) -> list[int]:
    """Places of the cameras in the order in which one would walk by them, as far as that is to be told: neighbours do
    not get the same turn. It does not hang on the order of the photos."""
    apart = torch.cdist(centres, centres)
    return torch.argsort(torch.argsort(apart[apart.sum(1).argmax()])).tolist()


@torch.enable_grad()
def error_slopes(
    owned: Owned, photos: Photos, around: Gaussians, change: Float[Tensor, "n 3"], views: Sequence[int]
) -> Float[Tensor, "n 3"]:
    """Of the sum over some photos of the mean square error with which the others' Gaussians draw each, by `change`."""
    free = change.detach().clone().requires_grad_()
    for v in views:
        drawn = owned.of_others(v).moved(free[owned.owner != v], photos.cameras.centres)
        scene = Gaussians.concatenate([drawn, around.with_coefficients(drawn.sh.shape[1])])
        picture = rasterize(scene, photos.cameras[[v]]).rgb[0].permute(2, 0, 1)
        error = torch.where(photos.counts[v], picture - photos.pixels[v], 0.0)
        (error.square().sum() / photos.counts[v].sum().clamp_min(1)).backward()
    return torch.zeros_like(change) if free.grad is None else free.grad


def pixel_shift(cameras: Cameras, depth: Float[Tensor, "view height width"]) -> Float[Tensor, "view height width"]:
    """By how much the logarithm of depth changes when the other photos, on the median, see a point move by a pixel."""
    unit = torch.full_like(depth, COARSEST)
    for v in range(len(depth)):
        others = [m for m in range(len(depth)) if m != v]
        if not others:
            continue
        away = (cameras.centres[others] - cameras.centres[v]).norm(dim=-1).median()
        focal_px = torch.sqrt(cameras.K_px[v, 0, 0] * cameras.K_px[v, 1, 1])
        unit[v] = (depth[v] / (focal_px * away).clamp_min(1e-12).to(depth.dtype)).clamp_max(COARSEST)
    return unit
