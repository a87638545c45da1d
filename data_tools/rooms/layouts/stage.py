"""What a layout hands over: a scene, and where in it somebody with a camera may stand and what there is to look at."""

from dataclasses import dataclass
from typing import Literal

from data_tools.rooms.scene import Scene

Move = Literal["arc", "orbit", "walk", "sideways", "wander"]
Point = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Stage:
    """A scene to be photographed."""

    scene: Scene
    subjects: tuple[Point, ...]
    """Places worth looking at; a photo has one of them near its middle."""
    eyes: tuple[Point, Point]
    """Lowest and highest corner of the box in which cameras may be."""
    distance_m: tuple[float, float]
    """How far from its subject a camera stands, at least and at most."""
    moves: tuple[Move, ...]
    """How people walk around here; repeated ones are likelier."""
    blocks: tuple[tuple[Point, Point], ...] = ()
    """Lowest and highest corner of boxes in which no camera may be, since something is there."""
    sky_share: float = 0.6
    """At most so much of a picture is sky."""
