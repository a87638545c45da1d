"""Photos on a grid in, cameras, depth and a Gaussian for every pixel out, in one forward pass.

    Views -> encoder -> cameras -> depth -> gaussians -> Prediction

Each stage is a module that can be swapped alone. The classical twins stand here; what has learned weights will beat
them by measurement.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import nn

from recon.network.cameras.matching import Matcher
from recon.network.cameras.stage import CamerasConfig, ClassicalCameras
from recon.network.depth.stage import ClassicalDepth, DepthConfig
from recon.network.encoder import Encoder
from recon.network.fuse import FuseConfig
from recon.network.gaussians import pixel_gaussians
from recon.network.verifier import Verifier
from recon.prediction import Prediction
from recon.views import Views

Result = TypeVar("Result")
Progress = Callable[[str, float], None]
"""Called after each stage with its name and its seconds."""


@dataclass(frozen=True)
class NetworkConfig:
    """Options of every stage."""

    cameras: CamerasConfig = field(default_factory=CamerasConfig)
    depth: DepthConfig = field(default_factory=DepthConfig)
    fuse: FuseConfig = field(default_factory=FuseConfig)


class SplatNetwork(nn.Module):
    """The whole pass over packed views."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        matcher = Matcher(config.cameras.xfeat_keypoints, config.cameras.sift_keypoints, config.cameras.sift_ratio)
        self.encoder = Encoder(matcher)
        self.cameras = ClassicalCameras(matcher, Verifier())
        self.depth = ClassicalDepth(config.depth)

    def forward(self, views: Views, seed: int = 0, progress: Progress | None = None) -> Prediction:
        """Seeded: the same views and seed give the same prediction."""
        clock = _Clock(progress)
        features = clock("encoder", self.encoder(views))
        cameras = clock("cameras", self.cameras(views, features, seed))
        depth = clock("depth", self.depth(views, features, cameras))
        pixels = depth.evened(views.pixels)
        gaussians = pixel_gaussians(pixels, cameras.cameras, depth.depth, depth.confidence)
        backstop = clock("gaussians", pixel_gaussians(pixels, cameras.cameras, depth.backstop, depth.confidence))
        return Prediction(cameras=cameras, depth=depth, gaussians=gaussians, backstop=backstop)


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
            self.progress(stage, now - self.since)
        self.since = now
        return result
