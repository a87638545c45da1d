"""A run's folder -> what is fused: a depth map, its colours and its camera for each photo that is placed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import torch
from jaxtyping import Float32, Float64, UInt8

from render.cameras import Cameras
from render.errors import FileFormatError
from render.files.depth_maps import read_depth_npy
from render.files.formats import read_scene
from render.files.posed import placed_cameras
from render.gaussians import Gaussians
from render.rasterize import RenderOutput, rasterize

LEAST_CONFIDENCE = 0.3
"""Other photos agree with what is above; guesses have 0."""
SOLID = 0.9
"""Opacity from which on what is drawn is a surface; below it, depth is a mean of what lies behind each other."""

_Picture = UInt8[np.ndarray, "_ _ 3"]


@dataclass(frozen=True)
class DepthView:
    """One photo's depth, and what goes with its pixels."""

    depth: Float32[np.ndarray, "height width"]
    """z-depth in the world's unit; 0 where there is none to be fused."""
    rgb: UInt8[np.ndarray, "height width 3"]
    """sRGB."""
    K_px: Float64[np.ndarray, "3 3"]
    """Of an image of this size."""
    T_world_camera: Float64[np.ndarray, "4 4"]

    @property
    def footprints(self) -> Float32[np.ndarray, "pixel"]:
        """How wide each pixel with depth is where its surface lies, in the world's unit."""
        return self.depth[self.depth > 0] / np.float32((self.K_px[0, 0] + self.K_px[1, 1]) / 2)


def check_run(folder: Path) -> None:
    """Find out before the work whether a run has left this folder.

    Raises:
        FileFormatError: it does not exist, or no run has.
    """
    if not (folder / "cameras.json").is_file() or not (folder / "depth").is_dir():
        what = "no run has left this" if folder.exists() else "it does not exist"
        raise FileFormatError(folder, f"{what}; a folder with cameras.json and depth is right.")


def read_depth_views(
    folder: Path,
    least_confidence: float = LEAST_CONFIDENCE,
    photos: Mapping[str, _Picture] = MappingProxyType({}),
    drawn: bool = False,
) -> list[DepthView]:
    """What a run found in each photo, or what its Gaussians show from there.

    Args:
        folder: what `Reconstruction.save` wrote.
        least_confidence: depth that is less sure is left out.
        photos: by their names; where one is missing, the scene gives the colours.
        drawn: take the depth of the scene as it is drawn, and ask no confidence.

    Raises:
        FileFormatError, CamerasError: it is no such folder, or a file in it is missing or malformed.
    """
    check_run(folder)
    names, cameras = placed_cameras(folder / "cameras.json")
    gaussians = read_scene(folder / "scene.ply") if drawn or not set(names) <= set(photos) else None
    views = []
    for index, name in enumerate(names):
        depth = read_depth_npy(folder / "depth" / f"{name}.npy")
        height, width = depth.shape
        camera = cameras[[index]].resized((width, height))
        picture = None if gaussians is None else _draw(gaussians, camera)
        if drawn and picture is not None:
            depth = np.where(picture.alpha[0] >= SOLID, picture.depth[0], torch.zeros(())).astype(np.float32)
        else:
            confidence = read_depth_npy(folder / "confidence" / f"{name}.npy")
            if confidence.shape != depth.shape:
                raise FileFormatError(
                    folder / "confidence" / f"{name}.npy",
                    f"it is {confidence.shape}, and the depth is {depth.shape}; they must be alike.",
                )
            depth = np.where(np.isfinite(depth) & (confidence >= least_confidence), depth, np.float32(0))
        rgb = _resized(photos[name], (width, height)) if name in photos else _bytes(picture)
        views.append(DepthView(depth, rgb, camera.K_px[0].numpy(), camera.T_world_camera[0].numpy()))
    return views


def _draw(gaussians: Gaussians, camera: Cameras) -> RenderOutput:
    with torch.no_grad():
        return rasterize(gaussians, camera)


def _resized(photo: _Picture, size_wh: tuple[int, int]) -> _Picture:
    return cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA)


def _bytes(picture: RenderOutput | None) -> _Picture:
    assert picture is not None, "drawn wherever a photo is missing"
    return (picture.rgb[0].clamp(0, 1) * 255).round().byte().numpy()
