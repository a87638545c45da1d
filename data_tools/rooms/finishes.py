"""What surfaces are made of: for each material its colours and the kinds of texture that show it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from data_tools.rooms import colours
from data_tools.rooms.colours import Colour

Material = Literal["wood", "stone", "cloth", "paint", "metal", "ground", "roof", "asphalt", "ware"]


@dataclass(frozen=True)
class Finish:
    """A material."""

    colour: Callable[[np.random.Generator], Colour]
    kinds: tuple[str, ...]
    """Of `textures.KINDS`."""
    dyed: float
    """Share of textured surfaces that have such a colour, rather than the texture's own."""


FINISHES: dict[Material, Finish] = {
    "wood": Finish(colours.wood, ("wood", "wood", "planks", "plain", "stained"), 0.35),
    "stone": Finish(colours.stone, ("concrete", "marble", "bricks", "tiles", "gravel", "noise", "stained"), 0.4),
    "cloth": Finish(
        colours.cloth, ("weave", "carpet", "stripes", "checks", "wallpaper", "leather", "noise", "poster"), 0.4
    ),
    "paint": Finish(colours.paint, ("plain", "stained", "wallpaper", "stripes", "concrete", "tiles", "bricks"), 0.5),
    "metal": Finish(colours.metal, ("metal", "plain", "stained"), 0.5),
    "ground": Finish(colours.earth, ("grass", "gravel", "foliage", "noise", "concrete", "stained"), 0.4),
    "roof": Finish(colours.brick, ("tiles", "bricks", "planks", "stripes", "metal"), 0.7),
    "asphalt": Finish(colours.asphalt, ("concrete", "gravel", "noise", "stained", "tiles"), 0.8),
    "ware": Finish(colours.cloth, ("plain", "marble", "noise", "poster", "weave", "stripes", "wallpaper"), 0.5),
}
