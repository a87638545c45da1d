"""What the surfaces of a model look like: their texture images, and a colour where the files choose none."""

import io
import posixpath
import zlib

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from data_tools.rooms.sh3f import Library

TEXTURE_SIDE_PX = 512
MOST_PIXELS = 64_000_000
OPAQUE = 0.5
"""What lets more than this share of the light through is left out, so that each pixel has one depth."""
WHITE = 0.88
"""A colour whose every channel is above this is taken as not chosen."""
DEFAULT_GREYS = (0.64, 0.8)
"""What Blender wrote where nobody chose, in its earlier and its later versions."""
PALETTE = np.array(
    [
        *[(240, 238, 232), (228, 224, 214), (247, 246, 244), (210, 208, 204), (156, 156, 158), (88, 88, 92)],
        *[(46, 44, 46), (186, 140, 92), (142, 94, 58), (98, 62, 40), (214, 178, 130), (166, 120, 84)],
        *[(112, 128, 140), (86, 104, 92), (150, 82, 70), (188, 170, 140), (72, 88, 122), (176, 160, 150)],
    ]
)
"""Paints, woods and cloths as rooms have them; sRGB."""


def read_texture(
    library: Library, folder: str, name: str, side_px: int = TEXTURE_SIDE_PX
) -> UInt8[np.ndarray, "height width 4"] | None:
    """RGBA with at most `side_px` a side; None where the file is missing or no image."""
    content = library.read(posixpath.join(folder, name))
    rgba = None if content is None else decode_image(content)
    return None if rgba is None else shrunk(rgba, side_px)


def decode_image(content: bytes) -> UInt8[np.ndarray, "height width 4"] | None:
    """RGBA; None where it is no image, or one of more pixels than can be meant."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            return np.asarray(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def shrunk(image: UInt8[np.ndarray, "height width channel"], side_px: int) -> UInt8[np.ndarray, "new_height _ channel"]:
    """At most `side_px` a side, same proportions; what is smaller already stays as it is."""
    height, width = image.shape[:2]
    factor = side_px / max(height, width)
    if factor >= 1:
        return image
    size_wh = (max(round(width * factor), 1), max(round(height * factor), 1))
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)


def without_alpha(rgba: UInt8[np.ndarray, "height width 4"]) -> UInt8[np.ndarray, "height width 3"]:
    """The colours; where nothing is to be seen, the mean of what is, so that edges don't fade to black."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    rgb = rgba[..., :3].astype(np.float32)
    mean = (rgb * alpha).sum((0, 1)) / max(float(alpha.sum()), 1e-6)
    return np.ascontiguousarray((rgb * alpha + mean * (1 - alpha)).round().astype(np.uint8))


def seen(
    alpha: UInt8[np.ndarray, "height width"], uv: Float[np.ndarray, "triangle 3 2"]
) -> Bool[np.ndarray, " triangle"]:
    """Which triangles the texture shows rather than hides, by its alpha in seven places of each."""
    places = np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4], [2, 2, 2], [3, 3, 0], [0, 3, 3], [3, 0, 3]]) / 6
    at = np.einsum("pc,tcx->tpx", places, uv) % 1
    height, width = alpha.shape
    x = np.minimum((at[..., 0] * width).astype(int), width - 1)
    y = np.minimum(((1 - at[..., 1]) * height).astype(int), height - 1)
    return alpha[y, x].mean(1) >= 255 * OPAQUE


def surface_colour(given: tuple[float, float, float] | None, textured: bool, name: str) -> tuple[float, float, float]:
    """sRGB: the file's colour, or, where it chooses none, one that `name` picks from the palette.

    Exporters leave the colour under a texture at some grey or black, which is not meant; its tint is.
    """
    if textured:
        if given is None or not (top := max(given)) > 0.02:
            return (1.0, 1.0, 1.0)
        r, g, b = (min(max(channel / top, 0.0), 1.0) for channel in given)
        return (r, g, b)
    if given is None or min(given) > WHITE or any(np.allclose(given, grey, atol=1e-3) for grey in DEFAULT_GREYS):
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        picked = PALETTE[rng.integers(len(PALETTE))] + rng.normal(0, 8, 3)
        given = tuple((picked / 255).tolist())
    r, g, b = (min(max(channel, 0.0), 1.0) for channel in given)
    return (r, g, b)
