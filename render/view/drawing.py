"""Who draws the scenes of an app. Here: the browser, from splats that know no harmonics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import viser

from render.view.scene import ViewedScene
from render.view.similarity import Similarity
from render.view.stage import add_splats


@dataclass(frozen=True)
class PlacedScene:
    """A scene, and where on the stage it stands."""

    scene: ViewedScene
    placed: Similarity
    """From the scene's world to the stage's."""


class Drawing(Protocol):
    """What an app asks of whoever draws: one of some scenes, or none, more or less opaque."""

    def show(self, which: int | None) -> None:
        """That scene alone."""
        ...

    def fade(self, opacity: float) -> None:
        """Multiply all opacities."""
        ...

    def close(self) -> None:
        """Send nothing any more."""
        ...


class BrowserDrawing:
    """Splats as nodes of the stage, which every browser sorts and draws by itself."""

    def __init__(self, server: viser.ViserServer, scenes: Sequence[PlacedScene]):
        shown = [each.scene.as_shown(each.placed).gaussians for each in scenes]
        self._opacities = [gaussians.opacities[:, None].numpy() for gaussians in shown]
        self._splats = [add_splats(server, f"/scenes/{which}", gaussians) for which, gaussians in enumerate(shown)]
        self.show(0)

    def show(self, which: int | None) -> None:
        """See `Drawing`."""
        for other, splats in enumerate(self._splats):
            splats.visible = other == which

    def fade(self, opacity: float) -> None:
        """See `Drawing`."""
        for splats, full in zip(self._splats, self._opacities, strict=True):
            splats.opacities = (full * opacity).astype(np.float32)

    def close(self) -> None:
        """See `Drawing`."""
