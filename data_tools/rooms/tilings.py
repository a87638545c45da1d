"""Procedural textures that are laid out: bricks, tiles, boards, checks, stripes. All of them wrap."""

import numpy as np

from data_tools.rooms.materials import Image, concrete, marble, wood
from data_tools.rooms.noise import fractal, places, random_colour, shaded, toned


def bricks(rng: np.random.Generator, size_px: int) -> Image:
    """Courses, each shifted by half a brick, in mortar."""
    rows, across = 2 * int(rng.integers(2, 8)), int(rng.integers(2, 6))
    x, y = places(size_px)
    row = (y * rows).astype(np.int64)
    along = x * across + 0.5 * (row % 2)
    column = along.astype(np.int64) % across
    gap = rng.uniform(0.04, 0.14)
    joint = _joint(along % 1, gap * across / rows) | _joint(y * rows % 1, gap)
    if rng.random() < 0.6:
        base = rng.uniform(110, 190) * np.array([1.0, rng.uniform(0.5, 0.75), rng.uniform(0.4, 0.65)])
    else:
        base = random_colour(rng).clip(60, 240)
    mortar = np.full(3, rng.uniform(90, 225)) - np.array([0, 3, 12])
    tone = rng.normal(1, rng.uniform(0.03, 0.14), (rows, across))[row, column]
    rough = 1 + rng.uniform(0.1, 0.4) * (fractal(rng, size_px, (16, 16), 4, 0.7) - 0.5)
    image = np.where(joint[..., None], mortar, base).clip(0, 255).astype(np.uint8)
    return shaded(image, (np.where(joint, 1, tone) * rough).astype(np.float32))


def tiles(rng: np.random.Generator, size_px: int) -> Image:
    """Square tiles with grout: of one stone, or of two in turns, or each with the same ornament."""
    many = 2 * int(rng.integers(1, 6))
    x, y = places(size_px)
    row, column = (y * many).astype(np.int64), (x * many).astype(np.int64)
    if rng.random() < 0.4:
        image = (marble if rng.random() < 0.6 else concrete)(rng, size_px)
    else:
        image = np.full((size_px, size_px, 3), random_colour(rng).round(), np.uint8)
    kind = rng.random()
    if kind < 0.3:
        other = np.full_like(image, random_colour(rng).round())
        image = np.where(((row + column) % 2 == 0)[..., None], image, other)
    elif kind < 0.5:
        image = np.where(_ornament(rng, x * many % 1, y * many % 1)[..., None], image, random_colour(rng).round())
    tone = rng.normal(1, rng.uniform(0.0, 0.07), (many, many))[row, column]
    gap = rng.uniform(0.01, 0.06)
    joint = _joint(x * many % 1, gap) | _joint(y * many % 1, gap)
    grout = np.full(3, rng.uniform(70, 230))
    image = np.where(joint[..., None], grout, image).astype(np.uint8)
    return shaded(image, np.where(joint, 1, tone).astype(np.float32))


def planks(rng: np.random.Generator, size_px: int) -> Image:
    """Boards of one wood, each from another place of it, with joints anywhere along them."""
    rows = int(rng.integers(3, 10))
    boards = int(rng.integers(1, 3))
    x, y = places(size_px)
    row = (y * rows).astype(np.int64)
    along = x * boards + rng.random(rows, dtype=np.float32)[row]
    board = row * boards + along.astype(np.int64) % boards
    grain = wood(rng, size_px)
    from_y = (np.arange(size_px)[:, None] + rng.integers(0, size_px, rows * boards)[board]) % size_px
    from_x = (np.arange(size_px)[None] + rng.integers(0, size_px, rows * boards)[board]) % size_px
    gap = rng.uniform(0.01, 0.05)
    joint = _joint(y * rows % 1, gap) | _joint(along % 1, gap * boards / rows)
    tone = rng.normal(1, rng.uniform(0.02, 0.15), rows * boards)[board]
    return shaded(grain[from_y, from_x], np.where(joint, rng.uniform(0.3, 0.7), tone).astype(np.float32))


def checks(rng: np.random.Generator, size_px: int) -> Image:
    """A chessboard, or cloth with bands both ways, which are darkest where they cross."""
    many = 2 * int(rng.integers(1, 9))
    x, y = places(size_px)
    across, down = (x * many).astype(np.int64) % 2, (y * many).astype(np.int64) % 2
    field = (across ^ down).astype(np.float32) if rng.random() < 0.5 else (across + down).astype(np.float32) / 2
    return _soiled(rng, toned(field, np.stack([random_colour(rng), random_colour(rng)])))


def stripes(rng: np.random.Generator, size_px: int) -> Image:
    """Bands of several widths and colours, upright or lying."""
    many = int(rng.integers(1, 7))
    edges = np.sort(rng.random(rng.integers(2, 7)))
    colours = np.stack([random_colour(rng) for _ in range(len(edges) + 1)])
    along = places(size_px)[int(rng.integers(2))] * many % 1
    # The last band continues the first one across the seam of the repeat.
    band = np.searchsorted(edges, along) % len(edges)
    return _soiled(rng, colours[band].round().astype(np.uint8))


def _joint(within: np.ndarray, gap: float) -> np.ndarray:
    """Where a place within its tile, 0 to 1, is on the edge."""
    return (within < gap / 2) | (within > 1 - gap / 2)


def _ornament(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A figure of four-fold symmetry inside a tile."""
    a, b = np.abs(x - 0.5), np.abs(y - 0.5)
    figure = np.cos(rng.integers(1, 5) * np.pi * 2 * np.hypot(a, b)) + np.cos(rng.integers(1, 5) * np.pi * 2 * (a + b))
    return figure > rng.uniform(-0.6, 0.6)


def _soiled(rng: np.random.Generator, image: Image) -> Image:
    """With the unevenness that real paint and cloth have."""
    factor = 1 + rng.uniform(0.02, 0.25) * (fractal(rng, len(image), (6, 6), 5, 0.7) - 0.5)
    return shaded(image, factor.astype(np.float32))
