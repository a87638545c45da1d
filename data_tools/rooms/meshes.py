"""Triangles with a look: what a scene is put together from. The vertical axis is y, upwards; sizes are metres."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles of one material, three corners each, nothing shared."""

    positions: Float32[np.ndarray, "corner 3"]
    normals: Float32[np.ndarray, "corner 3"]
    """Unit length. A triangle is seen from both sides."""
    uv: Float32[np.ndarray, "corner 2"]
    """Texture coordinates; (0, 0) is the lower left of the texture, which repeats."""
    colour: tuple[float, float, float]
    """sRGB in [0, 1]; multiplies the texture where there is one."""
    texture: UInt8[np.ndarray, "texture_height texture_width 3"] | None = None
    """sRGB, first row on top. Surfaces that share a texture share the array itself."""
    gloss: float = 0.0
    """Share of light that is mirrored, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """One thing, standing on y = 0 with x = z = 0 in the middle of its base."""

    name: str
    surfaces: tuple[Surface, ...]

    @property
    def size(self) -> Float32[np.ndarray, "3"]:
        """Extent along x, y and z, in metres."""
        corners = np.concatenate([surface.positions for surface in self.surfaces])
        return corners.max(0) - corners.min(0)
