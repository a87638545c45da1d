"""A capture's files -> photos, depth and cameras to train on: decoded, straightened, reduced, turned upright."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float32, Float64, UInt8
from numpy import ndarray

from data_tools.captures.capture import Capture, PosedPhoto
from data_tools.captures.depth_file import read_depth
from data_tools.captures.turn import turn_camera
from data_tools.captures.undistort import straighten
from recon.known_cameras import SAME_ASPECT
from recon.photo_file import decode_photo, read_header
from recon.training.scenes import TrainingScene
from render.cameras import Cameras
from render.errors import CamerasError, FileFormatError, PhotoError

_Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Shot:
    """One photo with all that belongs to its pixels."""

    rgb: UInt8[ndarray, "height width 3"]
    depth: Float32[ndarray, "height width"] | None
    K_px: Float64[ndarray, "3 3"]
    T_world_camera: Float64[ndarray, "4 4"]

    @property
    def size_wh(self) -> _Size:
        return self.rgb.shape[1], self.rgb.shape[0]


def load_scene(capture: Capture, long_side: int) -> TrainingScene:
    """Decode the photos of a capture.

    Args:
        long_side: photos with a longer side, in pixels, are reduced to it, and their cameras with them.

    Raises:
        PhotoError: a photo is missing, damaged, or of a kind that is not decoded.
        FileFormatError: a depth file is.
        CamerasError: a camera does not fit its photo, or its distortion cannot be undone.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=2) as pool:
        # What Pillow warns of is either refused in a sentence, or of no consequence to the pixels.
        warnings.simplefilter("ignore")
        shots = list(pool.map(lambda photo: _load(photo, long_side), capture.photos))
    return TrainingScene(
        name=capture.name,
        photos=tuple(shot.rgb for shot in shots),
        cameras=Cameras(
            K_px=torch.from_numpy(np.stack([shot.K_px for shot in shots])),
            T_world_camera=torch.from_numpy(np.stack([shot.T_world_camera for shot in shots])),
            size_wh=torch.tensor([shot.size_wh for shot in shots]),
            scale="metric" if capture.metric else "relative",
        ),
        depth=_depths(shots),
        metric=capture.metric,
    )


def _depths(shots: list[_Shot]) -> tuple[Float32[ndarray, "_height _width"], ...] | None:
    """Not known anywhere in a photo without depth, unless no photo has any."""
    if all(shot.depth is None for shot in shots):
        return None
    return tuple(np.zeros(shot.rgb.shape[:2], np.float32) if shot.depth is None else shot.depth for shot in shots)


def _load(photo: PosedPhoto, long_side: int) -> _Shot:
    rgb, quarters = _as_the_lens_has_it(photo)
    height, width = rgb.shape[:2]
    shot = _Shot(
        rgb,
        _depth_of(photo, (width, height)),
        _scaled(photo.lens.K_px, width / photo.lens.size_wh[0], height / photo.lens.size_wh[1]),
        photo.T_world_camera,
    )
    return _turned(_reduced(_straightened(shot, photo), long_side), quarters)


def _as_the_lens_has_it(photo: PosedPhoto) -> tuple[UInt8[ndarray, "height width 3"], int]:
    """The picture that the intrinsics are for, and by how many quarters it is to be turned to stand upright."""
    decoded, quarters = decode_photo(photo.file), 0
    rgb, size_wh = decoded.rgb, decoded.original_size_wh
    if photo.lens.as_stored:
        header = read_header(photo.file)
        if header.mirrored:
            raise PhotoError(photo.file, "is mirrored by its EXIF, which cameras of COLMAP and nerfstudio ignore.")
        if header.quarter_turns and _fits(header.size_wh, photo.lens.size_wh):
            quarters, size_wh = header.quarter_turns, header.size_wh
            rgb = np.ascontiguousarray(np.rot90(rgb, -quarters))
    if not _fits(size_wh, photo.lens.size_wh):
        raise CamerasError(
            f"{photo.file}: its camera is for {photo.lens.size_wh[0]} x {photo.lens.size_wh[1]} pixels, and the photo "
            f"has {size_wh[0]} x {size_wh[1]}; one aspect is expected."
        )
    return rgb, quarters


def _depth_of(photo: PosedPhoto, size_wh: _Size) -> Float32[ndarray, "height width"] | None:
    """At the size of the photo."""
    if photo.depth is None:
        return None
    depth = read_depth(photo.depth)
    own_wh = (depth.shape[1], depth.shape[0])
    if not _fits(own_wh, size_wh):
        raise FileFormatError(
            photo.depth.path,
            f"it has {own_wh[0]} x {own_wh[1]} pixels, and its photo {size_wh[0]} x {size_wh[1]}; one aspect is "
            "expected.",
        )
    return _nearest(depth, size_wh)


def _nearest(depth: Float32[ndarray, "height width"], size_wh: _Size) -> Float32[ndarray, "new_height new_width"]:
    """Of another size; never a mean of two, since between near and far there is nothing."""
    return cv2.resize(depth, size_wh, interpolation=cv2.INTER_NEAREST_EXACT)


def _straightened(shot: _Shot, photo: PosedPhoto) -> _Shot:
    if not photo.lens.distortion:
        return shot
    straight = straighten(shot.K_px, photo.lens.distortion, shot.size_wh)
    if straight is None:
        raise CamerasError(
            f"{photo.file}: the distortion {photo.lens.distortion} folds the photo over, or leaves less than half of "
            "it; it cannot be undone."
        )
    depth = None if shot.depth is None else straight.depth(shot.depth)
    return _Shot(straight.photo(shot.rgb), depth, straight.K_px, shot.T_world_camera)


def _reduced(shot: _Shot, long_side: int) -> _Shot:
    width, height = shot.size_wh
    factor = long_side / max(width, height)
    if factor >= 1:
        return shot
    size_wh = max(1, round(width * factor)), max(1, round(height * factor))
    return _Shot(
        cv2.resize(shot.rgb, size_wh, interpolation=cv2.INTER_AREA),
        None if shot.depth is None else _nearest(shot.depth, size_wh),
        _scaled(shot.K_px, size_wh[0] / width, size_wh[1] / height),
        shot.T_world_camera,
    )


def _turned(shot: _Shot, quarters: int) -> _Shot:
    if not quarters:
        return shot
    K_px, T_world_camera = turn_camera(shot.K_px, shot.T_world_camera, shot.size_wh, quarters)
    depth = None if shot.depth is None else np.ascontiguousarray(np.rot90(shot.depth, quarters))
    return _Shot(np.ascontiguousarray(np.rot90(shot.rgb, quarters)), depth, K_px, T_world_camera)


def _scaled(K_px: Float64[ndarray, "3 3"], x: float, y: float) -> Float64[ndarray, "3 3"]:
    return K_px * np.array([[x], [y], [1.0]])


def _fits(size_wh: _Size, other_wh: _Size) -> bool:
    """Whether one picture may be a resized copy of the other, sides rounded to whole pixels."""
    off_px = abs(size_wh[1] - size_wh[0] * other_wh[1] / other_wh[0])
    return off_px <= max(1.0, SAME_ASPECT * size_wh[1])
