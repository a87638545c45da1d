"""The classical depth stage: sweep, smooth, agree, even out exposure, borrow, complete."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from recon.network.depth import agreement, agreement_cpu, smooth, smooth_cpu, sweep, sweep_cpu
from recon.network.depth.backdrop import shows_nothing
from recon.network.depth.borrow import borrow_depth
from recon.network.depth.complete import complete
from recon.network.depth.geometry import relative_projections
from recon.network.depth.sky import shows_sky
from recon.network.depth.sources import rank_sources, taken_apart
from recon.network.depth.speckles import islands
from recon.network.dome import distance_along, dome_radius
from recon.network.encoder import Features
from recon.network.exposure import exposure_gains
from recon.prediction import CameraEstimate, DepthEstimate
from recon.views import Views
from render.cameras import Cameras
from render.errors import require

INFINITE = 1e3
"""Times the farthest depth looked at: as good as infinitely far."""


@dataclass(frozen=True)
class DepthConfig:
    """Options of the classical depth stage."""

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

    def __post_init__(self) -> None:
        require(self.planes >= 3, "network.depth.planes", self.planes, "at least 3")
        require(self.sources >= 1, "network.depth.sources", self.sources, "at least 1")
        require(
            0 <= self.descriptor_weight <= 1, "network.depth.descriptor_weight", self.descriptor_weight, "in [0, 1]"
        )
        require(self.rounds >= 1, "network.depth.rounds", self.rounds, "at least 1")
        require(-1 <= self.min_likeness <= 1, "network.depth.min_likeness", self.min_likeness, "in [-1, 1]")


class ClassicalDepth(nn.Module):
    """Depth of every registered view from its best sources, then made to agree between all views of a scene."""

    def __init__(self, config: DepthConfig):
        super().__init__()
        self.config = config

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
            if len(registered) < 2:
                sky[registered] = False
                continue
            inverse, likeness = self._sweep(views, features, estimate, registered)
            good = likeness > self.config.min_likeness
            agreed = self._agree(estimate, inverse, shown, sky, good, registered)
            cameras, own = estimate.cameras[registered], agreed.inverse_depth[registered]
            sure = agreed.confidence[registered]
            gain[registered] = exposure_gains(views.pixels[registered], cameras, own, sure > 0)
            pixels = views.pixels[registered] * gain[registered][:, :, None, None]
            borrowed, taken = borrow_depth(pixels, cameras, own, sure)
            taken &= shown[registered]
            for i, v in enumerate(registered):
                inverse_depth = torch.where(taken[i], borrowed[i], agreed.inverse_depth[v])
                close, behind = complete(inverse_depth, taken[i] | (agreed.confidence[v] > 0), views.pixels[v])
                depth[v], backstop[v], confidence[v] = 1 / close, 1 / behind, agreed.confidence[v]
            for v in set(members) - set(registered):
                depth[v] = backstop[v] = depth[registered].median()
            if sky[registered].any():
                usual = float(_typical(depth, shown, confidence, registered))
                radius[registered] = dome_radius(cameras, usual, float(estimate.depth_range[registered, 1].max()))
                for i, v in enumerate(registered):
                    depth[v] = torch.where(sky[v], distance_along(cameras, i, float(radius[v])), depth[v])
        return DepthEstimate(depth, confidence, backstop, empty, sky, radius, gain)

    @torch.no_grad()
    def agreement_of(
        self, views: Views, features: Features, estimate: CameraEstimate, members: list[int]
    ) -> tuple[Bool[Tensor, "member height width"], Float[Tensor, "member height width"]]:
        """Where the views of one scene agree with another on a depth, and how alike they look at their own."""
        empty, sky = _without_surface(views)
        inverse, likeness = self._sweep(views, features, estimate, members)
        good = likeness > self.config.min_likeness
        agreed = self._agree(estimate, inverse, views.valid & ~empty & ~sky, sky, good, members)
        return agreed.confidence[members] > 0, likeness[members]

    def _sweep(
        self, views: Views, features: Features, estimate: CameraEstimate, members: list[int]
    ) -> tuple[Float[Tensor, "view height width"], Float[Tensor, "view height width"]]:
        """Inverse depth and likeness of the registered views of one scene, each from its best sources."""
        inverse, likeness = torch.ones_like(views.pixels[:, 0]), torch.zeros_like(views.pixels[:, 0])
        for v in members:
            others = [m for m in members if m != v]
            apart = taken_apart(estimate.cameras, estimate.depth_range, v, others) or others
            sources = rank_sources(estimate.cameras, estimate.depth_range, v, apart)[: self.config.sources]
            inverse[v], likeness[v] = self.sweep_view(
                views, features, estimate.cameras, estimate.depth_range[v], v, sources
            )
        return inverse, likeness

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

    def sweep_view(
        self,
        views: Views,
        features: Features,
        cameras: Cameras,
        depth_range: Float[Tensor, "2"],
        view: int,
        sources: list[int],
    ) -> tuple[Float[Tensor, "height width"], Float[Tensor, "height width"]]:
        """Inverse depth of one view, of the plane that its sources agree on, and how alike they look there."""
        near, far = depth_range.tolist()
        planes = torch.linspace(1 / far, 1 / near, self.config.planes, device=views.pixels.device)
        colour = _Comparison.of(views.pixels, views.valid, cameras, view, sources)
        coarse = interpolate(views.valid[:, None].float(), features.descriptors.shape[2:], mode="area")[:, 0] > 0.5
        width, height = views.size_wh
        quarter = cameras.resized((features.descriptors.shape[3], features.descriptors.shape[2]))
        described = _Comparison.of(features.descriptors, coarse, quarter, view, sources)
        weight = self.config.descriptor_weight
        likeness = described.likeness(planes, "descriptor").permute(2, 0, 1)[None]
        likeness = interpolate(likeness, (height, width), mode="bilinear", align_corners=False)[0].permute(1, 2, 0)
        likeness = weight * likeness + (1 - weight) * colour.likeness(planes, "colour")
        at = smooth.lowest(_smoothed(1 - likeness, views.pixels[view]))
        best = likeness.gather(-1, at.round().long().clamp(0, len(planes) - 1)[..., None])[..., 0]
        return planes[0] + at * (planes[1] - planes[0]), best


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
class _Agreed:
    """Of all views of the pack; those of other scenes hold nonsense."""

    inverse_depth: Float[Tensor, "view height width"]
    confidence: Float[Tensor, "view height width"]


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
        sources: list[int],
    ) -> "_Comparison":
        return _Comparison(maps[view], maps[sources], valid[sources], *relative_projections(cameras, view, sources))

    def likeness(self, planes: Float[Tensor, "plane"], kind: str) -> Float[Tensor, "height width plane"]:
        """By numba where a CPU is the device."""
        if planes.is_cuda:
            twin = sweep.colour_likeness if kind == "colour" else sweep.descriptor_likeness
            found = twin(self.reference, self.sources, self.valid, self.M, self.m, planes)
            return found.permute(1, 2, 0)
        fast = sweep_cpu.colour_likeness if kind == "colour" else sweep_cpu.descriptor_likeness
        arrays = [_channels_last(self.reference), _channels_last(self.sources)]
        arrays += [x.numpy() for x in (self.valid, self.M, self.m, planes)]
        return torch.from_numpy(fast(*arrays))


def _smoothed(
    cost: Float[Tensor, "height width plane"], image: Float[Tensor, "3 height width"]
) -> Float[Tensor, "height width plane"]:
    if cost.is_cuda:
        return smooth.aggregate(cost, image)
    return torch.from_numpy(smooth_cpu.aggregate(np.ascontiguousarray(cost.numpy()), _channels_last(image)))


def _channels_last(maps: Float[Tensor, "*batch channel height width"]) -> np.ndarray:
    return np.ascontiguousarray(maps.movedim(-3, -1).numpy())
