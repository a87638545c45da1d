"""Procedural textures: what surfaces of random rooms wear where there is no photo, or none is wanted."""

from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8

from data_tools.rooms import materials, scatter, tilings
from render.errors import require

SMALLEST_PX = 32

KINDS: dict[str, tuple[Callable[[np.random.Generator, int], materials.Image], float]] = {
    "plain": (materials.plain, 5.0),
    "stained": (materials.stained, 2.0),
    "noise": (materials.noise, 3.0),
    "wood": (materials.wood, 2.0),
    "planks": (tilings.planks, 2.0),
    "marble": (materials.marble, 1.0),
    "concrete": (materials.concrete, 2.0),
    "metal": (materials.metal, 1.0),
    "leather": (materials.leather, 0.7),
    "carpet": (materials.carpet, 1.5),
    "weave": (materials.weave, 1.5),
    "bricks": (tilings.bricks, 1.0),
    "tiles": (tilings.tiles, 1.5),
    "checks": (tilings.checks, 0.7),
    "stripes": (tilings.stripes, 1.0),
    "wallpaper": (scatter.wallpaper, 1.5),
    "gravel": (scatter.gravel, 0.8),
    "grass": (scatter.grass, 0.6),
    "foliage": (scatter.foliage, 0.6),
    "poster": (scatter.poster, 0.8),
}
"""How each kind is made, and how often it is drawn, relative to the others. A fifth and more show next to nothing, as
real walls do. All but posters wrap: their edges continue each other."""
_SHARES = np.array([share for _, share in KINDS.values()])


def random_texture(
    rng: np.random.Generator, size_px: int = 256, kind: str | None = None
) -> UInt8[np.ndarray, "size size 3"]:
    """A texture, sRGB, that `rng` decides.

    Args:
        kind: one of `KINDS`; None draws one by their shares.

    Raises:
        ConfigError: there is no such kind, or the texture would be too small to show one.
    """
    require(kind is None or kind in KINDS, "kind", kind, f"one of {', '.join(KINDS)}")
    require(size_px >= SMALLEST_PX, "size_px", size_px, f"at least {SMALLEST_PX}")
    if kind is None:
        kind = list(KINDS)[int(rng.choice(len(KINDS), p=_SHARES / _SHARES.sum()))]
    return KINDS[kind][0](rng, size_px)


def random_plain(rng: np.random.Generator, size_px: int = 256) -> UInt8[np.ndarray, "size size 3"]:
    """A wall with next to nothing on it, which depth is hard to see on."""
    return random_texture(rng, size_px, "plain")
