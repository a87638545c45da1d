"""What layouts are furnished with: models, textures and photos of one split; stand-ins where a machine lacks them."""

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from jaxtyping import UInt8

from data_tools.rooms.cache import Split
from data_tools.rooms.categories import Category
from data_tools.rooms.finishes import FINISHES, Material
from data_tools.rooms.furniture_store import Furnishing, Furniture, load_furniture
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.picture_store import Pictures, load_pictures
from data_tools.rooms.shapes import Look
from data_tools.rooms.textures import KINDS, random_texture
from render.errors import ConfigError

Texture = UInt8[np.ndarray, "texture_height texture_width 3"]
SPLITS: tuple[Split, ...] = ("train", "validation")
TEXTURES = {"train": 3000, "validation": 200}
"""How many textures there are, each of a seed of its own."""
TEXTURE_SIDE_PX = 512
MOST_TEXTURES = 5
"""Of a material, in a scene."""
MOST_TRIANGLES = 60_000
"""In a scene, of models alone: many small triangles are slow to draw."""
PHOTOGRAPHED_EVERY = 6
"""One texture of so many is a photo, where there are any."""
NOT_WIDE = ("miniworld", "scikit-image", "scikit-learn")
"""Packages of paintings and portraits; the others have landscapes."""
GREY = 205
"""Mean of a texture that is to be multiplied by a colour."""


class Supplies:
    """Draws from one split, for one scene. What it draws depends on the generator alone."""

    def __init__(self, split: Split):
        self.split: Split = split
        self._textures: dict[Material, list[tuple[Split, str, int]]] = {}
        self._triangles_left = MOST_TRIANGLES

    def texture(self, rng: np.random.Generator, material: Material, dyed: bool = False) -> Texture:
        """A texture that repeats without a seam; materials come back within a scene.

        With `dyed` it is grey and light, to be multiplied by a colour.
        """
        known = self._textures.setdefault(material, [])
        if rng.random() * MOST_TEXTURES >= len(known):
            kinds = FINISHES[material].kinds if rng.random() < 0.85 else tuple(KINDS)
            known.append((self.split, kinds[rng.integers(len(kinds))], int(rng.integers(TEXTURES[self.split]))))
        chosen = known[rng.integers(len(known))]
        return _grey(*chosen) if dyed else _texture(*chosen)

    def look(
        self,
        rng: np.random.Generator,
        material: Material,
        textured: float = 0.5,
        glossy: float = 0.25,
        repeat_m: tuple[float, float] = (0.2, 1.0),
    ) -> Look:
        """A surface of this material, by these chances with a texture, and glossy."""
        gloss = float(rng.uniform(0.03, 0.12) if rng.random() < 0.7 else rng.uniform(0.12, 0.5))
        gloss = gloss if rng.random() < glossy else 0.0
        finish = FINISHES[material]
        if rng.random() >= textured:
            return Look(finish.colour(rng), gloss=gloss)
        repeat = float(np.exp(rng.uniform(*np.log(repeat_m))))
        if rng.random() < finish.dyed:
            return Look(finish.colour(rng), self.texture(rng, material, dyed=True), repeat, gloss)
        return Look((1.0, 1.0, 1.0), self.texture(rng, material), repeat, gloss)

    def furniture(
        self,
        rng: np.random.Generator,
        categories: Sequence[Category] = (),
        largest_m: tuple[float, float] = (0.0, 20.0),
        triangles: int = 15_000,
    ) -> tuple[Mesh, Furnishing] | None:
        """A model, if there is one of these categories (of any, where none is named) that is light enough to draw.

        Its largest side is within `largest_m`.
        """
        affordable = min(triangles, self._triangles_left // 2)
        fitting = [
            piece for piece in _fitting(self.split, tuple(categories), largest_m) if piece.triangles <= affordable
        ]
        if not fitting:
            return None
        piece = fitting[rng.integers(len(fitting))]
        self._triangles_left -= piece.triangles
        furniture = _furniture(self.split)
        assert furniture is not None
        return furniture.mesh(piece), piece

    def picture(self, rng: np.random.Generator, wide: bool = False) -> Texture | None:
        """A photo, if there is any; with `wide`, a landscape."""
        rows = _photos(self.split, wide)
        return _picture(self.split, rows[rng.integers(len(rows))]) if rows else None


def forget() -> None:
    """Read the cache anew when it is next asked for."""
    _furniture.cache_clear()
    for read in (_fitting, _pictures, _photos, _photographed, _picture, _texture, _grey):
        read.cache_clear()


@cache
def _furniture(split: Split) -> Furniture | None:
    """The models in the cache; None where nobody has made it."""
    try:
        return load_furniture(split)
    except ConfigError:
        return None


@cache
def _fitting(split: Split, categories: tuple[Category, ...], largest_m: tuple[float, float]) -> list[Furnishing]:
    return [
        piece
        for piece in _furniture(split) or ()
        if (not categories or piece.category in categories) and largest_m[0] <= max(piece.size_m) <= largest_m[1]
    ]


@cache
def _pictures(split: Split) -> Pictures:
    return load_pictures(split)


@cache
def _photos(split: Split, wide: bool) -> list[int]:
    """Numbers of the photos."""
    rows = _pictures(split).rows
    return [n for n, row in enumerate(rows) if row.kind == "photo" and not (wide and row.package in NOT_WIDE)]


@cache
def _photographed(split: Split) -> list[int]:
    return [n for n, row in enumerate(_pictures(split).rows) if row.kind == "texture"]


@lru_cache(maxsize=40)
def _picture(split: Split, number: int) -> Texture:
    return _pictures(split)[number]


@lru_cache(maxsize=160)
def _texture(split: Split, kind: str, number: int) -> Texture:
    """Some are photographed, where there are any."""
    photographed = _photographed(split)
    if photographed and number % PHOTOGRAPHED_EVERY == 0:
        return _picture(split, photographed[number // PHOTOGRAPHED_EVERY % len(photographed)])
    return random_texture(np.random.default_rng([77, SPLITS.index(split), number]), TEXTURE_SIDE_PX, kind)


@lru_cache(maxsize=160)
def _grey(split: Split, kind: str, number: int) -> Texture:
    grey = _texture(split, kind, number).mean(-1)
    return np.repeat((grey * (GREY / max(grey.mean(), 1))).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
