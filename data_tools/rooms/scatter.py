"""Procedural textures of many shapes thrown down: pebbles, blades, leaves, the motifs of wallpaper, posters."""

from collections.abc import Callable

import cv2
import numpy as np

from data_tools.rooms.materials import Image, plain
from data_tools.rooms.noise import Colour, fractal, random_colour, shaded, toned

Draw = Callable[[Image, tuple[float, float]], None]
"""Draws one shape around a place, in pixels."""
SHIFT = 4
SCALE = 1 << SHIFT
"""OpenCV draws at sixteenths of a pixel when told so."""


def _wrapped(image: Image, at: tuple[float, float], reach: float, draw: Draw) -> None:
    """Draw also what sticks out over an edge, where it comes in again."""
    size = len(image)
    across = [0] + [size] * (at[0] < reach) + [-size] * (at[0] > size - reach)
    down = [0] + [size] * (at[1] < reach) + [-size] * (at[1] > size - reach)
    for dx in across:
        for dy in down:
            draw(image, (at[0] + dx, at[1] + dy))


def _ellipse(image: Image, at: tuple[float, float], half: tuple[float, float], degrees: float, colour: Colour) -> None:
    centre = (round(at[0] * SCALE), round(at[1] * SCALE))
    axes = (max(round(half[0] * SCALE), 1), max(round(half[1] * SCALE), 1))
    cv2.ellipse(image, centre, axes, degrees, 0, 360, colour.tolist(), -1, cv2.LINE_AA, SHIFT)


def gravel(rng: np.random.Generator, size_px: int) -> Image:
    """Pebbles on each other, each lit a little from one side."""
    radius = size_px / rng.uniform(12, 30)
    many = int(min(1.6 * (size_px / radius / 1.6) ** 2, 600))
    base, spread = random_colour(rng).clip(50, 220), rng.uniform(10, 40)
    image = np.full((size_px, size_px, 3), (base * 0.35).round(), np.uint8)
    spots = rng.random((many, 2)) * size_px
    halves = radius * rng.uniform(0.5, 1.2, (many, 2))
    angles = rng.uniform(0, 180, many)
    colours = (base + rng.normal(0, spread, (many, 1)) + rng.normal(0, 6, (many, 3))).clip(0, 255)
    for (x, y), half, angle, colour in zip(spots.tolist(), halves.tolist(), angles.tolist(), colours, strict=True):
        lit = (colour * 1.18).clip(0, 255)

        def draw(image: Image, at: tuple[float, float], half=half, angle=angle, colour=colour, lit=lit) -> None:
            _ellipse(image, at, (half[0], half[1]), angle, colour * 0.75)
            _ellipse(
                image, (at[0] - 0.1 * half[0], at[1] - 0.12 * half[1]), (half[0] * 0.82, half[1] * 0.8), angle, lit
            )

        _wrapped(image, (x, y), 1.3 * radius, draw)
    return image


def grass(rng: np.random.Generator, size_px: int) -> Image:
    """Blades, seen from above or from the side, the later ones lighter."""
    green = np.array([rng.uniform(60, 150), rng.uniform(100, 170), rng.uniform(20, 70)])
    image = toned(fractal(rng, size_px, (4, 4), 5), np.stack([green * 0.35, green * 0.75]))
    many = min(size_px * 4, 1400)
    upright = rng.random() < 0.5
    length = size_px * rng.uniform(0.03, 0.1)
    angles = rng.normal(-np.pi / 2, 0.35, many) if upright else rng.uniform(0, 2 * np.pi, many)
    reach = np.stack([np.cos(angles), np.sin(angles)], 1) * length * rng.uniform(0.5, 1, (many, 1))
    spots = rng.random((many, 2)) * size_px
    light = np.linspace(0.55, 1.15, many)[:, None] * rng.uniform(0.8, 1.2, (many, 1))
    colours = (green * light + rng.normal(0, 8, (many, 3))).clip(0, 255).tolist()
    for (x, y), (dx, dy), colour in zip(spots.tolist(), reach.tolist(), colours, strict=True):

        def draw(image: Image, at: tuple[float, float], dx=dx, dy=dy, colour=colour) -> None:
            start, end = ((round(x * SCALE), round(y * SCALE)) for x, y in (at, (at[0] + dx, at[1] + dy)))
            cv2.line(image, start, end, colour, 1, cv2.LINE_AA, SHIFT)

        _wrapped(image, (x, y), length, draw)
    return image


