"""What layouts are furnished with: models, textures and photos of one split; stand-ins where a machine lacks them."""

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from jaxtyping import UInt8

from data_tools.rooms.cache import Split
from data_tools.rooms.categories import Category
from data_tools.rooms.colours import Colour
from data_tools.rooms.furniture_store import Furnishing, Furniture, load_furniture
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.shapes import Look
from data_tools.rooms.standin import standin_texture
from render.errors import ConfigError

SPLITS: tuple[Split, ...] = ("train", "validation")
TEXTURES = {"train": 3000, "validation": 200}
"""How many textures there are, each of a seed of its own."""
TEXTURE_SIDE_PX = 512
MOST_TEXTURES = 14
MOST_TRIANGLES = 60_000
"""In a scene, the latter of models alone: many small triangles are slow to draw."""
DYED = 0.6
"""Share of textured surfaces that have the colour asked for, rather than the texture's own."""
GREY = 205
"""Mean of a texture that is to be multiplied by a colour."""


class Supplies:
    """Draws from one split, for one scene. What it draws depends on the generator alone."""

    def __init__(self, split: Split):
        self.split: Split = split
        self._textures: list[tuple[int, int]] = []
        self._triangles_left = MOST_TRIANGLES

    def texture(self, rng: np.random.Generator, dyed: bool = False) -> UInt8[np.ndarray, "size size 3"]:
        """A texture that repeats without a seam; materials come back within a scene.

        With `dyed` it is grey and light, to be multiplied by a colour.
        """
        if rng.random() * MOST_TEXTURES >= len(self._textures):
            self._textures.append((SPLITS.index(self.split), int(rng.integers(TEXTURES[self.split]))))
        chosen = self._textures[rng.integers(len(self._textures))]
        return _grey(*chosen) if dyed else _texture(*chosen)

    def look(
        self,
        rng: np.random.Generator,
        colour: Colour,
        textured: float = 0.5,
        glossy: float = 0.25,
        repeat_m: tuple[float, float] = (0.2, 1.0),
    ) -> Look:
        """A surface of about this colour, by these chances with a texture, and glossy."""
        gloss = float(rng.uniform(0.03, 0.12) if rng.random() < 0.7 else rng.uniform(0.12, 0.5))
        gloss = gloss if rng.random() < glossy else 0.0
        if rng.random() >= textured:
            return Look(colour, gloss=gloss)
        repeat = float(np.exp(rng.uniform(*np.log(repeat_m))))
        if rng.random() < DYED:
            return Look(colour, self.texture(rng, dyed=True), repeat, gloss)
        return Look((1.0, 1.0, 1.0), self.texture(rng), repeat, gloss)

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
        return _furniture(self.split).mesh(piece), piece

    def picture(self, rng: np.random.Generator) -> UInt8[np.ndarray, "height width 3"] | None:
        """A photo, if there is any."""
        return None


def forget() -> None:
    """Read the cache anew when it is next asked for."""
    _furniture.cache_clear()
    _fitting.cache_clear()


@cache
def _furniture(split: Split) -> Furniture:
    """The models in the cache; none where nobody has made it."""
    try:
        return load_furniture(split)
    except ConfigError:
        return Furniture((), {})


@cache
def _fitting(split: Split, categories: tuple[Category, ...], largest_m: tuple[float, float]) -> list[Furnishing]:
    return [
        piece
        for piece in _furniture(split)
        if (not categories or piece.category in categories) and largest_m[0] <= max(piece.size_m) <= largest_m[1]
    ]


@lru_cache(maxsize=160)
def _texture(split: int, number: int) -> UInt8[np.ndarray, "size size 3"]:
    return standin_texture(np.random.default_rng([77, split, number]), TEXTURE_SIDE_PX)


@lru_cache(maxsize=160)
def _grey(split: int, number: int) -> UInt8[np.ndarray, "size size 3"]:
    grey = _texture(split, number).mean(-1)
    return np.repeat((grey * (GREY / max(grey.mean(), 1))).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
