"""Views: every photo on one working grid, its intrinsics moved with its pixels. Several scenes pack into one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from recon.grid import fit_grid, lay_photo
from recon.images import ImageSet
from render.cameras import Cameras


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

    def photo_bytes(self, view: int) -> UInt8[np.ndarray, "_ _ 3"]:
        """One photo as it lies on the working grid, sRGB, without what lies beside it."""
        width, height = self.photo_size_wh[view].tolist()
        crop = self.pixels[view, :, :height, :width].permute(1, 2, 0)
        return (crop * 255).round().to(torch.uint8).cpu().numpy()

    def to(self, device: torch.device | str) -> "Views":
        """The same views with their pixels on another device. What is given or measured in originals stays."""
        moved = {name: getattr(self, name).to(device) for name in ("pixels", "fine", "valid", "scene_index")}
        return replace(self, **moved)

    def to_grid(self, originals: Cameras) -> Cameras:
        """Cameras of all views in pixels of the original photos -> the same in pixels of the working grid."""
        size = torch.tensor([self.size_wh] * len(self))
        return replace(originals, K_px=originals.K_px * self._row_factors, size_wh=size)

    def to_originals(self, on_grid: Cameras) -> Cameras:
        """Undoes `to_grid`."""
        return replace(on_grid, K_px=on_grid.K_px / self._row_factors, size_wh=self.original_size_wh)

    @property
    def _row_factors(self) -> Float[Tensor, "view 3 1"]:
        return torch.cat([self.grid_scale, torch.ones_like(self.grid_scale[:, :1])], 1)[:, :, None]


def make_views(
    images: ImageSet, size: int = 384, cameras: Sequence[KnownCamera] | None = None, metric: bool = False
) -> Views:
    """Lay the photos of one scene on a working grid whose long side is `size`, rounded to a multiple of 16.

    Photos of one aspect (within 1%) fill the grid: each axis is stretched on its own, by a few percent at most.
    Otherwise each photo keeps its aspect and lies in the upper left corner of a grid that holds all of them.

    Args:
        cameras: what is known of each photo's camera, in the photos' order; None where nothing is.
        metric: whether the poses in `cameras` are in metres.
    """
    sizes_wh, grid_wh = fit_grid([photo.original_size_wh for photo in images.photos], size)
    laid = [lay_photo(photo, own_wh, grid_wh) for photo, own_wh in zip(images.photos, sizes_wh, strict=True)]
    fine = torch.stack([pixels for pixels, _ in laid])
    original_size_wh = torch.tensor([photo.original_size_wh for photo in images.photos])
    known = tuple(cameras) if cameras is not None else (KnownCamera(None, None),) * len(images)
    if len(known) != len(images):
        raise ValueError(f"{len(known)} cameras came with {len(images)} photos; each photo takes one.")
    return Views(
        pixels=_halved(fine),
        fine=fine,
        valid=torch.stack([valid for _, valid in laid]),
        scene_index=torch.zeros(len(images), dtype=torch.long),
        names=tuple(photo.name for photo in images.photos),
        original_size_wh=original_size_wh,
        grid_scale=torch.tensor(sizes_wh, dtype=torch.float64) / original_size_wh,
        focal_prior_px=tuple(photo.focal_prior_px for photo in images.photos),
        known=known,
        metric=(metric,),
    )


def pack_views(scenes: Sequence[Views]) -> Views:
    """The views of several scenes behind each other; scenes are renumbered in the order given.

    Raises:
        ValueError: the scenes are none, or do not share one working grid.
    """
    sizes = {scene.size_wh for scene in scenes}
    if len(sizes) != 1:
        raise ValueError(f"Views on grids of {sorted(sizes)} pixels were given to be packed; they must share one grid.")
    starts = np.cumsum([0, *(len(scene.metric) for scene in scenes)])
    return Views(
        pixels=torch.cat([scene.pixels for scene in scenes]),
        fine=torch.cat([scene.fine for scene in scenes]),
        valid=torch.cat([scene.valid for scene in scenes]),
        scene_index=torch.cat([scene.scene_index + int(start) for scene, start in zip(scenes, starts, strict=False)]),
        names=sum((scene.names for scene in scenes), ()),
        original_size_wh=torch.cat([scene.original_size_wh for scene in scenes]),
        grid_scale=torch.cat([scene.grid_scale for scene in scenes]),
        focal_prior_px=sum((scene.focal_prior_px for scene in scenes), ()),
        known=sum((scene.known for scene in scenes), ()),
        metric=sum((scene.metric for scene in scenes), ()),
    )


def unpack_views(views: Views) -> list[Views]:
    """The views of each scene by themselves, in the order of their scenes: undoes `pack_views`."""
    counts = torch.bincount(views.scene_index, minlength=len(views.metric)).tolist()
    ends = np.cumsum(counts)
    return [
        _scene(views, slice(int(end) - count, int(end)), metric)
        for count, end, metric in zip(counts, ends, views.metric, strict=True)
    ]


def _scene(views: Views, own: slice, metric: bool) -> Views:
    return Views(
        pixels=views.pixels[own],
        fine=views.fine[own],
        valid=views.valid[own],
        scene_index=torch.zeros_like(views.scene_index[own]),
        names=views.names[own],
        original_size_wh=views.original_size_wh[own],
        grid_scale=views.grid_scale[own],
        focal_prior_px=views.focal_prior_px[own],
        known=views.known[own],
        metric=(metric,),
    )


def _halved(fine: Float[Tensor, "view 3 fine_height fine_width"]) -> Float[Tensor, "view 3 height width"]:
    views, channels, height, width = fine.shape
    return fine.reshape(views, channels, height // 2, 2, width // 2, 2).mean((3, 5))
