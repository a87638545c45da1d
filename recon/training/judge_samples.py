"""Scenes -> what the judge learns from: what the stages before it say of some photos, and others to predict.

Gaussians and what witnesses say of them follow from that, and are made anew whenever they are needed.
"""

import io
import zipfile
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.images import ImageSet, Photo
from recon.network.cameras.matching import Matcher
from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.encoder import Encoder
from recon.network.splat_network import both_layers
from recon.prediction import CameraEstimate, DepthEstimate, Prediction
from recon.training.camera_errors import with_errors
from recon.training.depth_samples import depth_on_grid, looked_at, views_of
from recon.training.matched_range import MatchedRange
from recon.training.scenes import TrainingScene
from recon.views import Views, make_views
from render.cameras import Cameras
from render.errors import CamerasError, InputError

CONTEXTS = (2, 3, 4, 6, 8)
"""How many photos make a scene, one as likely as the other."""
ERRORS = 0.5
"""How often the given cameras are a little wrong."""
TARGETS = 2
"""How many others are to be predicted."""


@dataclass(frozen=True)
class JudgeSample:
    """Of one scene."""

    views: Views
    cameras: CameraEstimate
    depth: DepthEstimate
    targets: Float[Tensor, "target 3 height width"]
    """sRGB in [0, 1]."""
    target_cameras: Cameras

    def prediction(self) -> Prediction:
        """With the Gaussians that a run would give it."""
        pixels = self.depth.evened(self.views.pixels)
        return Prediction(self.cameras, self.depth, *both_layers(self.views, pixels, self.cameras, self.depth))


class JudgeSampler:
    """Holds what a run's first stages need; each call runs them on one scene."""

    def __init__(self, size: int, config: DepthConfig | None = None):
        """`size` is the long side of the working grid."""
        self.size = size
        self.stage = DepthStage(config or DepthConfig())
        self.encoder = Encoder(Matcher(16, 16, 0.85))

    @cached_property
    def matched_range(self) -> MatchedRange:
        """Made when the first photo without depth comes."""
        return MatchedRange()

    @torch.no_grad()
    def __call__(self, scene: TrainingScene, seed: int) -> JudgeSample:
        """Some photos of the scene, and others: those held out, or two of them all.

        Raises:
            InputError: the scene has too few photos.
            CamerasError: its photos contradict their cameras.
        """
        rng = np.random.default_rng(seed)
        count = int(rng.choice(CONTEXTS))
        order = [v for v in rng.permutation(len(scene.photos)).tolist() if v not in scene.held_out]
        targets = list(scene.held_out)
        if not targets:
            targets, order = order[:TARGETS], order[TARGETS:]
        if len(order) < min(CONTEXTS):
            raise InputError(
                f"The judge learns from {min(CONTEXTS)} photos and {TARGETS} to predict, or more; {scene.name} has "
                f"{len(scene.photos)} photos."
            )
        contexts = sorted(order[:count])
        views, wanted = views_of(scene, contexts, self.size), views_of(scene, targets, self.size)
        ranges = self._ranges(scene, contexts, views, rng)
        cameras = views.to_grid(scene.cameras[contexts])
        if rng.random() < ERRORS:
            cameras = with_errors(cameras, torch.Generator().manual_seed(int(rng.integers(2**31))))
        estimate = CameraEstimate(cameras, ("given",) * len(contexts), ranges)
        found = self.stage(views, self.encoder(views), estimate)
        return JudgeSample(views, estimate, found, wanted.pixels, wanted.to_grid(scene.cameras[targets]))

    def _ranges(
        self, scene: TrainingScene, contexts: list[int], views: Views, rng: np.random.Generator
    ) -> Float[Tensor, "view 2"]:
        """Depths to look at: from true depth, and for photos that have none from matches, as a run does."""
        known = [depth_on_grid(scene.depth[v], views, i) for i, v in enumerate(contexts)] if scene.depth else []
        if known and all((z > 0).any() for z in known):
            return torch.stack([looked_at(z, rng) for z in known])
        try:
            ranges = self.matched_range(views)
        except CamerasError as error:
            raise CamerasError(f"{scene.name}: {error}") from error
        for i, z in enumerate(known):
            if (z > 0).any():
                ranges[i] = looked_at(z, rng)
        return ranges


def to_bytes(sample: JudgeSample) -> bytes:
    """For a file: pictures in bytes."""
    cameras, depth = sample.cameras, sample.depth
    arrays = {
        "pixels": (sample.views.pixels * 255).round().to(torch.uint8),
        "valid": sample.views.valid,
        "K_px": cameras.cameras.K_px,
        "T_world_camera": cameras.cameras.T_world_camera,
        "depth_range": cameras.depth_range,
        "targets": (sample.targets * 255).round().to(torch.uint8),
        "target_K_px": sample.target_cameras.K_px,
        "target_T_world_camera": sample.target_cameras.T_world_camera,
        **{f"depth_{field.name}": getattr(depth, field.name) for field in fields(DepthEstimate)},
    }
    held = io.BytesIO()
    np.savez(held, allow_pickle=False, **{name: array.numpy() for name, array in arrays.items()})
    return held.getvalue()


def from_bytes(content: bytes) -> JudgeSample:
    """Undoes `to_bytes`, to its precision.

    Raises:
        ValueError, zipfile.BadZipFile: it is something else.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        arrays = {name: torch.from_numpy(held[name]) for name in held.files}
    if "target_K_px" not in arrays:
        raise zipfile.BadZipFile(f"A sample for the judge was expected; there are {sorted(arrays)}.")
    pixels, targets = arrays["pixels"].float() / 255, arrays["targets"].float() / 255
    count, _, height, width = pixels.shape
    photos = [Photo(f"{v}", np.zeros((height, width, 3), np.uint8), None, (width, height), None) for v in range(count)]
    blank = make_views(ImageSet(tuple(photos)), max(height, width))
    size_wh, target_wh = torch.tensor([[width, height]]), torch.tensor([[*targets.shape[:1:-1]]])
    cameras = Cameras(arrays["K_px"], arrays["T_world_camera"], size_wh.expand(count, 2))
    return JudgeSample(
        Views(**{**vars(blank), "pixels": pixels, "valid": arrays["valid"]}),
        CameraEstimate(cameras, ("given",) * count, arrays["depth_range"]),
        DepthEstimate(**{field.name: arrays[f"depth_{field.name}"] for field in fields(DepthEstimate)}),
        targets,
        Cameras(arrays["target_K_px"], arrays["target_T_world_camera"], target_wh.expand(len(targets), 2)),
    )
