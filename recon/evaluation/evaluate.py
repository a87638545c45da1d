"""Reconstructs from some photos of a scene with true cameras, and scores what it predicts of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recon.engine import Engine
from recon.evaluation.scores import DepthErrors, depth_errors, psnr, ssim
from recon.images import ImageSet, Photo
from recon.reconstruction import Reconstruction
from recon.training.scenes import TrainingScene
from recon.views import make_views
from render.errors import SnapsplatError


@dataclass(frozen=True)
class Scores:
    """Of one scene; means over the targets, or over the contexts for depth."""

    psnr: float
    """In dB, at the working grid's size."""
    ssim: float
    coverage: float
    """Mean alpha."""
    depth: DepthErrors | None
    """Of the contexts, where their depth is known."""
    gaussians: int


def evaluate_scene(
    engine: Engine, scene: TrainingScene, contexts: Sequence[int], targets: Sequence[int], size: int, seed: int = 0
) -> Scores | SnapsplatError:
    """Scores with the true cameras given; what the engine answers where it makes no scene."""
    photos = [Photo(f"{v}", scene.photos[v], None, _size_wh(scene.photos[v]), None) for v in contexts]
    known = scene.known
    views = make_views(ImageSet(tuple(photos)), size, [known[v] for v in contexts], scene.metric)
    (answer,) = engine.reconstruct([views], seed)
    if isinstance(answer, SnapsplatError):
        return answer
    rows = [_target(answer, scene, v, size) for v in targets]
    means = [float(np.mean(column)) for column in zip(*rows, strict=True)]
    return Scores(means[0], means[1], means[2], _depth(answer, scene, contexts), len(answer.gaussians))


def _target(answer: Reconstruction, scene: TrainingScene, view: int, size: int) -> tuple[float, float, float]:
    """PSNR, SSIM and mean alpha of one photo."""
    width, height = _size_wh(scene.photos[view])
    factor = size / max(width, height)
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    photo = torch.from_numpy(cv2.resize(scene.photos[view], small, interpolation=cv2.INTER_AREA)).float() / 255
    drawn = answer.render(scene.cameras[[view]].resized(small))
    rgb = drawn.rgb[0].clamp(0, 1)
    return psnr(rgb, photo), ssim(rgb, photo), float(drawn.alpha[0].mean())


def _depth(answer: Reconstruction, scene: TrainingScene, contexts: Sequence[int]) -> DepthErrors | None:
    if scene.depth is None:
        return None
    pairs = [(answer.depth[i].flatten(), _nearest(scene.depth[v], answer.depth[i])) for i, v in enumerate(contexts)]
    return depth_errors(*(torch.cat(side) for side in zip(*pairs, strict=True)))


def _nearest(depth: Float[np.ndarray, "h w"], like: Float[Tensor, "height width"]) -> Float[Tensor, "pixel"]:
    """True depth at the middle of each pixel of a smaller map."""
    size_wh = (like.shape[1], like.shape[0])
    return torch.from_numpy(cv2.resize(depth, size_wh, interpolation=cv2.INTER_NEAREST_EXACT)).flatten()


def _size_wh(photo: np.ndarray) -> tuple[int, int]:
    return photo.shape[1], photo.shape[0]
