"""Photos of one scene cut to one shape: what is learned from together must be of one size."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import torch

from recon.training.scenes import TrainingScene
from render.cameras import Cameras


def usual_size(scene: TrainingScene) -> tuple[int, int]:
    """Width and height that most of its photos have."""
    return Counter((photo.shape[1], photo.shape[0]) for photo in scene.photos).most_common(1)[0][0]


def cut_to(scene: TrainingScene, size_wh: tuple[int, int]) -> TrainingScene:
    """All photos at one size in pixels: of another shape, their middle is kept, as large as it gets."""
    photos, depth, K_px = [], [], scene.cameras.K_px.clone()
    for v, photo in enumerate(scene.photos):
        height, width = photo.shape[:2]
        factor = min(width / size_wh[0], height / size_wh[1])
        w, h = round(size_wh[0] * factor), round(size_wh[1] * factor)
        x, y = (width - w) // 2, (height - h) // 2
        kept = np.s_[y : y + h, x : x + w]
        K_px[v, :2, 2] -= torch.tensor([x, y], dtype=K_px.dtype)
        K_px[v, :2] *= torch.tensor([[size_wh[0] / w], [size_wh[1] / h]], dtype=K_px.dtype)
        smaller = w > size_wh[0]
        photos.append(cv2.resize(photo[kept], size_wh, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))
        if scene.depth is not None:
            depth.append(cv2.resize(scene.depth[v][kept], size_wh, interpolation=cv2.INTER_NEAREST_EXACT))
    sizes = torch.tensor([size_wh] * len(photos))
    return replace(
        scene,
        photos=tuple(photos),
        depth=None if scene.depth is None else tuple(depth),
        cameras=Cameras(K_px, scene.cameras.T_world_camera, sizes, scale=scene.cameras.scale),
    )
