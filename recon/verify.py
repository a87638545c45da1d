"""How well the scene predicts a photo that it was not made of: each in turn is left out, and drawn from its camera."""

import numpy as np
import torch

from recon.engine import Engine
from recon.images import ImageSet
from recon.reconstruction import Reconstruction
from recon.views import KnownCamera, make_views
from render.errors import SnapsplatError

MIN_REGISTERED = 4
"""Fewer photos leave too little when one is taken away."""
MAX_LEFT_OUT = 4
"""Each costs a pass without the camera solver; of more photos, this many are spread over their order."""


def held_out_psnr(
    engine: Engine, images: ImageSet, reconstruction: Reconstruction, size: int, seed: int
) -> dict[str, float | None]:
    """PSNR in dB of photos left out, by name, at the photo's exposure; None where the rest makes no scene.

    Cameras are those of `reconstruction`, which knew all photos: what is tested is the surfaces. Empty if fewer than
    `MIN_REGISTERED` photos are registered.
    """
    registered = [v for v, origin in enumerate(reconstruction.origin) if origin != "not registered"]
    if len(registered) < MIN_REGISTERED:
        return {}
    cameras = reconstruction.cameras
    known = {v: KnownCamera(cameras.K_px[v], cameras.T_world_camera[v]) for v in registered}
    spread = np.linspace(0, len(registered) - 1, min(len(registered), MAX_LEFT_OUT)).round().astype(int)
    out: dict[str, float | None] = {}
    for left_out in (registered[i] for i in spread):
        rest = [v for v in registered if v != left_out]
        photos = ImageSet(tuple(images.photos[v] for v in rest))
        (answer,) = engine.reconstruct([make_views(photos, size, [known[v] for v in rest])], seed)
        out[reconstruction.names[left_out]] = (
            None if isinstance(answer, SnapsplatError) else _psnr(answer, reconstruction, rest, left_out)
        )
    return out


def _psnr(scene: Reconstruction, whole: Reconstruction, rest: list[int], view: int) -> float:
    """Of `view`'s photo and `scene`, made of `rest`, drawn from its camera in `whole`; at the photo's exposure."""
    height, width = whole.photos[view].shape[:2]
    camera = whole.cameras[[view]].resized((width, height))
    # The scene has the mean exposure of the rest, `whole.gain` refers to that of all.
    to_whole = (whole.gain[rest].log() - scene.gain.log()).mean(0).exp()
    drawn = scene.render(camera).rgb[0] * to_whole / whole.gain[view]
    wanted = torch.from_numpy(whole.photos[view]).float() / 255
    return round(float(-10 * (drawn.clamp(0, 1) - wanted).square().mean().clamp_min(1e-10).log10()), 2)
