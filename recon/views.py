"""ImageSet -> Views: every photo on one working grid, its intrinsics moved with its pixels."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class KnownCamera:
    """What was given for one view. Either field may be missing."""

    K_px: Float[Tensor, "3 3"] | None
    """float64 intrinsics in pixels of the original upright photo."""
    T_world_camera: Float[Tensor, "4 4"] | None
    """float64 rigid camera-to-world transform."""


@dataclass(frozen=True)
class Views:
    """Views of one scene or of several, packed along the view axis.

    All photos share one grid. A photo whose shape differs from the grid's lies in its upper left corner and `valid`
    is False beside it. A pixel (u, v) of the original photo is (u, v) * `grid_scale` on the grid: with pixel centres
    at +0.5 no offset is needed.
    """

    pixels: Float[Tensor, "view 3 height width"]
    """sRGB in [0, 1], on the working grid; height and width are multiples of 16."""
    fine: Float[Tensor, "view 3 fine_height fine_width"]
    """The same photos on a grid exactly twice as fine: what matching and the plane sweep look at."""
    valid: Bool[Tensor, "view height width"]
    """False beside a photo and where its mask says that it shows nothing."""
    scene_index: Int[Tensor, "view"]
    """Which scene of the pack a view belongs to: 0, 1, ... without gaps, views of one scene side by side."""
    names: tuple[str, ...]
    """File name of each view's photo."""
    original_size_wh: Int[Tensor, "view 2"]
    """Width and height of each upright photo before resizing."""
    grid_scale: Float[Tensor, "view 2"]
    """float64 factors (x, y) from pixels of the original to pixels of the grid."""
    focal_prior_px: tuple[float | None, ...]
    """Focal length that EXIF suggests for each view, in pixels of the original photo."""
    known: tuple[KnownCamera, ...]
    """Cameras that were given."""
    metric: tuple[bool, ...]
    """For each scene of the pack: whether the given cameras say that their unit is the metre."""

    def __len__(self) -> int:
        return self.pixels.shape[0]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the working grid."""
        return self.pixels.shape[3], self.pixels.shape[2]

    @property
    def photo_size_wh(self) -> Int[Tensor, "view 2"]:
        """Width and height that each photo covers of the working grid."""
        return torch.round(self.original_size_wh.to(self.grid_scale.dtype) * self.grid_scale).to(torch.long)
