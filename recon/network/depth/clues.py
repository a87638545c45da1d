"""What the classical depth stage knows of one view: all that its correction may look at.

Inverse depths are written as a share of the range looked at: 0 is the farthest plane of the sweep, 1 the nearest.
Likenesses carry over from rendered photos to real ones better than colours do, so they come first.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.geometry import pixel_grid
from render.cameras import Cameras

MAPS = 12
"""Channels of `Clues.maps`."""
ALONE_SPAN = 12.0
"""How many times farther the farthest plane is than the nearest, for a photo that is alone."""
ALONE_SHARE = 0.3
"""What matching is said to have found there."""


@dataclass(frozen=True)
class Clues:
    """Of one view; stacked, of several."""

    slices: Float[Tensor, "*view slice quarter_height quarter_width"]
    """Likeness of descriptors at every plane, then that of colours, at a quarter of the grid; in [-1, 1]."""
    maps: Float[Tensor, "*view 12 height width"]
    """See `clues`."""
    tokens: Float[Tensor, "*view 384 rows columns"]
    """See `recon.network.tokens`."""

    @staticmethod
    def stack(views: list["Clues"]) -> "Clues":
        """Of views of one size."""
        return Clues(*(torch.stack([getattr(v, name) for v in views]) for name in ("slices", "maps", "tokens")))

    @property
    def found(self) -> Float[Tensor, "*view height width"]:
        """Share of the range that matching found."""
        return self.maps[..., 3, :, :]

    @property
    def completed(self) -> Float[Tensor, "*view height width"]:
        """The same with what is not sure borrowed or filled."""
        return self.maps[..., 4, :, :]

    @property
    def sure(self) -> Bool[Tensor, "*view height width"]:
        """Where other views agree with what was found."""
        return self.maps[..., 5, :, :] > 0


def alone(clues: Clues) -> Clues:
    """The same photo as if there were no other: nothing matched, nothing sure, and no range to look at known."""
    maps = clues.maps.clone()
    maps[..., 3:5, :, :], maps[..., 5:7, :, :] = ALONE_SHARE, 0
    maps[..., 11, :, :] = math.log(ALONE_SPAN)
    return Clues(torch.zeros_like(clues.slices), maps, clues.tokens)


def clues(
    pixels: Float[Tensor, "3 height width"],
    found: Float[Tensor, "height width"],
    completed: Float[Tensor, "height width"],
    confidence: Float[Tensor, "height width"],
    likeness: Float[Tensor, "height width"],
    shown: Bool[Tensor, "height width"],
    sky: Bool[Tensor, "height width"],
    slices: Float[Tensor, "slice quarter_height quarter_width"],
    tokens: Float[Tensor, "384 rows columns"],
    camera: Cameras,
    depth_range: Float[Tensor, "2"],
) -> Clues:
    """Of one view, from inverse depths `found` and `completed`.

    The maps are: red, green, blue; found; completed; confidence; likeness; shown; sky; x and y of the pixel's ray at
    depth 1; the logarithm of how many times farther the farthest plane is than the nearest.
    """
    height, width = found.shape
    rays = torch.linalg.inv(camera.K_px[0]).to(found.dtype) @ pixel_grid(height, width, found.device).flatten(1)
    span = (depth_range[1] / depth_range[0]).log().to(found.dtype).expand(height, width)
    maps = [
        *(pixels - 0.5),
        to_share(found, depth_range),
        to_share(completed, depth_range),
        confidence,
        likeness,
        shown.to(found.dtype),
        sky.to(found.dtype),
        *rays[:2].reshape(2, height, width),
        span,
    ]
    return Clues(slices, torch.stack(maps), tokens)


def to_share(inverse_depth: Float[Tensor, "*any"], depth_range: Float[Tensor, "2"]) -> Float[Tensor, "*any"]:
    """Inverse depth -> share of the range."""
    near, far = depth_range.to(inverse_depth.dtype)
    return (inverse_depth - 1 / far) / (1 / near - 1 / far)


def from_share(share: Float[Tensor, "*any"], depth_range: Float[Tensor, "2"]) -> Float[Tensor, "*any"]:
    """Undoes `to_share`."""
    near, far = depth_range.to(share.dtype)
    return 1 / far + share * (1 / near - 1 / far)
