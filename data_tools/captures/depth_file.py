"""Depth as captures store it: 16-bit PNG, or arrays of NumPy's. The header is judged before anything is allocated."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32
from PIL import Image

from data_tools.captures.capture import DepthFile
from recon.photo_file import DAMAGE, MAX_MEGAPIXELS
from render.errors import FileFormatError
from render.files.depth_maps import NPY_DAMAGE

MILLIMETRE = 1e-3


def read_depth(file: DepthFile) -> Float32[np.ndarray, "height width"]:
    """z-depth in the unit of the cameras, at the file's own size; 0 where it is not known, infinite where it is so.

    Raises:
        FileFormatError: the file is missing, damaged, or holds no depth.
    """
    path = file.path
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise FileFormatError(path, f"depth is read from files that end in {' or '.join(READERS)}.")
    try:
        numbers = read(path)
    except OSError as error:
        raise FileFormatError(path, f"it cannot be read ({error.strerror or error}).") from error
    # A unit of thousands of kilometres, or a wild number in the file: infinite, which means sky.
    with np.errstate(over="ignore"):
        depth = numbers.astype(np.float32) * np.float32(file.unit)
    # Written so that NaN is not known either.
    return np.where(depth > 0, depth, np.float32(0))


def _from_png(path: Path) -> np.ndarray:
    try:
        with Image.open(path, formats=("PNG",)) as image:
            if not image.mode.startswith("I"):
                raise FileFormatError(path, f"it has pixels of kind {image.mode!r}; 16-bit grey ones hold depth.")
            _judge_size(path, image.size[::-1])
            return np.asarray(image)
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise FileFormatError(path, f"it is damaged or cut short ({error}).") from error


def _from_npy(path: Path) -> np.ndarray:
    try:
        # Mapped, since a header may promise more than the file has.
        numbers = np.lib.format.open_memmap(path, mode="r")
    except NPY_DAMAGE as error:
        raise FileFormatError(path, f"it is no array of NumPy's, or cut short ({error}).") from error
    if numbers.dtype.kind not in "fiu":
        raise FileFormatError(path, f"it holds {numbers.dtype}; numbers are expected.")
    if numbers.ndim == 3 and numbers.shape[2] == 1:
        numbers = numbers[..., 0]
    _judge_size(path, numbers.shape)
    return np.array(numbers)


def _judge_size(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or not 0 < shape[0] * shape[1] <= MAX_MEGAPIXELS * 1_000_000:
        raise FileFormatError(
            path, f"it has the shape {shape}; height x width is expected, at most {MAX_MEGAPIXELS} megapixels."
        )


READERS = {".png": _from_png, ".npy": _from_npy}
"""By the file's ending, in small letters."""
