"""A mask that comes beside its photo, as a PNG of 8-bit grey, does what an alpha channel would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from PIL import Image

from recon.images import Photo
from recon.photo_bytes import PhotoBytes
from recon.photo_file import DAMAGE
from render.errors import MaskError


def check_mask(mask: PhotoBytes, size_wh: tuple[int, int]) -> None:
    """Refuse by its header what cannot be the mask of an upright photo of `size_wh`; no pixel is decoded.

    Raises:
        MaskError: it is no PNG of 8-bit grey, or of another size.
    """
    with _opened(mask, size_wh):
        pass


def masked(photo: Photo, mask: PhotoBytes) -> Photo:
    """The photo as it would be if `mask` was its alpha channel: 0 shows nothing, and what shows nothing is black.

    Raises:
        MaskError: it cannot be its mask, is damaged, or hides everything.
    """
    with _opened(mask, photo.original_size_wh) as image:
        try:
            image.load()
        except (OSError, *DAMAGE) as error:
            raise MaskError(mask, f"has a mask that is damaged or cut short ({error}).") from error
        height, width = photo.rgb.shape[:2]
        alpha = image.resize((width, height), Image.Resampling.BOX)
    shown = np.asarray(alpha) > 127
    if photo.mask is not None:
        shown &= photo.mask
    if not shown.any():
        raise MaskError(mask, "has a mask that hides everything; some part of it must show something.")
    pixels = Image.fromarray(photo.rgb)
    pixels.putalpha(alpha)
    rgb = np.asarray(pixels.convert("RGBa"))[..., :3]
    return replace(photo, rgb=np.ascontiguousarray(rgb), mask=None if shown.all() else shown)


@contextmanager
def _opened(mask: PhotoBytes, size_wh: tuple[int, int]) -> Iterator[Image.Image]:
    try:
        image = Image.open(mask.open("rb"), formats=("PNG",))
    except (OSError, Image.DecompressionBombError, *DAMAGE) as error:
        raise MaskError(mask, "has a mask that is no PNG.") from error
    with image:
        if image.mode != "L":
            raise MaskError(mask, f"has a mask with pixels of kind {image.mode!r}; 8-bit grey is expected.")
        if image.size != size_wh:
            right = f"the upright photo has {size_wh[0]} x {size_wh[1]}"
            raise MaskError(mask, f"has a mask of {image.size[0]} x {image.size[1]} pixels; {right}.")
        yield image
