"""What stands between scenes and those who draw them, so that one renderer can take the place of another."""

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from jaxtyping import Float32

from data_tools.rooms.scene import Camera, Scene, Shot


class LoadedScene(Protocol):
    """A scene that is ready to be looked at, from as many cameras as one likes."""

    def shoot(self, camera: Camera, exposure: float) -> Shot:
        """Photo and depth. Radiance r becomes the linear pixel value 1 - exp(-`exposure` r), as film answers."""
        ...

    def depth(self, camera: Camera) -> Float32[np.ndarray, "height width"]:
        """The shot's depth alone, which is quicker."""
        ...


class Renderer(Protocol):
    """Draws scenes."""

    def load(self, scene: Scene) -> AbstractContextManager[LoadedScene]:
        """Take in what a scene holds; it is let go of at the end of the `with`."""
        ...
