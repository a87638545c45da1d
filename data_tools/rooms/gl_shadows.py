"""Shadow maps of a scene's sun and first lamp, drawn once: neither moves while the scene is photographed."""

from contextlib import ExitStack
from typing import Any

import numpy as np
from jaxtyping import Float

from data_tools.rooms.gl_context import Context
from data_tools.rooms.gl_geometry import Batch
from data_tools.rooms.scene import Scene

SUN_MAP, LAMP_TILE = 2048, 384
"""Texels along a side of the sun's map, and of each of the six tiles of the lamp's."""
LARGEST_CASTER_M = 40.0
"""A batch that reaches farther from its middle, such as the ground, does not make the sun's map any wider."""
NEAREST_CASTER_M, FARTHEST_CASTER_M = 0.3, 60.0
"""Distances from the lamp; what is nearer is its own shade."""
LAMP_DEPTH = (
    (FARTHEST_CASTER_M + NEAREST_CASTER_M) / (FARTHEST_CASTER_M - NEAREST_CASTER_M),
    2 * FARTHEST_CASTER_M * NEAREST_CASTER_M / (FARTHEST_CASTER_M - NEAREST_CASTER_M),
)
"""Depth in clip coordinates at a distance d along an axis is the first less the second / d."""


class Shadows:
    """Two depth textures and the matrices that lead into them."""

    def __init__(self, scene: Scene, batches: tuple[Batch, ...], context: Context, casters: Any, resources: ExitStack):
        gl = context.gl
        size = SUN_MAP if scene.lights.sun else 1
        tile = LAMP_TILE if scene.lights.points else 1
        self._T_sun_world, self._texel_m = np.eye(4), 0.0
        self._sun, sun_frame = _map(gl, (size, size), resources)
        self._lamp, lamp_frame = _map(gl, (3 * tile, 2 * tile), resources)
        gl.enable_only(gl.DEPTH_TEST)
        gl.polygon_offset = 2.0, 4.0
        if scene.lights.sun and batches:
            self._T_sun_world, self._texel_m = sun_projection(np.array(scene.lights.sun.direction), batches)
            _draw(context, sun_frame, self._T_sun_world, casters, batches)
        if scene.lights.points:
            for face, T in enumerate(lamp_projections(np.array(scene.lights.points[0].position))):
                lamp_frame.viewport = (face % 3 * tile, face // 3 * tile, tile, tile)
                _draw(context, lamp_frame, T, casters, batches)
        gl.polygon_offset = 0.0, 0.0

    def use(self, sun_unit: int, lamp_unit: int) -> None:
        """Bind both maps."""
        self._sun.use(sun_unit)
        self._lamp.use(lamp_unit)

    def uniforms(self, sun_unit: int, lamp_unit: int) -> dict[str, Any]:
        """What a program that casts shadows needs to know."""
        return {
            "sun_shadow": sun_unit,
            "lamp_shadow": lamp_unit,
            "T_sun_world": self._T_sun_world,
            "lamp_depth": LAMP_DEPTH,
            "sun_texel": self._texel_m,
        }


def sun_projection(
    direction: Float[np.ndarray, "3"], batches: tuple[Batch, ...]
) -> tuple[Float[np.ndarray, "4 4"], float]:
    """A box along the sun's rays around all that casts shadows; and the metres of a texel."""
    side = np.cross(direction, [0.0, 0.0, 1.0] if abs(direction[2]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(direction, side), -direction])
    casters = [batch for batch in batches if batch.radius < LARGEST_CASTER_M] or list(batches)
    centres = np.stack([batch.centre for batch in casters]) @ axes.T
    radii = np.array([batch.radius for batch in casters])[:, None]
    low, high = (centres - radii).min(0), (centres + radii).max(0)
    half = np.maximum((high - low) / 2, 0.1)
    T = np.eye(4)
    T[:3, :3] = axes / half[:, None]
    T[:3, 3] = -(low + high) / 2 / half
    return T, float(2 * half[:2].max() / SUN_MAP)


def lamp_projections(position: Float[np.ndarray, "3"]) -> Float[np.ndarray, "6 4 4"]:
    """Pyramids of 90 degrees towards +x, -x, +y, -y, +z, -z, as the shader numbers them."""
    out = []
    for axis in range(3):
        for sign in (1.0, -1.0):
            forward, side = np.zeros(3), np.zeros(3)
            forward[axis], side[(axis + 1) % 3] = sign, 1.0
            rows = np.stack([side, np.cross(forward, side), forward])
            T = np.zeros((4, 4))
            T[:2, :3], T[3, :3] = rows[:2], rows[2]
            T[2, :3] = rows[2] * LAMP_DEPTH[0]
            T[:, 3] = -T[:, :3] @ position
            T[2, 3] -= LAMP_DEPTH[1]
            out.append(T)
    return np.stack(out)


def _map(gl: Any, size: tuple[int, int], resources: ExitStack) -> tuple[Any, Any]:
    texture = gl.depth_texture(size)
    texture.compare_func = "<="
    texture.filter = (gl.LINEAR, gl.LINEAR)
    texture.repeat_x = texture.repeat_y = False
    frame = gl.framebuffer(depth_attachment=texture)
    frame.clear()
    resources.callback(texture.release)
    resources.callback(frame.release)
    return texture, frame


def _draw(context: Context, frame: Any, T: np.ndarray, casters: Any, batches: tuple[Batch, ...]) -> None:
    frame.use()
    context.shadow["T_clip_world"].write(np.ascontiguousarray(T.T.astype("f4")).tobytes())
    if batches:
        casters.render(vertices=batches[-1].first + batches[-1].count)
