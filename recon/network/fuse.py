"""Pixel Gaussians of all views of a scene -> one scene: what others contradict, or see finer, is dropped."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network import testimony, testimony_cpu
from recon.network.dome import dome
from recon.network.feedback import Owned, Photos, fed_back, pixel_shift
from recon.network.judge_net import JudgeNet
from recon.network.judged import FAINTEST, judged
from recon.network.surroundings import surroundings
from recon.network.testimony import Evidence, Testimony
from recon.prediction import Prediction
from recon.views import Views
from render.errors import require
from render.gaussians import Gaussians

MANY = 5
"""So many other views leave few holes."""


@dataclass(frozen=True)
class FuseConfig:
    """Options of the fusion."""

    max_gaussians: int = 4_000_000
    """Cap on the count; the least confident go first."""
    judged: bool = False
    """Whether a learned network has the last word on every Gaussian."""
    judge_weights: str = ""
    """Where `snapsplat train stage=judge` left weights: that network has the last word, with these and not those that
    are released."""
    surroundings: bool = True
    """Whether what no photo shows takes a smooth colour from its surroundings; without, it stays black."""

    def __post_init__(self) -> None:
        require(self.max_gaussians >= 1, "network.fuse.max_gaussians", self.max_gaussians, "at least 1")


@dataclass(frozen=True)
class Kept:
    """What the classical rules keep of the two layers of a scene's registered views."""

    registered: list[int]
    evidence: Evidence
    shown: Bool[Tensor, "view height width"]
    """Where the views show a surface."""
    front: Bool[Tensor, "view height width"]
    back: Bool[Tensor, "view height width"]


def fuse(
    views: Views,
    prediction: Prediction,
    members: list[int],
    config: FuseConfig,
    judge: JudgeNet | None = None,
    rounds: int = 0,
) -> Gaussians:
    """The Gaussians of the registered views among `members`, which are one scene.

    Pixels whose depth is trusted give one, or none where another view sees the same finer; the others a second one as
    backstop. Sky gives none: it is drawn as one dome around all. Behind everything is what surrounds it. After so many
    `rounds` of feedback they are where the photos of others want them.
    """
    kept = kept_by_rule(views, prediction, members)
    front, back = kept.front, kept.back
    if judge is not None and len(kept.registered) > 1:  # A photo that is alone has no witnesses.
        prediction, front, back = judged(
            judge, kept.evidence, prediction, kept.registered, kept.shown, front, back, FAINTEST
        )
    if not (front.any() or back.any()):
        return prediction.gaussians.where(front)  # What surrounds nothing is no scene.
    around = beyond(views, prediction, kept.registered, config)
    scene = Gaussians.concatenate([prediction.gaussians.where(front), prediction.backstop.where(back)])
    if rounds:
        scene = _fed_back(views, prediction, kept, front, back, scene, around, rounds)
    room = max(config.max_gaussians - len(around), 0)
    if len(scene) > room:
        confidence = torch.cat([prediction.depth.confidence[front], prediction.depth.confidence[back]])
        best = confidence.argsort(descending=True, stable=True)[:room]
        scene = scene[best.sort().values]
    return Gaussians.concatenate([scene, around.with_coefficients(scene.sh.shape[1])])


def _fed_back(
    views: Views,
    prediction: Prediction,
    kept: Kept,
    front: Bool[Tensor, "view height width"],
    back: Bool[Tensor, "view height width"],
    scene: Gaussians,
    around: Gaussians,
    rounds: int,
) -> Gaussians:
    """`scene` is made of the pixels `front` of one layer and `back` of the other."""
    registered, depth = kept.registered, prediction.depth
    cameras = prediction.cameras.cameras[registered]
    chosen = torch.cat([front[registered], back[registered]])
    rows = torch.arange(len(registered), device=chosen.device).repeat(2)[:, None, None].expand_as(chosen)
    units = torch.cat([pixel_shift(cameras, at[registered]) for at in (depth.depth, depth.backstop)])
    counts = (views.valid & ~depth.sky)[registered]
    photos = Photos(kept.evidence.pixels[registered], counts, cameras)
    return fed_back(Owned(scene, rows[chosen], units[chosen]), photos, around, rounds)


