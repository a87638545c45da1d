"""Textures of noise and of patterns, for where no better ones are at hand."""

import cv2
import numpy as np
from jaxtyping import UInt8


def noise_texture(rng: np.random.Generator, size_px: int) -> UInt8[np.ndarray, "size size 3"]:
    """Noise of several octaves between two or three colours; it repeats without a seam."""
    total = np.zeros((size_px, size_px), np.float32)
    first, last = int(rng.integers(1, 4)), 7
    for octave in range(first, last):
        cells = rng.random((2**octave, int(2 ** max(octave - rng.integers(0, 3), 0)))).astype(np.float32)
        wide = cv2.copyMakeBorder(cells, 1, 1, 1, 1, cv2.BORDER_WRAP)
        factor_y, factor_x = size_px / cells.shape[0], size_px / cells.shape[1]
        x, y = np.meshgrid(np.arange(size_px), np.arange(size_px))
        map_x = ((x + 0.5) / factor_x + 0.5).astype(np.float32)
        map_y = ((y + 0.5) / factor_y + 0.5).astype(np.float32)
        total += cv2.remap(wide, map_x, map_y, cv2.INTER_LINEAR) * 0.7 ** (octave - first)
    total = (total - total.min()) / (total.max() - total.min())
    base = rng.uniform(40, 230, 3)
    colours = np.stack([base + rng.normal(size=3) * 12 + rng.normal() * 40 for _ in range(3)]).clip(5, 250)
    places = np.linspace(0, 1, 3)
    return np.stack([np.interp(total, places, colours[:, c]) for c in range(3)], -1).astype(np.uint8)


def tile_texture(rng: np.random.Generator, size_px: int) -> UInt8[np.ndarray, "size size 3"]:
    """Bricks, tiles or boards with joints, over noise."""
    out = noise_texture(rng, size_px)
    rows, columns = int(rng.integers(2, 9)), int(rng.integers(1, 7))
    joint = rng.uniform(30, 220, 3) * 0.5 + 60
    thick = max(1, round(size_px * rng.uniform(0.003, 0.012)))
    height, width = size_px / rows, size_px / columns
    for row in range(rows):
        shift = width * (row % 2) * 0.5
        for column in range(columns):
            x0, x1 = int(column * width + shift), int((column + 1) * width + shift)
            y0, y1 = int(row * height), int((row + 1) * height)
            span = np.arange(x0, x1) % size_px
            tint = 1 + 0.12 * rng.normal()
            out[y0:y1, span] = (out[y0:y1, span] * tint).clip(0, 255).astype(np.uint8)
            out[y0:y1, span[:thick]] = joint
        out[int(row * height) : int(row * height) + thick] = joint
    return out


def standin_texture(rng: np.random.Generator, size_px: int) -> UInt8[np.ndarray, "size size 3"]:
    """One of them."""
    return tile_texture(rng, size_px) if rng.random() < 0.5 else noise_texture(rng, size_px)
