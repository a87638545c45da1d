"""The depth stage: sweep, smooth, agree, even out exposure, borrow, complete; then correct by what was learned."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from recon.network.depth import agreement, agreement_cpu
from recon.network.depth.backdrop import shows_nothing
from recon.network.depth.borrow import completed
from recon.network.depth.clues import Clues
from recon.network.depth.correction import Classical, Correction, scene_clues, unmatched
from recon.network.depth.search import closer, from_planes
from recon.network.depth.sky import shows_sky
from recon.network.depth.sources import rank_sources, taken_apart
from recon.network.depth.speckles import islands
from recon.network.dome import distance_along, dome_radius
from recon.network.encoder import Features
from recon.network.exposure import exposure_gains
from recon.network.tokens import Tokens
from recon.prediction import CameraEstimate, DepthEstimate
from recon.views import Views
from render.errors import require

INFINITE = 1e3
"""Times the farthest depth looked at: as good as infinitely far."""
TRAINED_PLANES = 64
EVENED = 0.5
"""How far photos of different exposure meet, in logarithms: each part of a scene keeps half of that of the photos taken
nearby, which is the best guess at what it looks like from there."""


@dataclass(frozen=True)
class DepthConfig:
    """Options of the depth stage."""

    planes: int = 64
    """Inverse depths looked at, evenly spaced between those of the nearest and the farthest point."""
    sources: int = 3
    """Other views that a view is compared with."""
    descriptor_weight: float = 0.5
    """Share of the descriptors in the likeness; the rest is colour's."""
    rounds: int = 3
    """How often depths are averaged with those of the views that agree."""
    min_likeness: float = 0.4
    """Likeness in [-1, 1] from which on a depth can be trusted: below it, agreement is mostly chance."""
    corrected: bool = False
    """Whether depth that matching is not sure of is learned; it was trained with the other options as they are here."""
    corrector_weights: str = ""
    """Where `snapsplat train stage=depth` left weights: such depth is learned, with these and not those that are
    released."""

    def __post_init__(self) -> None:
        require(self.planes >= 3, "network.depth.planes", self.planes, "at least 3")
        if self.corrected or self.corrector_weights:
            fits = f"{TRAINED_PLANES}, which learned depth was trained with; --model classical takes any"
            require(self.planes == TRAINED_PLANES, "network.depth.planes", self.planes, fits)
        require(self.sources >= 1, "network.depth.sources", self.sources, "at least 1")
        require(
            0 <= self.descriptor_weight <= 1, "network.depth.descriptor_weight", self.descriptor_weight, "in [0, 1]"
        )
        require(self.rounds >= 1, "network.depth.rounds", self.rounds, "at least 1")
        require(-1 <= self.min_likeness <= 1, "network.depth.min_likeness", self.min_likeness, "in [-1, 1]")


