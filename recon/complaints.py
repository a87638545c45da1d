"""What is wrong with single photos before anything is matched: the same picture twice, nothing to see, no sharpness."""

from itertools import combinations

import cv2
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from recon.images import ImageSet, Photo
from render.errors import InputError

LOOKED_AT_PX = 256
"""Long side of what is looked at: what is not sharp there is of no use on the working grid either."""
SAME = 0.1
"""Mean difference of two same pictures, perhaps saved anew, over the standard deviation of the first, at most."""
BLANK = 6.0
"""Standard deviation of 8-bit grey values below which a picture shows nothing."""
BLACK = 16.0
"""8-bit grey value of what may be a backdrop, at most."""
BLURRED = 0.1
"""A picture with less than this share of the others' median of squared second derivatives is blurred."""


def complaints(images: ImageSet) -> list[str]:
    """Sentences about photos that will not help, each naming them.

    Raises:
        InputError: all photos are the same picture.
    """
    looks = [_look(photo) for photo in images.photos]
    names = [photo.name for photo in images.photos]
    twins = _same(looks)
    originals = [i for i, twin in enumerate(twins) if twin is None]
    if len(originals) < 2 <= len(looks):
        raise InputError(f"All {len(looks)} photos are the same picture; take photos from different places.")
    out = [
        f"{names[i]} is the same picture as {names[twin]} and adds nothing."
        for i, twin in enumerate(twins)
        if twin is not None
    ]
    blank = [i for i in originals if looks[i].std() < BLANK]
    out += [f"{names[i]} shows next to nothing: it is one even tone. Was the lens covered?" for i in blank]
    sharpness = {i: float(cv2.Laplacian(looks[i], cv2.CV_64F).var()) for i in originals if i not in blank}
    for i, own in sharpness.items():
        others = [value for k, value in sharpness.items() if k != i]
        if others and own < BLURRED * float(np.median(others)):
            out.append(f"{names[i]} is far less sharp than the others; leave it out if it is blurred.")
    return out


def _look(photo: Photo) -> Float[ndarray, "height width"]:
    """Grey, reduced, of one shape for all photos of one aspect."""
    height, width = photo.rgb.shape[:2]
    scale = LOOKED_AT_PX / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return cv2.cvtColor(cv2.resize(photo.rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(float)


def _same(looks: list[Float[ndarray, "_ _"]]) -> list[int | None]:
    """For each picture the first that is the same, or None."""
    first: list[int | None] = [None] * len(looks)
    for a, b in combinations(range(len(looks)), 2):
        alike = looks[a].shape == looks[b].shape and _difference(looks[a], looks[b]) < SAME
        # Two even tones are alike without being one picture.
        if first[a] is None and first[b] is None and alike and looks[a].std() >= BLANK:
            first[b] = a
    return first


def _difference(a: Float[ndarray, "height width"], b: Float[ndarray, "height width"]) -> float:
    """Mean over what is not black in both, as a share of the contrast there: a backdrop says nothing."""
    shown = np.maximum(a, b) > BLACK
    return float(np.abs(a - b)[shown].mean() / max(a[shown].std(), 1.0)) if shown.any() else 0.0