def kept_by_rule(views: Views, prediction: Prediction, members: list[int]) -> Kept:
    """Of the registered views among `members`."""
    depth = prediction.depth
    registered = [v for v in members if prediction.cameras.origin[v] != "not registered"]
    evidence = Evidence(
        depth.evened(views.pixels),
        views.valid,
        depth.empty,
        prediction.cameras.cameras,
        prediction.cameras.depth_range[:, 0],
        depth.depth,
        depth.confidence > 0,
        prediction.gaussians.scales.amax(-1),
    )
    sky = replace(evidence, sure=depth.sky)
    every = views.valid & ~depth.empty & ~depth.sky
    front, back = torch.zeros_like(views.valid), torch.zeros_like(views.valid)
    for v in registered:
        others = [m for m in registered if m != v]
        shown, sure = every[v], evidence.sure[v]
        said = _testify(evidence, depth.depth[v], v, others)
        holds = torch.where(sure, (said.unlike < 2) | (said.unlike < said.agreeing), _likely(said, 0))
        against = _before(sky, depth.depth[v], v, others)
        holds &= (against == 0) | (sure & (said.agreeing > against.clamp_min(1)))
        front[v] = shown & holds & (said.through == 0) & ~said.nothing & ~said.finer
        said = _testify(evidence, depth.backstop[v], v, others)
        # Where a backstop is missing there may be a hole: one voice is not enough against it, unless many look.
        likely = _likely(said, 1 if len(others) < MANY else 0) & (_before(sky, depth.backstop[v], v, others) == 0)
        back[v] = shown & ~sure & likely & (said.through == 0) & ~said.nothing
    return Kept(registered, evidence, every, front, back)


def _before(
    sky: Evidence, depth: Float[Tensor, "height width"], view: int, others: list[int]
) -> Float[Tensor, "height width"]:
    """Before how many other views' sky the points of a view hang."""
    if not sky.sure[others].any():
        return torch.zeros_like(depth)
    return _testify(sky, depth, view, others).through


def beyond(views: Views, prediction: Prediction, registered: list[int], config: FuseConfig) -> Gaussians:
    """Sky, and what surrounds the scene, as far as a quarter of all Gaussians each is enough."""
    at_most, depth = config.max_gaussians // 4, prediction.depth
    pixels = depth.evened(views.pixels)
    sky = _dome(pixels, views.valid, prediction, registered, at_most)
    if not config.surroundings:
        return sky
    seen, cameras = (views.valid & ~depth.empty)[registered], prediction.cameras.cameras[registered]
    unseen = surroundings(pixels[registered], cameras, depth.depth[registered], seen, depth.empty[registered])
    if unseen is None or len(unseen) > at_most:
        return sky
    return Gaussians.concatenate([sky, unseen.with_coefficients(sky.sh.shape[1])])


def _dome(
    pixels: Float[Tensor, "view 3 height width"],
    valid: Bool[Tensor, "view height width"],
    prediction: Prediction,
    registered: list[int],
    at_most: int,
) -> Gaussians:
    """No Gaussians where no photo shows sky."""
    sky = prediction.depth.sky[registered]
    if not sky.any():
        return prediction.gaussians.where(torch.zeros_like(prediction.depth.sky))
    radius = float(prediction.depth.dome_radius[registered[0]])
    cameras = prediction.cameras.cameras[registered]
    return dome(pixels[registered], sky, valid[registered], cameras, radius, at_most)


def _likely(said: Testimony, against: int) -> Bool[Tensor, "height width"]:
    """Of points that nobody is sure of: no more than `against` views miss them, and they are nobody's camera."""
    return (said.unlike <= against) & ~said.too_close


def _testify(evidence: Evidence, depth: Float[Tensor, "height width"], view: int, others: list[int]) -> Testimony:
    """By numba where a CPU is the device."""
    twin = testimony if depth.is_cuda else testimony_cpu
    return twin.testify(evidence, depth, view, others)