class DepthStage(nn.Module):
    """Depth of every registered view from its best sources, made to agree between all views of a scene, and corrected
    by what was learned if the options say so. A scene of one photo alone has the depth that the correction guesses."""

    def __init__(self, config: DepthConfig):
        super().__init__()
        self.config = config
        corrected = config.corrected or config.corrector_weights
        self.correction = Correction.pretrained(config.planes, config.corrector_weights) if corrected else None

    @torch.no_grad()
    def forward(self, views: Views, features: Features, estimate: CameraEstimate) -> DepthEstimate:
        empty, sky = _without_surface(views)
        shown = views.valid & ~empty & ~sky
        depth = torch.ones_like(views.pixels[:, 0])
        backstop, confidence = torch.ones_like(depth), torch.zeros_like(depth)
        gain = torch.ones(len(depth), 3, device=depth.device)
        radius = torch.zeros(len(depth), device=depth.device)
        for scene in range(len(views.metric)):
            members = torch.nonzero(views.scene_index == scene)[:, 0].tolist()
            registered = [v for v in members if estimate.origin[v] != "not registered"]
            sky[list(set(members) - set(registered))] = False
            lonely = len(members) == 1 and self.correction is not None
            if len(registered) < 2 and not lonely:
                sky[registered] = False
                continue
            if lonely:
                found = unmatched(views.pixels[members], estimate.depth_range[members], self.config.planes)
            else:
                found = self._classical(views, features, estimate, registered, shown, sky)
            close, behind = found.close, found.behind
            if self.correction is not None:
                close, behind = self.correction(views, found, estimate, registered, shown, sky)
            cameras, sure = estimate.cameras[registered], found.confidence
            depth[registered], backstop[registered] = 1 / close, 1 / behind
            confidence[registered], gain[registered] = sure, found.gain
            for v in set(members) - set(registered):
                depth[v] = backstop[v] = depth[registered].median()
            if sky[registered].any():
                usual = float(_typical(depth, shown, confidence, registered))
                radius[registered] = dome_radius(cameras, usual, float(estimate.depth_range[registered, 1].max()))
                for i, v in enumerate(registered):
                    depth[v] = torch.where(sky[v], distance_along(cameras, i, float(radius[v])), depth[v])
        return DepthEstimate(depth, confidence, backstop, empty, sky, radius, gain)

    @torch.no_grad()
    def clues_of(self, views: Views, features: Features, estimate: CameraEstimate) -> list[Clues]:
        """What the correction may look at, of views that are all registered and of one scene: for its training."""
        empty, sky = _without_surface(views)
        shown, every = views.valid & ~empty & ~sky, list(range(len(views)))
        found = self._classical(views, features, estimate, every, shown, sky)
        return list(scene_clues(views, found, estimate, every, shown, sky, Tokens.pretrained()))

    def _classical(
        self,
        views: Views,
        features: Features,
        estimate: CameraEstimate,
        registered: list[int],
        shown: Bool[Tensor, "view height width"],
        sky: Bool[Tensor, "view height width"],
    ) -> Classical:
        """Of the registered views of one scene."""
        swept = self._sweep(views, features, estimate, registered, closely=True)
        good = swept.likeness > self.config.min_likeness
        agreed = self._agree(estimate, swept.inverse_depth, shown, sky, good, registered)
        cameras, own = estimate.cameras[registered], agreed.inverse_depth[registered]
        sure = agreed.confidence[registered]
        gain = exposure_gains(views.pixels[registered], cameras, own, sure > 0)
        pixels = views.pixels[registered] * gain[:, :, None, None]
        close, behind = completed(pixels, cameras, own, shown[registered], sure > 0)
        return Classical(own, swept.likeness[registered], swept.slices, sure, gain**EVENED, close, behind)

    @torch.no_grad()
    def agreement_of(
        self, views: Views, features: Features, estimate: CameraEstimate, members: list[int]
    ) -> tuple[Bool[Tensor, "member height width"], Float[Tensor, "member height width"]]:
        """Where the views of one scene agree with another on a depth, and how alike they look at their own."""
        empty, sky = _without_surface(views)
        swept = self._sweep(views, features, estimate, members, closely=False)
        good = swept.likeness > self.config.min_likeness
        agreed = self._agree(estimate, swept.inverse_depth, views.valid & ~empty & ~sky, sky, good, members)
        return agreed.confidence[members] > 0, swept.likeness[members]

    def _sweep(
        self, views: Views, features: Features, estimate: CameraEstimate, members: list[int], closely: bool
    ) -> "_Swept":
        """The registered views of one scene, each from its best sources."""
        inverse, likeness = torch.ones_like(views.pixels[:, 0]), torch.zeros_like(views.pixels[:, 0])
        cameras, weight, slices = estimate.cameras, self.config.descriptor_weight, []
        for v in members:
            others = [m for m in members if m != v]
            apart = taken_apart(cameras, estimate.depth_range, v, others) or others
            sources = rank_sources(cameras, estimate.depth_range, v, apart)[: self.config.sources]
            near, far = estimate.depth_range[v].tolist()
            planes = torch.linspace(1 / far, 1 / near, self.config.planes, device=inverse.device)
            found = from_planes(views, features, cameras, planes, weight, v, sources)
            inverse[v], likeness[v] = found.inverse_depth, found.likeness
            slices.append(found.slices)
            if closely:
                inverse[v], more = closer(views, cameras, planes, inverse[v], v, sources)
                likeness[v] = (likeness[v] + (1 - weight) * more).clamp(-1, 1)
        return _Swept(inverse, likeness, torch.stack(slices))

    def _agree(
        self,
        estimate: CameraEstimate,
        inverse: Float[Tensor, "view height width"],
        shown: Bool[Tensor, "view height width"],
        sky: Bool[Tensor, "view height width"],
        alike: Bool[Tensor, "view height width"],
        members: list[int],
    ) -> "_Agreed":
        """Average depths with the views that agree, round by round; trust what is agreed on and not seen through.

        Sky agrees with nothing, and what hangs before it is seen through, unless more other views (and two at least)
        agree on it.
        """
        twin = agreement if inverse.is_cuda else agreement_cpu
        cameras = estimate.cameras
        step = (1 / estimate.depth_range[:, 0] - 1 / estimate.depth_range[:, 1]) / (self.config.planes - 1)
        farthest = INFINITE * estimate.depth_range[:, 1].to(inverse.dtype)
        inverse, trusted = inverse.clone(), torch.zeros_like(shown)
        confidence = torch.zeros_like(inverse)
        others = {v: taken_apart(cameras, estimate.depth_range, v, [m for m in members if m != v]) for v in members}
        for _ in range(self.config.rounds):
            found = {v: twin.agreement(cameras, inverse, shown, trusted, v, others[v]) for v in members}
            for v in members:
                inverse[v] = found[v].refined
                trusted[v] = shown[v] & alike[v] & (found[v].agreeing >= 1)
        infinite = torch.where(sky, 1 / farthest[:, None, None], inverse)
        for v in members:
            last = twin.agreement(cameras, inverse, shown, trusted, v, others[v])
            good = trusted[v] & (last.violated == 0)
            if sky[others[v]].any():
                before_sky = twin.agreement(cameras, infinite, shown, sky, v, others[v]).violated
                good &= (before_sky == 0) | (last.agreeing > before_sky.clamp_min(1))
            good &= (last.agreeing >= 2) | ~islands(inverse[v], good, float(step[v]))
            confidence[v] = torch.where(good, last.agreeing / (last.agreeing + 0.5), torch.zeros_like(inverse[v]))
        return _Agreed(inverse, confidence)


def _without_surface(
    views: Views,
) -> tuple[Bool[Tensor, "view height width"], Bool[Tensor, "view height width"]]:
    """Where photos show nothing, and where they show sky."""
    empty = shows_nothing(views)
    return empty, shows_sky(views) & ~empty


def _typical(
    depth: Float[Tensor, "view height width"],
    shown: Bool[Tensor, "view height width"],
    confidence: Float[Tensor, "view height width"],
    registered: list[int],
) -> Float[Tensor, ""]:
    """Median depth of what is sure, or of all that is shown where nothing is."""
    sure = confidence[registered] > 0
    chosen = sure if sure.any() else shown[registered]
    return depth[registered][chosen].median() if chosen.any() else depth[registered].median()


@dataclass(frozen=True)
class _Swept:
    """Of all views of the pack, but `slices` of the swept ones only; others hold nonsense."""

    inverse_depth: Float[Tensor, "view height width"]
    likeness: Float[Tensor, "view height width"]
    slices: Float[Tensor, "member slice quarter_height quarter_width"]


@dataclass(frozen=True)
class _Agreed:
    """Of all views of the pack; those of other scenes hold nonsense."""

    inverse_depth: Float[Tensor, "view height width"]
    confidence: Float[Tensor, "view height width"]
