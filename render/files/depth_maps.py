"""Depth as other programs take it: 16-bit PNG and OpenEXR. Both hold z-depth, not distance along the ray.

| ending | pixels | unit |
|---|---|---|
| .png | uint16 grey, 0 where it is not known or beyond 65.535 | a thousandth of the cameras': mm if these are in m |
| .exr | float32 in the channel Z | the cameras' |
"""

import tokenize
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32

from render.errors import ConfigError, FileFormatError
from render.files.atomic import write_atomically
from render.files.exr import exr_of

STEPS_PER_UNIT = 1000
MOST_STEPS = 65535
NPY_DAMAGE = (ValueError, EOFError, SyntaxError, OverflowError, TypeError, tokenize.TokenError)
"""What NumPy's reader of headers lets out on damaged files, beside OSError."""


def read_depth_npy(path: Path) -> Float32[np.ndarray, "height width"]:
    """Depth or confidence as a run leaves it.

    Raises:
        FileFormatError: the file cannot be read, or is no array of float32 with two axes.
    """
    try:
        # Mapped, since a header may promise more than the file has.
        values = np.array(np.lib.format.open_memmap(path, mode="r"))
    except OSError as error:
        raise FileFormatError(path, f"it cannot be read ({error.strerror or error}).") from error
    except NPY_DAMAGE as error:
        raise FileFormatError(path, f"it is no array of NumPy's, or cut short ({error}).") from error
    if values.ndim != 2 or not values.size or values.dtype != np.float32:
        raise FileFormatError(path, f"it is {values.dtype} of shape {values.shape}; float32, two axes, is expected.")
    return values


def write_depth(path: Path, depth: Float32[np.ndarray, "height width"]) -> int:
    """Write a map in the format that the name ends with.

    Returns:
        How many pixels lie too far to be held; they become 0, which is "not known".

    Raises:
        ConfigError: no depth has this ending.
        OutputError: the folder cannot be written.
    """
    content = WRITERS.get(path.suffix.lower())
    if content is None:
        raise ConfigError(f"{path}: no depth has this ending; {', '.join(WRITERS)} are known.")
    written, too_far = content(depth)
    write_atomically(path, written)
    return too_far


def _png(depth: Float32[np.ndarray, "height width"]) -> tuple[bytes, int]:
    steps = np.rint(depth.astype(np.float64) * STEPS_PER_UNIT)
    # Written so that NaN lies too far; what is there, however near, is not "not known".
    held = steps <= MOST_STEPS
    pixels = np.where(held & (depth > 0), steps.clip(1, MOST_STEPS), 0).astype(np.uint16)
    _, encoded = cv2.imencode(".png", pixels)
    return encoded.tobytes(), int((~held).sum())


def _exr(depth: Float32[np.ndarray, "height width"]) -> tuple[bytes, int]:
    return exr_of("Z", depth, {"comments": "z-depth, not distance along the ray, in the unit of the cameras"}), 0


WRITERS: dict[str, Callable[[Float32[np.ndarray, "height width"]], tuple[bytes, int]]] = {".png": _png, ".exr": _exr}
"""By the ending, in small letters."""
