"""What layouts are furnished with: models, textures and photos of one split; stand-ins where a machine lacks them."""

from collections.abc import Sequence

import numpy as np

from data_tools.rooms import stock
from data_tools.rooms.cache import Split
from data_tools.rooms.categories import Category
from data_tools.rooms.finishes import FINISHES, Material
from data_tools.rooms.furniture_store import Furnishing
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.shapes import Look
from data_tools.rooms.stock import Texture
from data_tools.rooms.textures import KINDS

TEXTURES = {"train": 3000, "validation": 200}
"""How many textures there are, each of a seed of its own."""
MOST_TEXTURES = 5
"""Of a material, in a scene."""
MOST_TRIANGLES = 60_000
"""In a scene, of models alone: many small triangles are slow to draw."""


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
        return stock.grey_texture(*chosen) if dyed else stock.texture(*chosen)

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
            piece for piece in stock.fitting(self.split, tuple(categories), largest_m) if piece.triangles <= affordable
        ]
        if not fitting:
            return None
        piece = fitting[rng.integers(len(fitting))]
        self._triangles_left -= piece.triangles
        furniture = stock.furniture(self.split)
        assert furniture is not None
        return furniture.mesh(piece), piece

    def picture(self, rng: np.random.Generator, wide: bool = False) -> Texture | None:
        """A photo, if there is any; with `wide`, a landscape."""
        rows = stock.photos(self.split, wide)
        return stock.picture(self.split, rows[rng.integers(len(rows))]) if rows else None
