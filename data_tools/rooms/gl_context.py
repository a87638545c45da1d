"""The OpenGL context of this process with all that outlives a scene: shaders, and pictures to draw into by size."""

import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

from data_tools.rooms import gl_shaders
from data_tools.rooms.gl_surface_shader import VERTEX, Feature, surface_fragment
from render.errors import BackendError
from render.extras import installed_by

SAMPLES = 4


@dataclass(frozen=True, eq=False)
class Targets:
    """Framebuffers of one size."""

    depth: Any
    """z-depth at pixel centres, 0 where nothing is."""
    opens: Any
    """Half the size: how open to light each place is, before the blur."""
    blurred: Any
    coloured: Any
    """Several samples a pixel."""
    colour: Any
    """sRGB, one byte a channel."""


@dataclass(frozen=True, eq=False)
class Context:
    """Handles of moderngl; they are good in the process that made them."""

    gl: Any
    depth: Any
    shadow: Any
    occlusion: Any
    blur: Any
    sky: Any

    def surface(self, features: frozenset[Feature], spots: int) -> Any:
        """The program that draws surfaces under so many point lights; made once for the same features."""
        return _surface(self, features, spots)

    def targets(self, size_wh: tuple[int, int]) -> Targets:
        """Framebuffers of a size; made once."""
        return _targets(self, size_wh)


def context() -> Context:
    """This process's context.

    Raises:
        BackendError: EGL gives no OpenGL 3.3.
    """
    return _context(os.getpid())


@cache
def _context(_process: int) -> Context:
    # Worker processes share the cores among them, so Mesa gets no threads of its own; with them it would hang in
    # a process that was forked after its parent had drawn.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    options: dict[str, Any] = {"standalone": True} | ({"backend": "egl"} if sys.platform == "linux" else {})
    try:
        import moderngl

        gl = moderngl.create_context(**options)
    except Exception as error:
        raise BackendError(
            f"OpenGL cannot be had without a screen ({error}); what is needed is {installed_by('train')} and, "
            "on Linux, EGL: a GPU's driver or Mesa has it."
        ) from error
    shaders = gl_shaders
    return Context(
        gl=gl,
        depth=gl.program(vertex_shader=shaders.DEPTH_VERTEX, fragment_shader=shaders.DEPTH_FRAGMENT),
        shadow=gl.program(vertex_shader=shaders.SHADOW_VERTEX, fragment_shader=shaders.SHADOW_FRAGMENT),
        occlusion=gl.program(vertex_shader=shaders.FULL_VERTEX, fragment_shader=shaders.OCCLUSION_FRAGMENT),
        blur=gl.program(vertex_shader=shaders.FULL_VERTEX, fragment_shader=shaders.BLUR_FRAGMENT),
        sky=gl.program(vertex_shader=shaders.FULL_VERTEX, fragment_shader=shaders.SKY_FRAGMENT),
    )


@cache
def _surface(context: Context, features: frozenset[Feature], spots: int) -> Any:
    fragment = surface_fragment(features, spots)
    return context.gl.program(vertex_shader=VERTEX, fragment_shader=fragment)


@cache
def _targets(context: Context, size_wh: tuple[int, int]) -> Targets:
    gl = context.gl
    half = ((size_wh[0] + 1) // 2, (size_wh[1] + 1) // 2)

    def plain(size: tuple[int, int], dtype: str, depth: bool) -> Any:
        texture = gl.texture(size, 4 if dtype == "f1" else 1, dtype=dtype)
        texture.filter = gl.NEAREST, gl.NEAREST
        texture.repeat_x = texture.repeat_y = False
        return gl.framebuffer([texture], gl.depth_renderbuffer(size) if depth else None)

    samples = min(SAMPLES, gl.max_samples)
    return Targets(
        depth=plain(size_wh, "f4", depth=True),
        opens=plain(half, "f4", depth=False),
        blurred=plain(half, "f4", depth=False),
        coloured=gl.framebuffer(
            [gl.renderbuffer(size_wh, 4, samples=samples)], gl.depth_renderbuffer(size_wh, samples=samples)
        ),
        colour=plain(size_wh, "f1", depth=False),
    )