def foliage(rng: np.random.Generator, size_px: int) -> Image:
    """Leaves over leaves; green, or as autumn has them."""
    base = np.array([70.0, 120, 45]) if rng.random() < 0.7 else np.array([170.0, 100, 40])
    base = base * rng.uniform(0.7, 1.4)
    image = np.full((size_px, size_px, 3), (base * 0.25).clip(0, 255).round(), np.uint8)
    half = size_px * rng.uniform(0.025, 0.07)
    many = int(min(2.2 * (size_px / half / 1.5) ** 2, 700))
    spots, angles = rng.random((many, 2)) * size_px, rng.uniform(0, 180, many)
    light = np.linspace(0.45, 1.2, many)[:, None] * rng.uniform(0.75, 1.25, (many, 1))
    colours = (base * light + rng.normal(0, 12, (many, 3))).clip(0, 255)
    slim = rng.uniform(0.3, 0.6)
    for (x, y), angle, colour in zip(spots.tolist(), angles.tolist(), colours, strict=True):

        def draw(image: Image, at: tuple[float, float], angle=angle, colour=colour) -> None:
            _ellipse(image, at, (half, half * slim), angle, colour)
            _ellipse(image, at, (half * 0.9, 0.6), angle, colour * 0.75)

        _wrapped(image, (x, y), 1.1 * half, draw)
    return image


def wallpaper(rng: np.random.Generator, size_px: int) -> Image:
    """A motif of petals or rings, repeated on a grid whose every second row is shifted."""
    image = plain(rng, size_px)
    many = 2 * int(rng.integers(1, 5))
    step = size_px / many
    petals, inner = int(rng.integers(3, 9)), rng.uniform(0.1, 0.3)
    colours = [random_colour(rng) for _ in range(3)]
    long, wide = step * rng.uniform(0.14, 0.24), step * rng.uniform(0.04, 0.12)
    turn = rng.uniform(0, 360)

    def draw(image: Image, at: tuple[float, float]) -> None:
        for petal in range(petals):
            degrees = turn + 360 * petal / petals
            away = long * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
            _ellipse(image, (at[0] + away[0], at[1] + away[1]), (long, wide), degrees, colours[petal % 2])
        _ellipse(image, at, (step * inner * 0.6, step * inner * 0.6), 0.0, colours[2])

    for row in range(many):
        for column in range(many):
            at = ((column + 0.5 * (row % 2) + 0.25) * step, (row + 0.5) * step)
            _wrapped(image, at, 0.5 * step, draw)
    return image


def poster(rng: np.random.Generator, size_px: int) -> Image:
    """Headlines, lines of words, blocks of colour: what hangs on walls. It does not wrap."""
    image = np.full((size_px, size_px, 3), random_colour(rng).round(), np.uint8)
    if rng.random() < 0.6:
        x, y = (rng.uniform(0, 0.3, 2) * size_px).astype(int)
        w, h = (rng.uniform(0.4, 0.7, 2) * size_px).astype(int)
        part = image[y : y + h, x : x + w]
        clouds = toned(fractal(rng, size_px, (3, 3), 5), np.stack([random_colour(rng) for _ in range(4)]))
        part[:] = clouds[: part.shape[0], : part.shape[1]]
    for _ in range(rng.integers(0, 5)):
        corner, far = ((rng.random(2) * size_px).astype(int).tolist() for _ in range(2))
        cv2.rectangle(image, corner, far, random_colour(rng).tolist(), int(rng.choice([-1, 2, 5])))
    letters = np.array(list("ABCDEFGHIJKLMNOPRSTUVWabcdefghiklmnoprstu  0123456789"))
    top = rng.uniform(0.05, 0.3) * size_px
    ink = random_colour(rng).tolist()
    while top < size_px * rng.uniform(0.7, 1.0):
        height = float(rng.choice([0.04, 0.05, 0.06, 0.14])) * size_px
        words = "".join(rng.choice(letters, int(rng.integers(6, 26))))
        place = (round(0.05 * size_px), round(top + height))
        cv2.putText(image, words, place, int(rng.integers(0, 5)), height / 30, ink, 1 + int(height > 20), cv2.LINE_AA)
        top += 1.4 * height
    return shaded(image, (1 + 0.1 * (fractal(rng, size_px, (2, 2), 4) - 0.5)).astype(np.float32))
