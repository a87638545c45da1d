"""Endless scenes for training, each made when it is asked for."""

import numpy as np
import torch

from data_tools.rooms.cache import Split, require_split
from data_tools.rooms.cutout import cut_out
from data_tools.rooms.exposure import metered
from data_tools.rooms.gl import GLRenderer
from data_tools.rooms.layouts import LAYOUTS
from data_tools.rooms.photo_effects import photographed, random_style
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.trajectories import choose_cameras
from recon.training.scenes import TrainingScene
from render.cameras import Cameras
from render.errors import require

LENGTHS = {"train": 10_000_000, "validation": 1_000}
"""How many scenes a source says that it has."""
LONG_SIDE = 384
SHORT_SIDES = (384, 320, 288, 288, 256, 256, 224)
"""Of random sizes."""
CUT_OUT = 0.12
"""How many scenes stand before nothing."""


class RoomsSource:
    """Scenes by number; the same split, seed and number give the same photos, bit for bit on one machine.

    May be handed to other processes: what draws is made in each when it first draws.
    """

    def __init__(
        self, split: Split, views: int, size_wh: tuple[int, int] | None = None, seed: int = 0, layout: str | None = None
    ):
        """
        Args:
            size_wh: of all photos; None for another shape in each scene.
            layout: one kind of place alone, of `LAYOUTS`.

        Raises:
            ConfigError: there is no such split or layout, or no view.
        """
        require_split(split)
        require(views > 0, "views", views, "at least 1")
        require(layout is None or layout in LAYOUTS, "layout", layout, f"one of {', '.join(LAYOUTS)}")
        self._split: Split = split
        self._views, self._size_wh, self._seed, self._layout = views, size_wh, seed, layout

    def __len__(self) -> int:
        return LENGTHS[self._split]

    def __getitem__(self, index: int) -> TrainingScene:
        """A scene of `views` photos of one size.

        Raises:
            IndexError: there are fewer scenes.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"Scene {index} of {self._split} was asked for; there are {len(self)}, from 0.")
        rng = np.random.default_rng([self._seed, list(LENGTHS).index(self._split), index])
        size_wh = self._size_wh or random_size(rng)
        name = self._layout or str(rng.choice(list(LAYOUTS), p=shares()))
        stage = LAYOUTS[name][0](rng, Supplies(self._split))
        with GLRenderer().load(stage.scene) as scene:
            cameras = choose_cameras(stage, scene, rng, self._views, size_wh)
            exposure = metered(scene, cameras, brightness=float(rng.uniform(0.28, 0.56)))
            shots = [scene.shoot(camera, exposure) for camera in cameras]
        if rng.random() < CUT_OUT:
            shots = cut_out(shots, cameras, rng)
        style = random_style(rng)
        return TrainingScene(
            name=f"{name}-{self._split}-{self._seed}-{index}",
            photos=tuple(photographed(shot.rgb, style, rng) for shot in shots),
            cameras=Cameras(
                K_px=torch.from_numpy(np.stack([camera.K_px for camera in cameras])),
                T_world_camera=torch.from_numpy(np.stack([camera.T_world_camera for camera in cameras])),
                size_wh=torch.tensor([camera.size_wh for camera in cameras]),
                scale="metric",
            ),
            depth=tuple(shot.depth for shot in shots),
            metric=True,
        )


def shares() -> list[float]:
    """How likely each layout is."""
    total = sum(share for _, share in LAYOUTS.values())
    return [share / total for _, share in LAYOUTS.values()]


def random_size(rng: np.random.Generator) -> tuple[int, int]:
    """Landscape more often than portrait, long side LONG_SIDE."""
    short = int(rng.choice(SHORT_SIDES))
    return (LONG_SIDE, short) if rng.random() < 0.65 else (short, LONG_SIDE)
