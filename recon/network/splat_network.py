"""Photos on a grid in, cameras, depth and a Gaussian for every pixel out, in one forward pass.

    Views -> encoder, matches -> solver -> choice of cameras -> depth -> gaussians, view_colours -> Prediction
             look                solve     build
             on the device       on CPUs   on the device

Each stage is a module that can be swapped alone. The classical twins stand here; what has learned weights will beat
them by measurement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.network import view_colours, view_colours_cpu
from recon.network.cameras.hypotheses import Solved, solve
from recon.network.cameras.matching import Matcher
from recon.network.cameras.question import Question
from recon.network.cameras.stage import CamerasConfig, ClassicalCameras
from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.encoder import Encoder, Features
from recon.network.feedback import FeedbackConfig
from recon.network.fuse import FuseConfig
from recon.network.gaussians import BACKSTOP_OPACITY, GUESSED_OPACITY, pixel_gaussians
from recon.network.judge_net import JudgeNet
from recon.network.stage_clock import Progress, StageClock
from recon.network.verifier import Verifier
from recon.prediction import CameraEstimate, DepthEstimate, PixelGaussians, Prediction
from recon.views import Views


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
        seen = self.look(views, progress)
        solved = [solve(question, seed) for question in seen.questions]
        return self.build(views, seen, solved, progress)

    def look(self, views: Views, progress: Progress | None = None) -> "Seen":
        """All that needs the device before the cameras can be solved."""
        clock = StageClock(progress)
        features = clock("encoder", self.encoder(views))
        questions = self.cameras.ask(views, features)
        return Seen(features, questions, clock.seconds())

    def build(
        self, views: Views, seen: "Seen", solved: Sequence[Solved], progress: Progress | None = None
    ) -> Prediction:
        """All that needs the device once they are; `solved` has an answer for each question."""
        clock = StageClock(progress, seen.asking_seconds + sum(answer.seconds for answer in solved))
        cameras = clock("cameras", self.cameras.choose(views, seen.features, solved))
        depth = clock("depth", self.depth(views, seen.features, cameras))
        pixels = depth.evened(views.pixels)
        gaussians, backstop = clock("gaussians", both_layers(views, pixels, cameras, depth))
        return Prediction(cameras=cameras, depth=depth, gaussians=gaussians, backstop=backstop)


@dataclass(frozen=True)
class Seen:
    """What the device says of packed views before their cameras are solved."""

    features: Features
    questions: list[Question]
    """For each scene of the pack; these are not on the device."""
    asking_seconds: float
    """Of the stage that finds the cameras, until now."""


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
