"""Rounds of feedback: every photo is drawn from the other photos' Gaussians alone, and what is wrong moves those.

A Gaussian that lies right makes the other photos right. So the slope of their error says of each whether it is to
become more or less opaque, nearer or farther, larger or smaller; a network makes a step of it. Own photos have no say:
each of them is explained perfectly by its own pixels at whatever depth.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.feedback_net import ROUNDS, STEPS, Clues, FeedbackNet, plain_step
from recon.prediction import PixelGaussians, Prediction
from recon.views import Views
from render.cameras import Cameras
from render.errors import require
from render.gaussians import Gaussians
from render.rasterize import rasterize

Step = Callable[[Clues, int], Float[Tensor, "image 3 height width"]]
COARSEST = 0.01
"""What a pixel's shift is in the logarithm of depth, at most: where cameras stand together, depth hardly shows."""
SOFT, SOFTER = 0.01, 1.0
"""Slopes of this size, in shares of the usual one, count half."""


@dataclass(frozen=True)
class FeedbackConfig:
    """Options of the feedback."""

    rounds: int = 0
    """How often the photos are drawn; 0: never."""
    learned: bool = False
    """Whether a network makes the steps; else they are of fixed lengths, against the slopes."""
    weights: str = ""
    """Where `snapsplat train stage=feedback` left weights: that network makes the steps."""

    def __post_init__(self) -> None:
        require(0 <= self.rounds <= ROUNDS, "network.feedback.rounds", self.rounds, f"from 0 to {ROUNDS}")


class Feedback:
    """As told by the options."""

    def __init__(self, config: FeedbackConfig):
        self.rounds = config.rounds
        self.step: Step = FeedbackNet.pretrained(config.weights) if config.learned or config.weights else plain_step

    def __call__(
        self,
        views: Views,
        prediction: Prediction,
        registered: list[int],
        front: Bool[Tensor, "view height width"],
        back: Bool[Tensor, "view height width"],
        around: Gaussians,
    ) -> Prediction:
        """See `fed_back`; a photo that is alone has nobody to tell it anything."""
        if self.rounds == 0 or len(registered) < 2:
            return prediction
        return fed_back(self.step, self.rounds, views, prediction, registered, front, back, around)


def fed_back(
    step: Step,
    rounds: int,
    views: Views,
    prediction: Prediction,
    registered: list[int],
    front: Bool[Tensor, "view height width"],
    back: Bool[Tensor, "view height width"],
    around: Gaussians,
) -> Prediction:
    """The prediction with the Gaussians of both layers as they are after all rounds.

    Args:
        registered: the views of one scene; there are at least two.
        front, back: which Gaussians of each layer the scene has.
        around: what else the scene has, which stays as it is.
    """
    scene = _Scene(views, prediction, registered, torch.stack([front, back]), around)
    change = torch.zeros(*scene.chosen.shape[:2], 3, *scene.chosen.shape[2:], device=front.device)
    for turn in range(rounds):
        steps = step(scene.clues(change.detach(), turn), turn).unflatten(0, change.shape[:2])
        change = change + torch.where(scene.chosen[:, :, None], steps, 0.0)
    layers, centres = (prediction.gaussians, prediction.backstop), prediction.cameras.cameras.centres
    first, second = (_changed(layer, centres, scene.unit[i], change[i]) for i, layer in enumerate(layers))
    return replace(prediction, gaussians=first, backstop=second)


@dataclass(frozen=True)
class _Slopes:
    """Of the chosen Gaussians, and what was drawn."""

    slopes: Float[Tensor, "3 n"]
    wrong: Float[Tensor, "view 3 height width"]
    """Drawn from the others, less the photo; 0 where the photo shows no surface."""


