"""Changes to a scene as a whole: fewer Gaussians, another degree, another frame."""

from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from render.gaussians import Gaussians
from render.turn import similarity

Up = Literal["-y", "y", "z"]
R_UP_OPENCV: dict[str, tuple[tuple[int, int, int], ...]] = {
    "-y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
}
"""What turns a scene in OpenCV's axes, in which up is -y, so that up is the axis named; x stays."""
LEAST = 1e-6
"""Of a pixel: what no camera sees is ordered by opacity, behind all that one does."""


def strongest(gaussians: Gaussians, most: int, contributions: Float[Tensor, "n"] | None = None) -> Gaussians:
    """The `most` Gaussians that matter most, in the order they had.

    By what each adds to pictures (`render.contribution`) where that is known, those that add nothing by opacity. Where
    it is not, by opacity: times their area, those of sky and surroundings would come first, and what hides them would
    go; measured, that is worse at any share (docs/formats.md).
    """
    if len(gaussians) <= most:
        return gaussians
    weights = gaussians.opacities if contributions is None else contributions + LEAST * gaussians.opacities
    return gaussians[weights.topk(most).indices.sort().values]


def inside(gaussians: Gaussians, low: tuple[float, ...], high: tuple[float, ...]) -> Bool[Tensor, "n"]:
    """Which centres lie in the box between two corners."""
    means = gaussians.means
    return ((means >= means.new_tensor(low)) & (means <= means.new_tensor(high))).all(1)


def with_degree(gaussians: Gaussians, degree: int) -> Gaussians:
    """The harmonics up to `degree`: higher ones are cut off, missing ones are 0."""
    coeff = (degree + 1) ** 2
    if gaussians.sh.shape[1] < coeff:
        return gaussians.with_coefficients(coeff)
    return replace(gaussians, sh=gaussians.sh[:, :coeff])


def placement(
    gaussians: Gaussians, up: Up = "-y", *, centred: bool = False, scale: float = 1.0
) -> Float[Tensor, "4 4"] | None:
    """What takes the scene and its cameras into another frame (see `render.turn`); None where it is the same frame.

    Args:
        up: the axis that points up in the new frame, if -y does in the old.
        centred: whether the median of all centres becomes the origin; far Gaussians hardly move it.
        scale: what lengths are multiplied by.
    """
    if up == "-y" and not centred and scale == 1:
        return None
    R = torch.tensor(R_UP_OPENCV[up], dtype=torch.float64)
    centre = gaussians.means.double().median(0).values if centred and len(gaussians) else torch.zeros(3).double()
    return similarity(R, -scale * R @ centre, scale)
