"""A scene as values: what stands where, what shines on it, who looks. The world's y axis points up, units are metres.

Light is linear: 1 on a white surface that faces it makes the radiance 1. How bright a photo gets of it is the
exposure's business, which the renderer is told with each photo.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from data_tools.rooms.meshes import Mesh


@dataclass(frozen=True, eq=False)
class Placed:
    """A mesh somewhere in the world."""

    mesh: Mesh
    T_world_mesh: Float64[np.ndarray, "4 4"]
    """Rotation, scale (by axis, too) and translation."""
    colour: tuple[float, float, float] | None = None
    """sRGB; multiplies the colours of the mesh."""
    texture: UInt8[np.ndarray, "texture_height texture_width 3"] | None = None
    """sRGB; takes the place of the textures of the mesh."""


@dataclass(frozen=True)
class Sun:
    """Parallel light with a shadow."""

    direction: tuple[float, float, float]
    """Towards the sun, unit length."""
    light: tuple[float, float, float]
    """Linear RGB."""


@dataclass(frozen=True)
class PointLight:
    """A lamp, or the light that comes in by a window; without a shadow, save the first of a scene."""

    position: tuple[float, float, float]
    light: tuple[float, float, float]
    """Linear RGB at a distance of one metre."""
    facing: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Unit length: it shines into this half of the world, most straight ahead. Zero: to all sides alike."""


@dataclass(frozen=True)
class Lights:
    """All that shines, save what the sky's picture mirrors in glossy things."""

    above: tuple[float, float, float]
    """Linear RGB that a surface gets that faces up, from everywhere at once."""
    below: tuple[float, float, float]
    """The same for one that faces down."""
    sun: Sun | None = None
    points: tuple[PointLight, ...] = ()
    reach_m: float = 0.5
    """How far away a thing may be that darkens a crevice."""


@dataclass(frozen=True, eq=False)
class Sky:
    """What lies infinitely far away, all around."""

    panorama: UInt8[np.ndarray, "panorama_height panorama_width 3"]
    """sRGB, equirectangular: first row straight up, last straight down; the middle column lies along -z."""
    gain: float = 1.0
    """Linear light of its white."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything but the cameras."""

    placed: tuple[Placed, ...]
    lights: Lights
    sky: Sky
    fog_per_m: float = 0.0
    """Share of light lost in a metre of air; what is lost is made up for by the sky's colour at the horizon."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole in OpenCV axes (x right, y down, z forward), pixel centres at +0.5."""

    K_px: Float64[np.ndarray, "3 3"]
    T_world_camera: Float64[np.ndarray, "4 4"]
    size_wh: tuple[int, int]

    def resized(self, size_wh: tuple[int, int]) -> "Camera":
        """The same camera for a picture stretched to `size_wh`."""
        factors = np.array([size_wh[0] / self.size_wh[0], size_wh[1] / self.size_wh[1], 1.0])
        return Camera(self.K_px * factors[:, None], self.T_world_camera, size_wh)


@dataclass(frozen=True, eq=False)
class Shot:
    """What a camera saw."""

    rgb: Float32[np.ndarray, "height width 3"]
    """sRGB in [0, 1], anti-aliased."""
    depth: Float32[np.ndarray, "height width"]
    """z-depth of the nearest surface at the pixel's centre; infinite where the sky is."""
