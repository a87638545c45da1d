"""Colours as things have them, sRGB in [0, 1]."""

import colorsys

import numpy as np

Colour = tuple[float, float, float]


def paint(rng: np.random.Generator) -> Colour:
    """Of walls: mostly white and cream, some pastel, seldom strong."""
    if rng.random() < 0.55:
        return _hsv(rng, rng.normal(0.1, 0.03), rng.uniform(0, 0.14), rng.uniform(0.78, 0.97))
    if rng.random() < 0.75:
        return _hsv(rng, rng.random(), rng.uniform(0.08, 0.3), rng.uniform(0.55, 0.92))
    return _hsv(rng, rng.random(), rng.uniform(0.3, 0.65), rng.uniform(0.25, 0.7))


def wood(rng: np.random.Generator) -> Colour:
    """From birch to wenge."""
    value = rng.uniform(0.2, 0.85)
    return _hsv(rng, rng.normal(0.075, 0.015), rng.uniform(0.3, 0.6) * (1.15 - 0.5 * value), value)


def stone(rng: np.random.Generator) -> Colour:
    """Greys, sand, brick."""
    return _hsv(rng, rng.normal(0.08, 0.03), rng.uniform(0.02, 0.35), rng.uniform(0.4, 0.85))


def leaf(rng: np.random.Generator) -> Colour:
    """Greens, and now and then an autumn."""
    hue = rng.uniform(0.04, 0.15) if rng.random() < 0.12 else rng.normal(0.26, 0.04)
    return _hsv(rng, hue, rng.uniform(0.35, 0.75), rng.uniform(0.25, 0.6))


def metal(rng: np.random.Generator) -> Colour:
    """Steel, brass, black iron."""
    if rng.random() < 0.3:
        return _hsv(rng, 0.11, rng.uniform(0.3, 0.55), rng.uniform(0.55, 0.8))
    return _hsv(rng, rng.random(), 0.03, rng.uniform(0.06, 0.8))


def cloth(rng: np.random.Generator) -> Colour:
    """Anything that is woven or made of plastic: greys, muted and strong colours."""
    kind = rng.random()
    if kind < 0.35:
        return _hsv(rng, rng.normal(0.09, 0.05), rng.uniform(0, 0.2), rng.uniform(0.1, 0.95))
    if kind < 0.75:
        return _hsv(rng, rng.random(), rng.uniform(0.15, 0.5), rng.uniform(0.25, 0.85))
    return _hsv(rng, rng.random(), rng.uniform(0.5, 0.95), rng.uniform(0.4, 0.95))


def earth(rng: np.random.Generator) -> Colour:
    """Greens, sand, soil."""
    return (
        leaf(rng)
        if rng.random() < 0.5
        else _hsv(rng, rng.normal(0.09, 0.02), rng.uniform(0.15, 0.5), rng.uniform(0.3, 0.75))
    )


def brick(rng: np.random.Generator) -> Colour:
    """Of tiles on roofs: reds and browns, slate."""
    if rng.random() < 0.3:
        return _hsv(rng, 0.6, 0.08, rng.uniform(0.2, 0.5))
    return _hsv(rng, rng.normal(0.04, 0.015), rng.uniform(0.4, 0.7), rng.uniform(0.3, 0.7))


def asphalt(rng: np.random.Generator) -> Colour:
    """Dark greys."""
    return _hsv(rng, rng.random(), 0.03, rng.uniform(0.22, 0.5))


def _hsv(rng: np.random.Generator, hue: float, saturation: float, value: float) -> Colour:
    """The colour, a little off."""
    off = rng.normal(size=2) * 0.015
    return colorsys.hsv_to_rgb(
        hue % 1.0, float(np.clip(saturation + off[0], 0, 1)), float(np.clip(value + off[1], 0, 1))
    )
