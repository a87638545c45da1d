"""Scenes -> what the judge learns from: what the stages before it say of some photos, and others to predict.

Gaussians and what witnesses say of them follow from that, and are made anew whenever they are needed.
"""

import io
import zipfile
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.images import ImageSet, Photo
from recon.network.cameras.matching import Matcher
from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.encoder import Encoder
from recon.network.splat_network import placed
from recon.prediction import CameraEstimate, DepthEstimate, Prediction
from recon.training.camera_errors import with_errors
from recon.training.depth_samples import depth_on_grid, looked_at
from recon.training.scenes import TrainingScene
from recon.views import Views, make_views
from render.cameras import Cameras

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
        front, back = (
            placed(self.views, pixels, self.cameras, self.depth, at) for at in (self.depth.depth, self.depth.backstop)
        )
        return Prediction(self.cameras, self.depth, front, back)


class JudgeSampler:
    """Holds what a run's first stages need; each call runs them on one scene."""

    def __init__(self, size: int, config: DepthConfig | None = None):
        """`size` is the long side of the working grid."""
        self.size = size
        self.stage = DepthStage(config or DepthConfig())
        self.encoder = Encoder(Matcher(16, 16, 0.85))

    @torch.no_grad()
    def __call__(self, scene: TrainingScene, seed: int) -> JudgeSample:
        """Some photos of the scene, and two others.

        Raises:
            ValueError: the scene has fewer than four photos, or its depth is not known.
        """
        if scene.depth is None or len(scene.photos) < 2 + TARGETS:
            raise ValueError(f"The judge learns from four photos or more of known depth; {scene.name} has not.")
        rng = np.random.default_rng(seed)
        count = min(int(rng.choice(CONTEXTS)), len(scene.photos) - TARGETS)
        order = rng.permutation(len(scene.photos)).tolist()
        contexts, targets = sorted(order[TARGETS : TARGETS + count]), order[:TARGETS]
        views, wanted = _views(scene, contexts, self.size), _views(scene, targets, self.size)
        depth = [depth_on_grid(scene.depth[v], views, i) for i, v in enumerate(contexts)]
        ranges = torch.stack([looked_at(z, rng) for z in depth])
        cameras = views.to_grid(scene.cameras[contexts])
        if rng.random() < ERRORS:
            cameras = with_errors(cameras, torch.Generator().manual_seed(int(rng.integers(2**31))))
        estimate = CameraEstimate(cameras, ("given",) * count, ranges)
        found = self.stage(views, self.encoder(views), estimate)
        return JudgeSample(views, estimate, found, wanted.pixels, wanted.to_grid(scene.cameras[targets]))


def _views(scene: TrainingScene, chosen: list[int], size: int) -> Views:
    photos = [Photo(f"{v}", scene.photos[v], None, scene.photos[v].shape[1::-1], None) for v in chosen]
    known = scene.known
    return make_views(ImageSet(tuple(photos)), size, [known[v] for v in chosen], scene.metric)


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
    size_wh = torch.tensor([[width, height]])
    cameras = Cameras(arrays["K_px"], arrays["T_world_camera"], size_wh.expand(count, 2))
    return JudgeSample(
        Views(**{**vars(blank), "pixels": pixels, "valid": arrays["valid"]}),
        CameraEstimate(cameras, ("given",) * count, arrays["depth_range"]),
        DepthEstimate(**{field.name: arrays[f"depth_{field.name}"] for field in fields(DepthEstimate)}),
        targets,
        Cameras(arrays["target_K_px"], arrays["target_T_world_camera"], size_wh.expand(len(targets), 2)),
    )
