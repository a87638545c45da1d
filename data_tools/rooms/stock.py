"""The models, photos and textures of a split, read or made when first asked for and kept for a while."""

from functools import cache, lru_cache

import numpy as np
from jaxtyping import UInt8

from data_tools.rooms.cache import SPLITS, Split
from data_tools.rooms.categories import Category
from data_tools.rooms.furniture_store import Furnishing, Furniture, load_furniture
from data_tools.rooms.picture_store import Pictures, load_pictures
from data_tools.rooms.textures import random_texture
from render.errors import ConfigError

Texture = UInt8[np.ndarray, "texture_height texture_width 3"]
TEXTURE_SIDE_PX = 512
PHOTOGRAPHED_EVERY = 6
"""One texture of so many is a photo, where there are any."""
NOT_WIDE = ("miniworld", "scikit-image", "scikit-learn")
"""Packages of paintings and portraits; the others have landscapes."""
KEPT = 32
"""Textures, and photos, that stay in memory: about as many as a scene needs."""
GREY = 205
"""Mean of a texture that is to be multiplied by a colour."""


@cache
def furniture(split: Split) -> Furniture | None:
    """The models in the cache; None where nobody has made it."""
    try:
        return load_furniture(split)
    except ConfigError:
        return None


@cache
def fitting(split: Split, categories: tuple[Category, ...], largest_m: tuple[float, float]) -> list[Furnishing]:
    """Models of these categories, of any where none is named, whose largest side is within `largest_m`."""
    return [
        piece
        for piece in furniture(split) or ()
        if (not categories or piece.category in categories) and largest_m[0] <= max(piece.size_m) <= largest_m[1]
    ]


@cache
def photos(split: Split, wide: bool) -> list[int]:
    """Numbers of the photos, of landscapes alone with `wide`."""
    rows = _pictures(split).rows
    return [n for n, row in enumerate(rows) if row.kind == "photo" and not (wide and row.package in NOT_WIDE)]


@lru_cache(maxsize=KEPT)
def picture(split: Split, number: int) -> Texture:
    """A photo, or a photographed texture."""
    return _pictures(split)[number]


@lru_cache(maxsize=KEPT)
def texture(split: Split, kind: str, number: int) -> Texture:
    """A texture of a kind of `textures.KINDS`; some are photographed, where there are any."""
    photographed = _photographed(split)
    if photographed and number % PHOTOGRAPHED_EVERY == 0:
        return picture(split, photographed[number // PHOTOGRAPHED_EVERY % len(photographed)])
    return random_texture(np.random.default_rng([77, SPLITS.index(split), number]), TEXTURE_SIDE_PX, kind)


@lru_cache(maxsize=KEPT)
def grey_texture(split: Split, kind: str, number: int) -> Texture:
    """The same without its colour, and light."""
    levels = texture(split, kind, number).mean(-1)
    return np.repeat((levels * (GREY / max(levels.mean(), 1))).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


@cache
def _pictures(split: Split) -> Pictures:
    return load_pictures(split)


@cache
def _photographed(split: Split) -> list[int]:
    return [n for n, row in enumerate(_pictures(split).rows) if row.kind == "texture"]


def forget() -> None:
    """Read the cache anew when it is next asked for."""
    for read in (furniture, fitting, photos, picture, texture, grey_texture, _pictures, _photographed):
        read.cache_clear()
