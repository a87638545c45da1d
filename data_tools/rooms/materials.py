"""Procedural materials without a layout: wood, stone, cloth, metal, ground. Each is one function of rng and size."""

import cv2
import numpy as np
from jaxtyping import UInt8

from data_tools.rooms.noise import fractal, places, random_colour, random_palette, shaded, toned, unit, value_noise

Image = UInt8[np.ndarray, "size size 3"]


def noise(rng: np.random.Generator, size_px: int) -> Image:
    """Two to four colours in clouds of any roughness."""
    cells = int(rng.integers(2, 9))
    field = fractal(rng, size_px, (cells, cells), 6, rng.uniform(0.35, 0.85), ridged=rng.random() < 0.35)
    if rng.random() < 0.4:
        colours = np.stack([random_colour(rng) for _ in range(rng.integers(2, 5))])
    else:
        colours = random_palette(rng, 3, rng.uniform(40, 180))
    return toned(field, colours)


def wood(rng: np.random.Generator, size_px: int) -> Image:
    """Rings cut lengthwise, and fine fibres along them; the grain runs along x."""
    _, y = places(size_px)
    drift = fractal(rng, size_px, (1, 3), 3, 0.4)
    rings = int(rng.integers(3, 10)) * y + rng.uniform(0.5, 3.0) * drift
    # A saw's tooth that rises slowly and falls quickly, as early and late wood follow each other.
    tooth = (rings % 1) ** rng.uniform(1.0, 2.5)
    tooth = np.where(rings % 1 > 0.9, tooth * (1 - rings % 1) * 10, tooth)
    fibres = fractal(rng, size_px, (2, size_px // 4), 3, 0.7)
    light = np.array([rng.uniform(130, 230), 0, 0])
    light[1:] = light[0] * np.array([rng.uniform(0.66, 0.85), rng.uniform(0.4, 0.68)])
    dark = light * rng.uniform(0.45, 0.8) * np.array([1, 0.93, 0.85])
    return toned((0.55 * tooth + 0.45 * fibres).astype(np.float32), np.stack([light, dark]))


def marble(rng: np.random.Generator, size_px: int) -> Image:
    """Veins where a folded sheet, bent by turbulence, meets the surface (Perlin 1985)."""
    x, y = places(size_px)
    across, down = rng.integers(0, 4, 2)
    bent = fractal(rng, size_px, (3, 3), 6, 0.55, ridged=True) * rng.uniform(4, 12)
    veins = 1 - np.abs(np.sin(np.pi * (max(across, 1) * x + down * y) + bent)) ** rng.uniform(0.3, 1.0)
    cloud = fractal(rng, size_px, (2, 2), 4)
    light = random_colour(rng) if rng.random() < 0.4 else np.array([235.0, 232, 226]) - rng.uniform(0, 30)
    dark = light * rng.uniform(0.3, 0.75)
    return toned((0.7 * veins + 0.3 * cloud).astype(np.float32), np.stack([light, dark]))


def concrete(rng: np.random.Generator, size_px: int) -> Image:
    """Grey with stains, a fine grain, and pores."""
    grey = rng.uniform(90, 205) * np.array([1, rng.uniform(0.96, 1.0), rng.uniform(0.9, 1.0)])
    stains = fractal(rng, size_px, (2, 2), 6, 0.6) - 0.5
    grain = rng.standard_normal((size_px, size_px), dtype=np.float32)
    image = np.full((size_px, size_px, 3), grey.round(), np.uint8)
    factor = 1 + rng.uniform(0.08, 0.35) * stains + rng.uniform(0.01, 0.05) * grain
    pores = rng.random((size_px, size_px)) < rng.uniform(0, 0.004)
    factor[pores] *= 0.6
    return shaded(image, factor.astype(np.float32))


def carpet(rng: np.random.Generator, size_px: int) -> Image:
    """Tufts, a little blurred, of a few colours that lie close together; now and then a border of waves."""
    tufts = value_noise(rng, size_px, (size_px // 2, size_px // 2))
    field = 0.75 * unit(tufts) + 0.25 * fractal(rng, size_px, (3, 3), 3)
    if rng.random() < 0.35:
        x, y = places(size_px)
        many = int(rng.integers(2, 7))
        field = 0.55 * field + 0.45 * (0.5 + 0.5 * np.sin(2 * np.pi * many * x) * np.sin(2 * np.pi * many * y))
    return toned(field.astype(np.float32), random_palette(rng, 4, rng.uniform(50, 150)))


def weave(rng: np.random.Generator, size_px: int) -> Image:
    """Threads that pass over and under each other; each thread has a tone of its own."""
    many = 2 * int(rng.integers(size_px // 32 + 1, size_px // 8 + 1))
    x, y = places(size_px)
    shift = int(rng.choice([2, 4]))
    column, row = (x * many).astype(np.int64), (y * many).astype(np.int64)
    # Linen alternates with every thread; twill moves on by one with each row, in steps of four.
    over = (column + row) % 2 == 0 if shift == 2 or many % 4 else (column + row) % 4 < 2
    hump_x, hump_y = np.sin(np.pi * (x * many % 1)), np.sin(np.pi * (y * many % 1))
    height = np.where(over, hump_x * (0.6 + 0.4 * hump_y), hump_y * (0.6 + 0.4 * hump_x))
    warp, weft = random_palette(rng, 2, rng.uniform(0, 90))
    tone = np.where(over, rng.normal(1, 0.06, many)[column], rng.normal(1, 0.06, many)[row])
    image = np.where(over[..., None], warp, weft).round().astype(np.uint8)
    return shaded(image, ((0.55 + 0.45 * height) * tone).astype(np.float32))


def metal(rng: np.random.Generator, size_px: int) -> Image:
    """Brushed along x: fine streaks on a soft sheen."""
    streaks = fractal(rng, size_px, (1, size_px // 2), 2, 0.6)
    sheen = fractal(rng, size_px, (2, 2), 2)
    grey = rng.uniform(110, 220)
    tint = np.array([1, rng.uniform(0.92, 1.0), rng.uniform(0.75, 1.05)])
    contrast = rng.uniform(20, 60)
    colours = np.stack([(grey - contrast) * tint, (grey + contrast / 2) * tint]).clip(0, 255)
    return toned(0.5 * streaks + 0.5 * sheen, colours)


def plain(rng: np.random.Generator, size_px: int) -> Image:
    """Paint or paper: one colour, most often light, with next to nothing on it."""
    if rng.random() < 0.65:
        colour = rng.uniform(190, 252) * np.array([1, rng.uniform(0.95, 1.0), rng.uniform(0.86, 1.0)])
    else:
        colour = random_colour(rng)
    image = np.full((size_px, size_px, 3), colour.clip(0, 255).round(), np.uint8)
    if rng.random() < 0.25:
        return image
    clouds = fractal(rng, size_px, (2, 2), 3) - 0.5
    factor = 1 + rng.uniform(0, 0.06) * clouds
    if rng.random() < 0.5:
        roller = value_noise(rng, size_px, (size_px // 3, size_px // 3)) - 0.5
        factor = factor + rng.uniform(0, 0.05) * roller
    return shaded(image, factor.astype(np.float32))


def stained(rng: np.random.Generator, size_px: int) -> Image:
    """A plain wall that has been lived with: spots and smears."""
    image = plain(rng, size_px)
    smears = fractal(rng, size_px, (3, 2), 5, 0.6)
    amount = (smears - rng.uniform(0.5, 0.75)).clip(0, None) * rng.uniform(0.1, 0.7)
    return shaded(image, (1 - amount).astype(np.float32))


def leather(rng: np.random.Generator, size_px: int) -> Image:
    """A net of creases."""
    cells = size_px // int(rng.integers(6, 16))
    creases = fractal(rng, size_px, (cells, cells), 2, 0.5, ridged=True)
    dents = cv2.GaussianBlur(creases, (3, 3), 0, borderType=cv2.BORDER_REFLECT)
    return toned(unit(np.sqrt(dents)), random_palette(rng, 2, rng.uniform(20, 70)))
