"""Pictures of the sky, all around."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from data_tools.rooms.colours import leaf, stone
from data_tools.rooms.placing import triple
from data_tools.rooms.scene import Sky, Sun

HEIGHT = 384


def random_sun(rng: np.random.Generator, strength: float) -> Sun:
    """A sun 15 to 75 degrees above the horizon; the lower, the more yellow."""
    height, turn = np.radians(rng.uniform(15, 75)), rng.uniform(0, 2 * np.pi)
    warm = 1 - np.sin(height)
    light = strength * np.array([1.0, 0.95 - 0.15 * warm, 0.88 - 0.45 * warm])
    direction = (np.cos(height) * np.sin(turn), np.sin(height), np.cos(height) * np.cos(turn))
    return Sun(triple(direction), triple(light))


def random_sky(rng: np.random.Generator, sun: Sun | None, gain: float = 1.2) -> Sky:
    """A gradient with clouds and, where there is a sun, its glare."""
    rows = (np.arange(HEIGHT) + 0.5) / HEIGHT
    columns = (np.arange(2 * HEIGHT) + 0.5) / (2 * HEIGHT)
    up = np.cos(np.pi * rows)[:, None]
    turn = (columns * 2 - 1) * np.pi
    towards = np.stack(
        np.broadcast_arrays(
            np.sin(np.pi * rows)[:, None] * np.sin(turn), up, -np.sin(np.pi * rows)[:, None] * np.cos(turn)
        ),
        -1,
    )
    zenith = np.array([0.2, 0.4, 0.85]) * rng.uniform(0.6, 1.1) if sun else np.full(3, rng.uniform(0.5, 0.9))
    horizon = np.array([0.75, 0.85, 0.95]) * rng.uniform(0.8, 1.0)
    ground = np.array(rng.uniform(0.2, 0.4)) * (1.0, 0.95, 0.85)
    mix, below = np.clip(up, 0, 1)[..., None] ** 0.5, np.clip(-6 * up, 0, 1)[..., None] ** 0.7
    out = np.where(up[..., None] > 0, horizon * (1 - mix) + zenith * mix, horizon * (1 - below) + ground * below)
    out = np.broadcast_to(out, towards.shape).copy()
    cover = np.clip((_clouds(rng, towards) - rng.uniform(0.35, 0.75)) * rng.uniform(2, 6), 0, 1)
    cover *= np.clip(up * 8, 0, 1)
    out = out * (1 - cover[..., None]) + cover[..., None] * rng.uniform(0.75, 1.0)
    if sun:
        near = np.clip(towards @ np.array(sun.direction), 0, 1)
        glare = near ** rng.uniform(20, 200) * 0.5 + (near > 0.9995)
        out = out + glare[..., None] * (1.0, 0.95, 0.85)
    for share in np.linspace(0.6, 0.1, int(rng.integers(0, 4))):
        ridge = _ridge(rng, 2 * HEIGHT) * rng.uniform(0.02, 0.12)
        hill = np.array(leaf(rng) if rng.random() < 0.6 else stone(rng)) * 0.6
        out = np.where(((up < ridge) & (up > -0.3))[..., None], horizon * share + hill * (1 - share), out)
    return Sky((out.clip(0, 1) * 255).astype(np.uint8), gain)


def _ridge(rng: np.random.Generator, columns: int) -> Float[np.ndarray, "columns"]:
    """The outline of hills, or of roofs, all around; in [0, 1]."""
    turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    waves = range(2, 40) if rng.random() < 0.7 else range(2, 8)
    outline = sum(np.sin(n * turn + rng.uniform(0, 6.28)) * rng.random() / n for n in waves)
    if rng.random() < 0.35:
        blocks = np.repeat(rng.random(columns // 8), 8)
        outline = outline * 0.3 + blocks
    outline = np.asarray(outline)
    return (outline - outline.min()) / (np.ptp(outline) + 1e-9)


def photo_sky(
    rng: np.random.Generator, photo: UInt8[np.ndarray, "photo_height photo_width 3"], gain: float = 1.2
) -> Sky:
    """A photo all around the horizon, mirrored at its edges; above and below it what its rim is like."""
    copies = 2 * int(rng.integers(1, 3))
    width = 2 * HEIGHT
    around = [photo, photo[:, ::-1]] * (copies // 2)
    strip_height = min(round(width / copies * photo.shape[0] / photo.shape[1]), round(HEIGHT * 0.7))
    strip = cv2.resize(np.concatenate(around, 1), (width, strip_height), interpolation=cv2.INTER_AREA)
    top = max(0, round(HEIGHT * 0.5 - strip_height * rng.uniform(0.45, 0.75)))
    panorama = cv2.copyMakeBorder(strip, top, HEIGHT - top - strip_height, 0, 0, cv2.BORDER_REPLICATE)
    # Towards straight up and down the rim's columns would run together: they fade into their mean.
    for rows, mean in (
        (np.arange(top)[::-1], strip[0].mean(0)),
        (np.arange(top + strip_height, HEIGHT), strip[-1].mean(0)),
    ):
        share = np.linspace(0, 1, len(rows))[:, None, None] ** 0.5
        panorama[rows] = (panorama[rows] * (1 - share) + mean * share).astype(np.uint8)
    return Sky(np.ascontiguousarray(panorama), gain)


def _clouds(rng: np.random.Generator, towards: np.ndarray) -> np.ndarray:
    """Noise on a flat layer above, in [0, 1]."""
    height = np.maximum(towards[..., 1], 0.05)
    x, z = towards[..., 0] / height, towards[..., 2] / height
    total = np.zeros(x.shape, np.float32)
    for octave in range(5):
        cells = np.pad(rng.random((64, 64)).astype(np.float32), (0, 1), mode="wrap")
        scale = 0.6 * 2**octave
        at_x, at_z = (x * scale % 64).astype(np.float32), (z * scale * 0.7 % 64).astype(np.float32)
        total += cv2.remap(cells, at_x, at_z, cv2.INTER_LINEAR) * 0.5**octave
    return total / 1.94
