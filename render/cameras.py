"""Pinhole cameras in OpenCV axes (x right, y down, z forward), pixel centres at +0.5."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

Scale = Literal["metric", "relative"]


@dataclass(frozen=True)
class Cameras:
    """Some views of one world frame.

    Intrinsics and poses are kept in float64, so that cameras that somebody gave come out bit for bit; what computes
    with them casts to its own type.
    """

    K_px: Float[Tensor, "view 3 3"]
    """Upper-triangular intrinsics in pixels of an image of `size_wh`."""
    T_world_camera: Float[Tensor, "view 4 4"]
    """Rigid camera-to-world transforms: p_world = T_world_camera @ p_camera."""
    size_wh: Int[Tensor, "view 2"]
    """Width and height of each view's image in pixels."""
    scale: Scale = "relative"
    """`metric` when the world's unit is the metre, else `relative`."""

    def __len__(self) -> int:
        return self.K_px.shape[0]

    def __getitem__(self, views: slice | Sequence[int] | Tensor) -> "Cameras":
        """The chosen views, in the order asked for. An int is refused: a single camera is a slice of length one."""
        index = views if isinstance(views, slice | Tensor) else torch.as_tensor(list(views), dtype=torch.long)
        return replace(
            self, K_px=self.K_px[index], T_world_camera=self.T_world_camera[index], size_wh=self.size_wh[index]
        )

    @property
    def T_camera_world(self) -> Float[Tensor, "view 4 4"]:
        """World-to-camera transforms; the inverse is taken as that of a rigid transform, and is differentiable."""
        R = self.T_world_camera[:, :3, :3].mT
        t = -R @ self.T_world_camera[:, :3, 3:]
        return torch.cat([torch.cat([R, t], -1), self.T_world_camera[:, 3:]], -2)

    @property
    def centres(self) -> Float[Tensor, "view 3"]:
        """Camera centres in the world."""
        return self.T_world_camera[:, :3, 3]

    def resized(self, size_wh: tuple[int, int] | Int[Tensor, "view 2"]) -> "Cameras":
        """The same cameras for images stretched to `size_wh`; with pixel centres at +0.5, K just scales."""
        size = torch.as_tensor(size_wh, dtype=self.size_wh.dtype, device=self.size_wh.device).expand_as(self.size_wh)
        factor = size.to(self.K_px.dtype) / self.size_wh.to(self.K_px.dtype)
        rows = torch.cat([factor, torch.ones_like(factor[:, :1])], -1)
        return replace(self, K_px=self.K_px * rows[:, :, None], size_wh=size)

    def to(self, device: torch.device | str) -> "Cameras":
        """The same cameras on another device."""
        return replace(
            self,
            K_px=self.K_px.to(device),
            T_world_camera=self.T_world_camera.to(device),
            size_wh=self.size_wh.to(device),
        )
