"""What a camera and its software do to a picture: exposure, blur, noise, sharpening, contrast, JPEG.

How a scene was photographed is drawn once, and each photo differs a little from it; every effect is missing at times,
so that clean pictures occur. Depth is not touched.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

GAMMA = 2.2
"""Light is brought about back to linear with it for what happens before the curve."""
CONTRAST = 0.35
"""Logarithm of what cameras usually add, so that photos have as much of it as real ones."""


@dataclass(frozen=True)
class PhotoStyle:
    """How all photos of a scene were taken; 0 leaves an effect out."""

    balance: tuple[float, float, float]
    """Factors of linear red, green and blue."""
    exposure_spread: float
    """Standard deviation over photos, in stops."""
    balance_spread: float
    """The same of red and blue against green."""
    vignette: float
    """Share of light lost in the corners."""
    blur: Literal["none", "lens", "motion"]
    blur_px: float
    """Standard deviation, or length, at a long side of 384 pixels; the half of it up to all, by photo."""
    shot_noise: float
    """Standard deviation of a linear 1."""
    read_noise: float
    """Standard deviation of a linear 0."""
    grain_px: float
    """What a camera's software makes of noise: its standard deviation of blur, in pixels."""
    contrast: float
    """Of the curve: 1 is none."""
    saturation: float
    sharpening: float
    jpeg_quality: int | None
    """60 to 98; None for none."""


def random_style(rng: np.random.Generator) -> PhotoStyle:
    """A camera and somebody's hand."""

    def sometimes(chance: float, value: float, otherwise: float = 0.0) -> float:
        return float(value) if rng.random() < chance else otherwise

    blurs: tuple[Literal["none", "lens", "motion"], ...] = ("none", "none", "none", "lens", "lens", "motion")
    blur = blurs[rng.integers(len(blurs))]
    noise = float(np.exp(rng.uniform(np.log(0.003), np.log(0.04))))
    return PhotoStyle(
        balance=(float(np.exp(rng.normal() * 0.06)), 1.0, float(np.exp(rng.normal() * 0.08))),
        exposure_spread=sometimes(0.7, abs(rng.normal()) * 0.12),
        balance_spread=sometimes(0.5, abs(rng.normal()) * 0.02),
        vignette=sometimes(0.5, rng.uniform(0.05, 0.4)),
        blur=blur,
        blur_px=float(rng.uniform(0.3, 0.9) if blur == "lens" else rng.uniform(1, 3.5)),
        shot_noise=sometimes(0.75, noise),
        read_noise=sometimes(0.6, noise * rng.uniform(0.05, 0.3)),
        grain_px=sometimes(0.5, rng.uniform(0.3, 0.9)),
        contrast=float(np.exp(CONTRAST + rng.normal() * 0.2)),
        saturation=sometimes(0.7, np.exp(rng.normal() * 0.15 - 0.05), otherwise=1.0),
        sharpening=sometimes(0.45, rng.uniform(0.1, 0.8)),
        jpeg_quality=int(rng.integers(60, 99)) if rng.random() < 0.75 else None,
    )


def photographed(
    rgb: Float32[np.ndarray, "height width 3"], style: PhotoStyle, rng: np.random.Generator
) -> UInt8[np.ndarray, "height width 3"]:
    """The photo that such a camera would have made of a picture in sRGB, [0, 1]."""
    light = rgb**GAMMA
    light *= _gains(style, rng)
    if style.vignette:
        light *= _vignette(rgb.shape[:2], style.vignette)[..., None]
    light = _blurred(light, style, rng)
    if style.shot_noise or style.read_noise:
        light += _noise(light, style, rng)
    out = light.clip(0, 1) ** (1 / GAMMA)
    out = _developed(out, style)
    pixels = (out * 255).round().clip(0, 255).astype(np.uint8)
    if style.jpeg_quality is None:
        return pixels
    _, coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, style.jpeg_quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB), np.uint8)


def _gains(style: PhotoStyle, rng: np.random.Generator) -> Float32[np.ndarray, "3"]:
    exposure = 2 ** (rng.normal() * style.exposure_spread)
    spread = np.exp(rng.normal(size=3) * style.balance_spread * (1, 0, 1))
    return (exposure * spread * style.balance).astype(np.float32)


def _vignette(size_hw: tuple[int, int], strength: float) -> Float32[np.ndarray, "height width"]:
    """Light falls off with the square of the distance from the middle."""
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in size_hw)
    return 1 - strength * (y[:, None] ** 2 + x[None] ** 2) / 2


def _blurred(light: np.ndarray, style: PhotoStyle, rng: np.random.Generator) -> np.ndarray:
    if style.blur == "none":
        return light
    amount = style.blur_px * rng.uniform(0.5, 1) * max(light.shape) / 384
    if style.blur == "lens":
        return cv2.GaussianBlur(light, (0, 0), amount)
    # A line through the kernel's middle, drawn finely and averaged.
    side = 2 * int(np.ceil(amount / 2)) + 1
    turn, fine = rng.uniform(0, np.pi), 8
    along = np.linspace(-amount / 2, amount / 2, 64)
    columns = ((along * np.cos(turn) + side / 2) * fine).astype(int).clip(0, side * fine - 1)
    rows = ((along * np.sin(turn) + side / 2) * fine).astype(int).clip(0, side * fine - 1)
    line = np.zeros((side * fine, side * fine), np.float32)
    line[rows, columns] = 1
    kernel = cv2.resize(line, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)


def _noise(light: np.ndarray, style: PhotoStyle, rng: np.random.Generator) -> np.ndarray:
    """Grows with the square root of the light; where it is smoothed, its strength is kept."""
    noise = rng.standard_normal(light.shape, dtype=np.float32)
    if style.grain_px:
        noise = cv2.GaussianBlur(noise, (0, 0), style.grain_px)
        noise /= max(float(noise.std()), 1e-6)
    return noise * np.sqrt(style.shot_noise**2 * light.clip(0, None) + style.read_noise**2)


def _developed(srgb: np.ndarray, style: PhotoStyle) -> np.ndarray:
    """Contrast around the middle, saturation, sharpening."""
    out = srgb
    if style.contrast != 1:
        # Keeps 0, 1/2 and 1; steeper in the middle above 1.
        powers = (2 * np.where(out < 0.5, out, 1 - out)).clip(0, 1) ** style.contrast / 2
        out = np.where(out < 0.5, powers, 1 - powers)
    if style.saturation != 1:
        grey = out.mean(-1, keepdims=True)
        out = grey + (out - grey) * style.saturation
    if style.sharpening:
        out = out + style.sharpening * (out - cv2.GaussianBlur(out, (0, 0), 1.0))
    return out.clip(0, 1)
