"""Which places of a floor are taken, so that things stand beside each other."""

from dataclasses import dataclass, field

import numpy as np

from data_tools.rooms.layouts.stage import Point
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.placing import at, triple
from data_tools.rooms.scene import Placed


@dataclass
class FloorPlan:
    """A rectangle of floor around the origin, and what stands on it."""

    width: float
    depth: float
    placed: list[Placed] = field(default_factory=list)
    blocks: list[tuple[Point, Point]] = field(default_factory=list)
    """Lowest and highest corner of each thing's box."""

    def place(self, mesh: Mesh, x: float, z: float, turn: float, level: float = 0.0, gap: float = 0.03) -> bool:
        """Put it there if the place is free and on the floor."""
        sx, sy, sz = (float(s) for s in mesh.size)
        c, s = abs(np.cos(turn)), abs(np.sin(turn))
        half_x, half_z = (c * sx + s * sz) / 2, (s * sx + c * sz) / 2
        if abs(x) + half_x > self.width / 2 or abs(z) + half_z > self.depth / 2:
            return False
        low, high = np.array([x - half_x, level, z - half_z]), np.array([x + half_x, level + sy, z + half_z])
        for other_low, other_high in self.blocks:
            if (low < np.array(other_high) + gap).all() and (high > np.array(other_low) - gap).all():
                return False
        self.placed.append(Placed(mesh, at((x, level, z), turn)))
        self.blocks.append((triple(low), triple(high)))
        return True