class _Scene:
    """What stays the same from round to round."""

    def __init__(
        self,
        views: Views,
        prediction: Prediction,
        registered: list[int],
        chosen: Bool[Tensor, "layer view height width"],
        around: Gaussians,
    ):
        depth = prediction.depth
        self.registered, self.chosen, self.around = registered, chosen, around
        self.photos = depth.evened(views.pixels)
        self.cameras: Cameras = prediction.cameras.cameras
        self.counts = views.valid & ~depth.sky
        self.confidence = depth.confidence
        layers = (prediction.gaussians, prediction.backstop)
        self.gaussians = Gaussians.concatenate([layer.where(chosen[i]) for i, layer in enumerate(layers)])
        which = torch.arange(len(views), device=chosen.device)[None, :, None, None].expand_as(chosen)
        self.owner = which[chosen]
        self.centres = self.cameras.centres.to(self.gaussians.means)[self.owner]
        self.unit = torch.stack([pixel_shift(self.cameras, at, registered) for at in (depth.depth, depth.backstop)])

    def clues(self, change: Float[Tensor, "layer view 3 height width"], turn: int) -> Clues:
        """Of the first layer's views, then of the second's."""
        found = self._slopes(change.movedim(2, -1)[self.chosen])
        usual = found.slopes.square().mean(1, keepdim=True).sqrt().clamp_min(1e-12)
        soft, softer = (found.slopes / (found.slopes.abs() + share * usual) for share in (SOFT, SOFTER))
        shape = self.chosen.shape
        layers = shape[0]
        grey, wrong = self.photos.mean(1), found.wrong
        same = [self.confidence, grey, wrong.mean(1), wrong.abs().mean(1), torch.full_like(grey, turn / ROUNDS)]
        second = torch.arange(layers, device=change.device)[:, None, None, None].expand(shape)
        maps = [torch.stack([m] * layers) for m in same] + [self.chosen.to(grey.dtype), second]
        known = change / torch.tensor(STEPS, device=change.device)[:, None, None]
        others = torch.cat([torch.stack([m.to(grey.dtype) for m in maps], 2), self._laid(softer), known.tanh()], 2)
        return Clues(self._laid(soft).flatten(0, 1), others.flatten(0, 1))

    def _laid(self, values: Float[Tensor, "3 n"]) -> Float[Tensor, "layer view 3 height width"]:
        """Back on the pixels that they are of."""
        out = values.new_zeros(*self.chosen.shape, 3)
        out[self.chosen] = values.T
        return out.movedim(-1, 2)

    @torch.enable_grad()
    def _slopes(self, change: Float[Tensor, "n 3"]) -> _Slopes:
        """Mean over views of the mean square error of each photo as the others draw it."""
        free = change.detach().clone().requires_grad_()
        unit, wrong = self.unit[self.chosen], torch.zeros_like(self.photos)
        for v in self.registered:
            others = self.owner != v
            drawn = moved(self.gaussians[others], self.centres[others], unit[others], free[others])
            scene = Gaussians.concatenate([drawn, self.around.with_coefficients(drawn.sh.shape[1])])
            picture = rasterize(scene, self.cameras[[v]]).rgb[0].permute(2, 0, 1)
            error = torch.where(self.counts[v], picture - self.photos[v], 0.0)
            (error.square().sum() / self.counts[v].sum().clamp_min(1)).backward()
            wrong[v] = error.detach()
        assert free.grad is not None
        return _Slopes(free.grad.T, wrong)


def pixel_shift(
    cameras: Cameras, depth: Float[Tensor, "view height width"], registered: list[int]
) -> Float[Tensor, "view height width"]:
    """By how much the logarithm of depth changes when the other photos, on the median, see a point move by a pixel."""
    unit = torch.full_like(depth, COARSEST)
    for v in registered:
        away = (cameras.centres[[m for m in registered if m != v]] - cameras.centres[v]).norm(dim=-1).median()
        focal_px = torch.sqrt(cameras.K_px[v, 0, 0] * cameras.K_px[v, 1, 1])
        unit[v] = (depth[v] / (focal_px * away).clamp_min(1e-12).to(depth.dtype)).clamp_max(COARSEST)
    return unit


def _changed(
    layer: PixelGaussians,
    centres: Float[Tensor, "view 3"],
    unit: Float[Tensor, "view height width"],
    change: Float[Tensor, "view 3 height width"],
) -> PixelGaussians:
    """One layer with its change, all pixels of it."""
    flat = layer.where(torch.ones_like(layer.opacities, dtype=torch.bool))
    centre = centres.to(flat.means)[:, None, None].expand_as(layer.means).reshape(-1, 3)
    flat = moved(flat, centre, unit.flatten(), change.movedim(1, -1).reshape(-1, 3))
    means, scales = flat.means.view_as(layer.means), flat.scales.view_as(layer.scales)
    return replace(layer, means=means, scales=scales, opacities=flat.opacities.view_as(layer.opacities))


def moved(
    scene: Gaussians, centres: Float[Tensor, "n 3"], unit: Float[Tensor, "n"], change: Float[Tensor, "n 3"]
) -> Gaussians:
    """Gaussians with changes of opacity (in its logit), of depth (by `unit`, along the ray from `centres`; as wide in
    the picture as before) and of size (in its logarithm)."""
    logit, shift, growth = change.unbind(-1)
    shift = shift * unit
    return replace(
        scene,
        means=centres + (scene.means - centres) * shift.exp()[:, None],
        scales=scene.scales * (shift + growth).exp()[:, None],
        opacities=torch.sigmoid(torch.logit(scene.opacities, eps=1e-4) + logit),
    )
