"""What goes where a page would be too large."""

from jaxtyping import Float
from torch import Tensor

from render.contribution import contributions
from render.view.scene import ViewedScene

BYTES_PER_MB = 1_000_000
AIM = 0.95
"""Of the room there is: how much is filled when Gaussians have to go."""


def weights(scene: ViewedScene) -> Float[Tensor, "n"] | None:
    """What `render.edit.strongest` chooses by: what each Gaussian adds to the cameras' pictures.

    None, which is by opacity, where no photo was taken from the camera: it sees one side of the scene alone.
    """
    return contributions(scene.gaussians, scene.cameras) if scene.photographed else None
