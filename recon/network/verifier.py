"""How well photos agree on a depth if they were taken from where a hypothesis says.

Matches are few, and two photos' matches fit around many focal lengths; every pixel has a say here. A coarse plane
sweep at a quarter of the working grid takes a fraction of a second.
"""

from dataclasses import replace

import torch
from torch.nn.functional import interpolate

from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.encoder import Features
from recon.prediction import CameraEstimate
from recon.views import Views

REDUCED = 4


class Verifier:
    """Ranks camera hypotheses for the views of one scene."""

    def __init__(self) -> None:
        self.depth = DepthStage(DepthConfig(planes=48))

    @torch.no_grad()
    def __call__(self, views: Views, features: Features, estimate: CameraEstimate) -> float:
        """Mean over all photos' pixels of how alike they look where they agree on a depth, 0 where they don't."""
        members = [v for v, origin in enumerate(estimate.origin) if origin != "not registered"]
        if len(members) < 2:
            return 0.0
        small = reduced(views)
        cameras = replace(estimate, cameras=estimate.cameras.resized(small.size_wh))
        agreeing, likeness = self.depth.agreement_of(small, features, cameras, members)
        return float((agreeing * likeness.clamp_min(0)).sum() / small.valid.sum().clamp_min(1))


def reduced(views: Views) -> Views:
    """The views on a working grid a quarter as fine; their fine pixels stay."""
    size = [side // REDUCED for side in views.pixels.shape[2:]]
    return replace(
        views,
        pixels=interpolate(views.pixels, size, mode="area"),
        valid=interpolate(views.valid[:, None].float(), size, mode="area")[:, 0] > 0.5,
        grid_scale=views.grid_scale / REDUCED,
    )
