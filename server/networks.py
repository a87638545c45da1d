"""The networks of a worker: loaded once, and made to compile all that they compile lazily."""

import tempfile
from collections.abc import Sequence

import numpy as np
import torch

from recon.config import load_config
from recon.engine import Engine
from recon.images import ImageSet, Photo
from recon.network.cameras.question import Question
from recon.views import KnownCamera, Views, make_views
from render.errors import SnapsplatError
from server.errors import EngineError

WARM_UP_SIZE = 64


class Networks:
    """Engines by name, all on one device."""

    def __init__(self, models: Sequence[str], device: str):
        """`device` is cpu, or a CUDA device such as cuda:0.

        Raises:
            ConfigError: there is no such network.
            BackendError: there is no such device.
        """
        if device.startswith("cuda"):
            torch.cuda.set_device(device)
        kind = device.partition(":")[0]
        self.engines = {name: Engine(load_config([f"network={name}"]).network, kind) for name in models}
        self.device = torch.device(device)

    def warm_up(self) -> None:
        """Make a small scene with each, files included.

        Raises:
            EngineError: it does not work.
        """
        for name, engine in self.engines.items():
            for known in (False, True):
                (answer,) = engine.reconstruct([_views(known)])
            if isinstance(answer, SnapsplatError):
                raise EngineError(f"Model {name} cannot make the scene that it is warmed up with: {answer}")
            with tempfile.TemporaryDirectory() as folder:
                answer.save(folder)

    def question(self) -> Question:
        """Of the same scene, for those who solve cameras to warm up with."""
        engine = next(iter(self.engines.values()))
        return engine.begin([_views(known=False)]).look()[0]


def _views(known: bool) -> Views:
    """Three photos of two textured planes, the nearer one before the middle of the other, taken side by side."""
    width, height, focal_px = 2 * WARM_UP_SIZE, WARM_UP_SIZE * 3 // 2, 2.0 * WARM_UP_SIZE
    chance = np.random.default_rng(0)
    far, near = (chance.integers(0, 256, (height, 2 * width, 3), np.uint8) for _ in range(2))
    photos, cameras = [], []
    for i in range(3):
        rgb = far[:, 4 * i : 4 * i + width].copy()
        middle = slice(height // 4, 3 * height // 4), slice(width // 4, 3 * width // 4)
        rgb[middle] = near[:, 8 * i : 8 * i + width][middle]
        photos.append(Photo(f"{i}.png", rgb, None, (width, height), None))
        K_px = torch.tensor([[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1]], dtype=torch.float64)
        T_world_camera = torch.eye(4, dtype=torch.float64)
        T_world_camera[0, 3] = 0.1 * i
        cameras.append(KnownCamera(K_px, T_world_camera if known else None))
    return make_views(ImageSet(tuple(photos)), WARM_UP_SIZE, cameras)
