"""Photos on a grid in, cameras, depth and a Gaussian for every pixel out, in one forward pass.

    Views -> encoder -> cameras -> depth -> gaussians, view_colours -> Prediction

Each stage is a module that can be swapped alone. The classical twins stand here; what has learned weights will beat
them by measurement.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.network import view_colours, view_colours_cpu
from recon.network.cameras.matching import Matcher
from recon.network.cameras.stage import CamerasConfig, ClassicalCameras
from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.encoder import Encoder
from recon.network.feedback import FeedbackConfig
from recon.network.fuse import FuseConfig
from recon.network.gaussians import BACKSTOP_OPACITY, GUESSED_OPACITY, pixel_gaussians
from recon.network.judge_net import JudgeNet
from recon.network.verifier import Verifier
from recon.prediction import CameraEstimate, DepthEstimate, PixelGaussians, Prediction
from recon.views import Views

Result = TypeVar("Result")
Progress = Callable[[str, float, object], None]
"""Called after each stage with its name, its seconds and what it found."""


@dataclass(frozen=True)
class NetworkConfig:
    """Options of every stage."""

    cameras: CamerasConfig = field(default_factory=CamerasConfig)
    depth: DepthConfig = field(default_factory=DepthConfig)
    fuse: FuseConfig = field(default_factory=FuseConfig)
    feedback: FeedbackConfig = field(default_factory=FeedbackConfig)


class SplatNetwork(nn.Module):
    """The whole pass over packed views."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        matcher = Matcher(config.cameras.xfeat_keypoints, config.cameras.sift_keypoints, config.cameras.sift_ratio)
        self.encoder = Encoder(matcher)
        self.cameras = ClassicalCameras(matcher, Verifier())
        self.depth = DepthStage(config.depth)
        judged = config.fuse.judged or config.fuse.judge_weights
        self.judge = JudgeNet.pretrained(config.fuse.judge_weights) if judged else None

    def forward(self, views: Views, seed: int = 0, progress: Progress | None = None) -> Prediction:
        """Seeded: the same views and seed give the same prediction."""
        clock = _Clock(progress)
        features = clock("encoder", self.encoder(views))
        cameras = clock("cameras", self.cameras(views, features, seed))
        depth = clock("depth", self.depth(views, features, cameras))
        pixels = depth.evened(views.pixels)
        gaussians, backstop = clock("gaussians", both_layers(views, pixels, cameras, depth))
        return Prediction(cameras=cameras, depth=depth, gaussians=gaussians, backstop=backstop)


def both_layers(
    views: Views, pixels: Float[Tensor, "view 3 height width"], cameras: CameraEstimate, depth: DepthEstimate
) -> tuple[PixelGaussians, PixelGaussians]:
    """Every pixel's Gaussian at its depth, and one at its backstop; the less sure, the fainter."""
    front, back = (placed(views, pixels, cameras, depth, at) for at in (depth.depth, depth.backstop))
    guessed = torch.where(depth.confidence > 0, front.opacities, torch.full_like(front.opacities, GUESSED_OPACITY))
    return replace(front, opacities=guessed), replace(back, opacities=torch.full_like(guessed, BACKSTOP_OPACITY))


def placed(
    views: Views,
    pixels: Float[Tensor, "view 3 height width"],
    cameras: CameraEstimate,
    depth: DepthEstimate,
    at: Float[Tensor, "view height width"],
) -> PixelGaussians:
    """Every pixel's Gaussian at a depth of its own, coloured as all photos of its scene say."""
    plain = pixel_gaussians(pixels, cameras.cameras, at)
    sh = torch.cat([plain.sh, plain.sh.new_zeros(*plain.sh.shape[:3], 3, 3)], -2)
    surface = views.valid & ~depth.empty & ~depth.sky
    twin = view_colours if at.is_cuda else view_colours_cpu
    for scene in range(len(views.metric)):
        members = torch.nonzero(views.scene_index == scene)[:, 0].tolist()
        registered = [v for v in members if cameras.origin[v] != "not registered"]
        if len(registered) < 2:
            continue
        known = (pixels[registered], cameras.cameras[registered], surface[registered], depth.depth[registered])
        for i, v in enumerate(registered):
            sh[v] = twin.view_colours(*known, at[v], i)
    return replace(plain, sh=sh)


class _Clock:
    """Hands a stage's result on and tells how long it took."""

    def __init__(self, progress: Progress | None):
        self.progress = progress
        self.since = time.perf_counter()

    def __call__(self, stage: str, result: Result) -> Result:
        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
        now = time.perf_counter()
        if self.progress is not None:
            self.progress(stage, now - self.since, result)
        self.since = now
        return result
