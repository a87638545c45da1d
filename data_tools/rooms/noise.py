"""Noise and colours that procedural textures are made of. All noise wraps: its left edge continues its right one."""

from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

Field = Float32[np.ndarray, "size size"]
"""One number for each pixel, in [0, 1] unless said otherwise."""
Colour = Float[np.ndarray, "3"]
"""sRGB in [0, 255]."""


def value_noise(rng: np.random.Generator, size_px: int, cells_xy: tuple[int, int]) -> Field:
    """Random numbers on a grid of so many cells, smoothly in between."""
    across, down = (min(cells, size_px) for cells in cells_xy)
    grid = rng.random((down, across), dtype=np.float32)
    return _between(size_px, down) @ grid @ _between(size_px, across).T


@lru_cache(maxsize=64)
def _between(size_px: int, cells: int) -> Float32[np.ndarray, "size cells"]:
    """Weights of a periodic Catmull-Rom spline: what each pixel takes of each grid value."""
    at = (np.arange(size_px) + 0.5) * cells / size_px - 0.5
    first = np.floor(at).astype(int)
    t = at - first
    weights = np.stack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3]
    )  # fmt: skip
    matrix = np.zeros((size_px, cells), np.float32)
    for step, weight in enumerate(weights / 2, start=-1):
        np.add.at(matrix, (np.arange(size_px), (first + step) % cells), weight)
    return matrix


def fractal(
    rng: np.random.Generator,
    size_px: int,
    cells_xy: tuple[int, int] = (4, 4),
    octaves: int = 5,
    persistence: float = 0.5,
    ridged: bool = False,
) -> Field:
    """Octaves of noise, each twice as fine and `persistence` times as strong; from 0 to 1.

    Args:
        ridged: take each octave's distance from its middle, which gives veins (turbulence; Perlin 1985).
    """
    total = np.zeros((size_px, size_px), np.float32)
    for octave in range(octaves):
        cells = (cells_xy[0] << octave, cells_xy[1] << octave)
        if min(cells) > size_px:
            break
        noise = value_noise(rng, size_px, cells)
        total += persistence**octave * (np.abs(2 * noise - 1) if ridged else noise)
    return unit(total)


def unit(field: Field) -> Field:
    """Stretched to [0, 1]."""
    low, high = float(field.min()), float(field.max())
    return (field - low) / max(high - low, 1e-6)


def places(size_px: int) -> tuple[Field, Field]:
    """x and y of the pixel centres, the whole being 1."""
    x, y = np.meshgrid(*[(np.arange(size_px, dtype=np.float32) + 0.5) / size_px] * 2)
    return x, y


def toned(field: Field, colours: Float[np.ndarray, "colour 3"]) -> UInt8[np.ndarray, "size size 3"]:
    """0 becomes the first colour, 1 the last, the others lie evenly between."""
    stops = np.linspace(0, 255, len(colours))
    table = np.stack([np.interp(np.arange(256), stops, colours[:, channel]) for channel in range(3)], 1)
    return table.clip(0, 255).round().astype(np.uint8)[(field * 255).clip(0, 255).astype(np.uint8)]


def shaded(
    image: UInt8[np.ndarray, "size size 3"], factor: Float32[np.ndarray, "size size"]
) -> UInt8[np.ndarray, "size size 3"]:
    """Each pixel's colour times its factor."""
    return cv2.multiply(image, cv2.merge([factor] * 3), dtype=cv2.CV_8U)


def random_colour(rng: np.random.Generator) -> Colour:
    """As rooms have them: whites and greys, woods and earths, muted hues, now and then a strong one."""
    family = rng.random()
    if family < 0.3:
        grey = rng.uniform(25, 250)
        return (grey + rng.normal(0, 6, 3)).clip(0, 255)
    if family < 0.55:
        wood = np.array([1.0, rng.uniform(0.66, 0.88), rng.uniform(0.4, 0.75)])
        return (rng.uniform(60, 235) * wood).clip(0, 255)
    hue = rng.uniform(0, 180)
    saturation = rng.uniform(20, 110) if family < 0.88 else rng.uniform(130, 230)
    hsv = np.array([[[hue, saturation, rng.uniform(60, 240)]]], np.float32)
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)[0, 0].astype(np.float64)


def random_palette(rng: np.random.Generator, many: int, contrast: float) -> Float[np.ndarray, "many 3"]:
    """One colour in several tones, from dark to light, whose hue drifts a little; `contrast` is their span in sRGB."""
    base = random_colour(rng)
    steps = np.linspace(-0.5, 0.5, many)[:, None] * contrast
    drift = rng.normal(0, contrast / 12, (many, 3))
    centre = base.clip(contrast / 3, 255 - contrast / 3)
    return (centre + steps + drift).clip(0, 255)
