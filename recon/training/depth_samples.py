"""Scenes -> what the depth corrector learns from: clues of each view as in a run, and the true depth beside them."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.images import ImageSet, Photo
from recon.network.cameras.matching import Matcher
from recon.network.cameras.world import FARTHEST, MARGIN
from recon.network.depth.clues import Clues, to_share
from recon.network.depth.stage import DepthConfig, DepthStage
from recon.network.encoder import Encoder
from recon.prediction import CameraEstimate
from recon.training.camera_errors import with_errors
from recon.training.scenes import TrainingScene
from recon.views import Views, make_views
from render.errors import InputError

MATCHED = 300
"""Points of known depth that stand for the matched ones, by which a run chooses the depths to look at."""
SHIFT = 0.3
"""How far, in logarithms, those points' extent may differ from the truth."""
ERRORS = 0.4
"""How often the given cameras are a little wrong."""
PAIRS = 0.45
"""How often photos are looked at two by two, not all together."""


@dataclass(frozen=True)
class DepthSample:
    """Of one view; stacked, of several."""

    clues: Clues
    truth: Float[Tensor, "*view height width"]
    """True inverse depth as a share of the range looked at; 0 where it is not known."""
    known: Bool[Tensor, "*view height width"]
    """Where there is a surface of known depth."""
    sky: Bool[Tensor, "*view height width"]
    """Where there is none."""

    @staticmethod
    def stack(samples: Sequence["DepthSample"]) -> "DepthSample":
        """Of views of one size."""
        truth, known, sky = (torch.stack([getattr(s, name) for s in samples]) for name in ("truth", "known", "sky"))
        return DepthSample(Clues.stack([s.clues for s in samples]), truth, known, sky)


class DepthSampler:
    """Holds what a run's first stages need; each call runs them on one scene."""

    def __init__(self, size: int, config: DepthConfig | None = None):
        """`size` is the long side of the working grid."""
        self.size = size
        self.stage = DepthStage(config or DepthConfig())
        self.encoder = Encoder(Matcher(16, 16, 0.85))

    @torch.no_grad()
    def __call__(self, scene: TrainingScene, seed: int) -> list[DepthSample]:
        """One for each photo of the scene; what is clues of it follows from the others, or from one of them.

        Raises:
            InputError: the scene's depth is not known.
        """
        if scene.depth is None:
            raise InputError(f"The depth corrector learns from true depth, and {scene.name} has none.")
        rng = np.random.default_rng([seed, len(scene.photos)])
        count = len(scene.photos)
        size = 2 if rng.random() < PAIRS else count
        # One that would be left alone joins the last pair.
        starts = list(range(0, count - 1, size)) or [0]
        samples = []
        for start, end in zip(starts, [*starts[1:], count], strict=True):
            samples += self._together(scene, list(range(start, end)), rng)
        return samples

    def _together(self, scene: TrainingScene, chosen: list[int], rng: np.random.Generator) -> list[DepthSample]:
        """Of some of its photos, as if there were no others."""
        assert scene.depth is not None
        views = views_of(scene, chosen, self.size)
        depth = torch.stack([depth_on_grid(scene.depth[v], views, i) for i, v in enumerate(chosen)])
        ranges = torch.stack([looked_at(z, rng) for z in depth])
        cameras = views.to_grid(scene.cameras[chosen])
        if rng.random() < ERRORS:
            cameras = with_errors(cameras, torch.Generator().manual_seed(int(rng.integers(2**31))))
        told = self.stage.clues_of(
            views, self.encoder(views), CameraEstimate(cameras, ("given",) * len(chosen), ranges)
        )
        asked = torch.tensor([not scene.held_out or v in scene.held_out for v in chosen])
        told_of = views.valid & asked[:, None, None]
        known, sky = (depth > 0) & depth.isfinite() & told_of, depth.isinf() & told_of
        return [
            DepthSample(
                told[v],
                torch.where(known[v], to_share(1 / depth[v].clamp_min(1e-6), ranges[v]), torch.zeros_like(depth[v])),
                known[v],
                sky[v],
            )
            for v in range(len(views))
        ]


def views_of(scene: TrainingScene, chosen: list[int], size: int) -> Views:
    """Some of the scene's photos with their true cameras, as a run is given them; `size` is the grid's long side."""
    photos = [Photo(f"{v}", scene.photos[v], None, scene.photos[v].shape[1::-1], None) for v in chosen]
    known = scene.known
    return make_views(ImageSet(tuple(photos)), size, [known[v] for v in chosen], scene.metric)


def depth_on_grid(depth: Float[np.ndarray, "h w"], views: Views, view: int) -> Float[Tensor, "height width"]:
    """Depth of a photo on the working grid: nearest, so that none lies between two surfaces; 0 beside the photo."""
    width, height = views.photo_size_wh[view].tolist()
    out = torch.zeros(views.pixels.shape[2:])
    resized = cv2.resize(depth, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    out[:height, :width] = torch.from_numpy(resized)
    return out


def looked_at(depth: Float[Tensor, "height width"], rng: np.random.Generator) -> Float[Tensor, "2"]:
    """Nearest and farthest depth that a run would look at, from some points, as `cameras.world.depth_ranges`."""
    finite = depth[(depth > 0) & depth.isfinite()].numpy()
    if len(finite) == 0:
        return torch.tensor([1.0, 10.0])
    near, middle, far = np.percentile(rng.choice(finite, MATCHED), [1, 50, 99]) * np.exp(
        rng.uniform(-SHIFT, SHIFT, 3) * [1, 0, 1]
    )
    near, far = min(near, middle), max(far, middle)
    return torch.tensor([near * MARGIN[0], min(far * MARGIN[1], FARTHEST * middle)])


def to_bytes(sample: DepthSample) -> bytes:
    """For a file: what needs no more is kept in bytes or in half precision."""
    clues = sample.clues
    arrays = {
        "slices": ((clues.slices + 1) * 127.5).round().clamp(0, 255).to(torch.uint8),
        "maps": clues.maps.half(),
        # Shares of the range need more than half precision.
        "shares": clues.maps[3:5],
        "tokens": clues.tokens.half(),
        "truth": sample.truth,
        "known": sample.known,
        "sky": sample.sky,
    }
    held = io.BytesIO()
    np.savez(held, allow_pickle=False, **{name: array.numpy() for name, array in arrays.items()})
    return held.getvalue()


def from_bytes(content: bytes) -> DepthSample:
    """Undoes `to_bytes`, to its precision.

    Raises:
        ValueError, zipfile.BadZipFile: it is something else.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        arrays = {name: torch.from_numpy(held[name]) for name in held.files}
    if arrays.keys() != {"slices", "maps", "shares", "tokens", "truth", "known", "sky"}:
        raise zipfile.BadZipFile(f"A depth sample was expected; there are {sorted(arrays)}.")
    maps = arrays["maps"].float()
    maps[3:5] = arrays["shares"]
    clues = Clues(arrays["slices"].float() / 127.5 - 1, maps, arrays["tokens"].float())
    return DepthSample(clues, arrays["truth"], arrays["known"], arrays["sky"])
