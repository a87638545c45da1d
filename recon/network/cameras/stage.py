"""The classical camera stage: match on the device, solve on the CPU, and carry the answer back to the working grid.

    Views, Features -> ask -> Question (a scene's) -> solve -> Solved -> choose -> CameraEstimate
                       on the device                  on the CPU         on the device

A photo that is alone has nothing to be matched with: it is the world, and everything about it a guess.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from recon.network.cameras.asked import pose_question
from recon.network.cameras.hypotheses import Hypothesis, Solved, solve
from recon.network.cameras.matching import Matcher
from recon.network.cameras.question import Question
from recon.network.encoder import Features
from recon.prediction import CameraEstimate
from recon.views import Views, unpack_views
from render.cameras import Cameras
from render.errors import require

Verify = Callable[[Views, Features, CameraEstimate], float]
"""How well the views of one scene agree, if they were taken from there; the more the better. See `verifier`."""
CLEARLY = 1.01
"""How many times better photos must agree on depths for another map to be preferred to the one that fits best."""


@dataclass(frozen=True)
class CamerasConfig:
    """Options of the classical camera stage."""

    xfeat_keypoints: int = 1024
    """Keypoints of XFeat in a view, at most."""
    sift_keypoints: int = 2048
    """Keypoints of SIFT in a view, at most."""
    sift_ratio: float = 0.85
    """Lowe's ratio: nearest over second nearest distance, at most."""

    def __post_init__(self) -> None:
        require(self.xfeat_keypoints >= 1, "network.cameras.xfeat_keypoints", self.xfeat_keypoints, "at least 1")
        require(self.sift_keypoints >= 1, "network.cameras.sift_keypoints", self.sift_keypoints, "at least 1")
        require(0 < self.sift_ratio <= 1, "network.cameras.sift_ratio", self.sift_ratio, "in (0, 1]")


class ClassicalCameras(nn.Module):
    """Each scene of the pack is matched, solved and chosen for by itself."""

    def __init__(self, matcher: Matcher, verifier: Verify):
        super().__init__()
        self.matcher = matcher
        self.verifier = verifier

    def forward(self, views: Views, features: Features, seed: int) -> CameraEstimate:
        questions = self.ask(views, features)
        return self.choose(views, features, [solve(question, seed) for question in questions])

    def ask(self, views: Views, features: Features) -> list[Question]:
        """What the solver needs of each scene: matches, and what is known. Nothing of it stays on the device."""
        return [pose_question(views, features, self.matcher, members) for members in _scenes(views)]

    def choose(self, views: Views, features: Features, solved: Sequence[Solved]) -> CameraEstimate:
        """Of hypotheses that explain a scene's matches equally well, the one on which its photos clearly agree best."""
        pairs = zip(_scenes(views), solved, strict=True)
        return _pack(views, [self._best(views, features, members, answer.hypotheses) for members, answer in pairs])

    def _best(self, views: Views, features: Features, members: list[int], maps: Sequence[Hypothesis]) -> Hypothesis:
        if len(maps) == 1:
            return maps[0]
        own, own_features = unpack_views(views)[views.scene_index[members[0]]], features.of(members)
        agreement = [self.verifier(own, own_features, _pack(own, [one])) for one in maps]
        best = int(np.argmax(agreement))
        return maps[best if agreement[best] > CLEARLY * agreement[0] else 0]


def _scenes(views: Views) -> list[list[int]]:
    """The views of each scene of the pack."""
    scenes = views.scene_index.unique().tolist()
    return [torch.nonzero(views.scene_index == scene)[:, 0].tolist() for scene in scenes]


def _pack(views: Views, chosen: list[Hypothesis]) -> CameraEstimate:
    device = views.pixels.device
    originals = Cameras(
        K_px=torch.from_numpy(np.concatenate([a.K_px for a in chosen])),
        T_world_camera=torch.from_numpy(np.concatenate([a.T_world_camera for a in chosen])),
        size_wh=views.original_size_wh,
    )
    return CameraEstimate(
        cameras=views.to_grid(originals).to(device),
        origin=tuple(o for a in chosen for o in a.origin),
        depth_range=torch.from_numpy(np.concatenate([a.depth_range for a in chosen])).to(device),
        warnings=tuple(a.warnings for a in chosen),
        facts=tuple(a.facts for a in chosen),
        given_refused=tuple(a.given_refused for a in chosen),
    )
