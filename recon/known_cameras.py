"""Given cameras meet the photos: rows find their photo by name, and are held against its size."""

from collections.abc import Sequence
from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor

from recon.images import ImageSet, Photo
from recon.views import KnownCamera
from render.errors import CamerasError
from render.files.cameras_json import CameraRow, CamerasFile

SAME_ASPECT = 0.01
FOCAL_OVER_LONG_SIDE = (0.1, 100.0)
"""Focal lengths beyond these are in another unit than pixels: views of 157 degrees, of half a degree."""
LISTED = 5
"""So many names a warning has, whatever it is about."""
SAME_PLACE = 1e-9
"""Centres are one place when nearer than this, times the largest coordinate."""
FAR_FROM_ORIGIN = 1e4
"""World coordinates larger than this, times the spread of the cameras, lose what float32 can tell apart."""


def match_cameras(file: CamerasFile, images: ImageSet) -> tuple[list[KnownCamera], list[str]]:
    """What `file` knows of each photo, in the photos' order, and sentences about what it names in vain or changes.

    With one focal length of the two the other is the same; without a principal point (or half of one) it is the
    photo's centre. Intrinsics for a photo of another size but of its aspect are scaled. Poses stay bit for bit.

    Raises:
        CamerasError: a row contradicts its photo, or all given poses are in one place.
    """
    names = [photo.name for photo in images.photos]
    idle = [name for name in file.rows if name not in names]
    unnamed = [name for name in names if name not in file.rows]
    warnings = [f"The cameras name what is not among the photos: {_listed(idle)}."] if idle else []
    if file.rows and len(unnamed) == len(names):
        warnings = [f"The cameras name none of the photos, but {_listed(idle)}: nothing of them is used."]
    elif unnamed:
        warnings.append(f"The cameras do not name {_listed(unnamed)}; what is not given is solved for.")
    known = [_known(photo, file.rows.get(photo.name, CameraRow()), warnings) for photo in images.photos]
    _judge_poses(images, known, warnings)
    return known, warnings


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _known(photo: Photo, row: CameraRow, warnings: list[str]) -> KnownCamera:
    scale_x, scale_y = _size_factors(photo, row, warnings)
    fx, fy = row.fx if row.fx is not None else row.fy, row.fy if row.fy is not None else row.fx
    if fx is None or fy is None:
        if row.cx is not None or row.cy is not None:
            warnings.append(f"{photo.name}: a principal point without a focal length is not used.")
        return KnownCamera(None, row.T_world_camera)
    width, height = photo.original_size_wh
    cx = width / 2 if row.cx is None else row.cx * scale_x
    cy = height / 2 if row.cy is None else row.cy * scale_y
    K_px = torch.tensor([[fx * scale_x, 0, cx], [0, fy * scale_y, cy], [0, 0, 1]], dtype=torch.float64)
    _judge_intrinsics(photo, K_px)
    return KnownCamera(K_px, row.T_world_camera)


def _size_factors(photo: Photo, row: CameraRow, warnings: list[str]) -> tuple[float, float]:
    """Factors (x, y) from pixels of the row to pixels of the photo."""
    width, height = photo.original_size_wh
    scale_x = None if row.width is None else width / row.width
    scale_y = None if row.height is None else height / row.height
    scale_x, scale_y = (s if s is not None else other for s, other in ((scale_x, scale_y), (scale_y, scale_x)))
    if scale_x is None or scale_y is None or scale_x == scale_y == 1:
        return 1.0, 1.0
    given = f"{row.width or '?'} x {row.height or '?'}".replace(".0", "")
    if abs(scale_x / scale_y - 1) > SAME_ASPECT:
        turned = (row.width, row.height) == (height, width)
        hint = "; intrinsics belong to the upright photo, as EXIF turns it" if turned else ""
        raise CamerasError(
            f"{photo.name}: its camera is for {given} pixels, and the photo has {width} x {height}; one aspect is "
            f"expected{hint}."
        )
    warnings.append(f"{photo.name}: its camera is for {given} pixels and was scaled to the photo's {width} x {height}.")
    return scale_x, scale_y


def _judge_intrinsics(photo: Photo, K_px: Float[Tensor, "3 3"]) -> None:
    width, height = photo.original_size_wh
    (fx, _, cx), (_, fy, cy), _ = K_px.tolist()
    low, high = (bound * max(width, height) for bound in FOCAL_OVER_LONG_SIDE)
    for key, value in (("fx", fx), ("fy", fy)):
        if not low <= value <= high:
            raise CamerasError(
                f"{photo.name}: {key} is {value:g} pixels of a photo of {width} x {height}; {low:g} to {high:g} is "
                "expected, in pixels and not as a share of the width."
            )
    if not (-width <= cx <= 2 * width and -height <= cy <= 2 * height):
        raise CamerasError(
            f"{photo.name}: its principal point is ({cx:g}, {cy:g}), far outside its {width} x {height} pixels."
        )


def _judge_poses(images: ImageSet, known: Sequence[KnownCamera], warnings: list[str]) -> None:
    posed = [
        (p.name, k.T_world_camera) for p, k in zip(images.photos, known, strict=True) if k.T_world_camera is not None
    ]
    if len(posed) < 2:
        return
    centres = torch.stack([T[:3, 3] for _, T in posed])
    reach = float(centres.abs().max())
    spread = float((centres - centres[0]).norm(dim=1).max())
    if spread <= SAME_PLACE * max(reach, 1e-300):
        raise CamerasError(
            f"{', '.join(name for name, _ in posed)} are all given the camera centre {centres[0].tolist()}; "
            "depth needs photos from different places."
        )
    warnings += [
        f"{one} and {other} are given the very same pose."
        for (one, T_one), (other, T_other) in combinations(posed, 2)
        if torch.equal(T_one, T_other)
    ]
    if reach > FAR_FROM_ORIGIN * spread:
        warnings.append(
            f"The given cameras lie {reach:.3g} from the origin and {spread:.3g} apart; so far out the scene loses "
            "precision. Move the origin near them."
        )
