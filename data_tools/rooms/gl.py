"""Scenes drawn by OpenGL, on a GPU or by Mesa's software rasterizer, without a screen.

corners, textures ──> shadow maps of sun and first lamp              once a scene
                            │
camera ──> depth at pixel centres ──> crevices ──> colour, several samples a pixel, sky behind   once a photo
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from jaxtyping import Float32

from data_tools.rooms.gl_context import Context, Targets, context
from data_tools.rooms.gl_geometry import Batch, geometry, in_sight
from data_tools.rooms.gl_shadows import Shadows
from data_tools.rooms.gl_uniforms import features, light_uniforms, projection, set_uniforms
from data_tools.rooms.scene import Camera, Scene, Shot


class GLRenderer:
    """Draws scenes in this process's context."""

    @contextmanager
    def load(self, scene: Scene) -> Iterator["LoadedGLScene"]:
        """Take a scene onto the device; all of it is released at the end.

        Raises:
            BackendError: EGL gives no OpenGL 3.3.
        """
        with ExitStack() as resources:
            yield LoadedGLScene(scene, context(), resources)


class LoadedGLScene:
    """A scene whose corners, textures and shadows lie on the device."""

    def __init__(self, scene: Scene, drawing: Context, resources: ExitStack):
        self._scene, self._context, self._resources = scene, drawing, resources
        packed = geometry(scene)
        self._batches = packed.batches
        corners = self._keep(drawing.gl.buffer(packed.rows.tobytes()))
        layout = "3f 3f 2f 4f1", "in_position", "in_normal", "in_uv", "in_look"
        self._programs = {
            glossy: drawing.surface(features(scene, glossy), len(scene.lights.points)) for glossy in (False, True)
        }
        self._surfaces = {
            glossy: self._keep(drawing.gl.vertex_array(program, [(corners, *layout)]))
            for glossy, program in self._programs.items()
        }
        bare = self._keep(drawing.gl.buffer(np.ascontiguousarray(packed.positions).tobytes()))
        self._depths = self._keep(drawing.gl.vertex_array(drawing.depth, [(bare, "3f", "in_position")]))
        casters = self._keep(drawing.gl.vertex_array(drawing.shadow, [(bare, "3f", "in_position")]))
        self._full = {
            program: self._keep(drawing.gl.vertex_array(program, []))
            for program in (drawing.occlusion, drawing.blur, drawing.sky)
        }
        textures = {id(batch.texture): batch.texture for batch in packed.batches if batch.texture is not None}
        self._textures = {key: self._texture(pixels) for key, pixels in textures.items()}
        self._panorama = self._texture(scene.sky.panorama)
        self._panorama.repeat_y = False
        self._shadows = Shadows(scene, self._batches, drawing, casters, resources)

    def depth(self, camera: Camera) -> Float32[np.ndarray, "height width"]:
        """The shot's depth alone."""
        targets = self._context.targets(camera.size_wh)
        T_clip_world, forward = projection(camera)
        self._draw_depth(targets, T_clip_world, forward, in_sight(self._batches, T_clip_world))
        width, height = camera.size_wh
        read = np.frombuffer(targets.depth.read(components=1, dtype="f4", alignment=1), np.float32)
        return np.where(read > 0, read, np.float32(np.inf)).reshape(height, width)

    def shoot(self, camera: Camera, exposure: float) -> Shot:
        """Photo and depth."""
        width, height = camera.size_wh
        depth = self.depth(camera)
        targets = self._context.targets(camera.size_wh)
        T_clip_world, forward = projection(camera)
        self._draw_crevices(targets, camera)
        self._draw_colour(targets, camera, exposure, T_clip_world, forward)
        self._context.gl.copy_framebuffer(targets.colour, targets.coloured)
        read = np.frombuffer(targets.colour.read(components=3, alignment=1), np.uint8)
        return Shot(rgb=read.reshape(height, width, 3).astype(np.float32) / 255, depth=depth)

    def _draw_depth(self, targets: Targets, T_clip_world: np.ndarray, forward: np.ndarray, seen: list[Batch]) -> None:
        gl, program = self._context.gl, self._context.depth
        targets.depth.use()
        gl.enable_only(gl.DEPTH_TEST)
        targets.depth.clear()
        set_uniforms(program, T_clip_world=T_clip_world, forward=forward)
        for batch in seen:
            self._depths.render(vertices=batch.count, first=batch.first)

    def _draw_crevices(self, targets: Targets, camera: Camera) -> None:
        gl = self._context.gl
        gl.enable_only(gl.NOTHING)
        K, size = camera.K_px, np.array(camera.size_wh, float)
        targets.depth.color_attachments[0].use(0)
        targets.opens.use()
        set_uniforms(
            self._context.occlusion,
            depths=0, pinhole=[K[0, 0], K[1, 1], K[0, 2], K[1, 2]], size=size, reach=self._scene.lights.reach_m,
        )  # fmt: skip
        self._full[self._context.occlusion].render(vertices=3)
        targets.opens.color_attachments[0].use(1)
        targets.blurred.use()
        set_uniforms(self._context.blur, opens=1, depths=0, size=size)
        self._full[self._context.blur].render(vertices=3)

    def _draw_colour(
        self, targets: Targets, camera: Camera, exposure: float, T_clip_world: np.ndarray, forward: np.ndarray
    ) -> None:
        gl = self._context.gl
        targets.coloured.use()
        gl.enable_only(gl.DEPTH_TEST)
        targets.coloured.clear()
        targets.blurred.color_attachments[0].use(1)
        self._panorama.use(2)
        self._shadows.use(3, 4)
        seen = in_sight(self._batches, T_clip_world)
        for glossy, program in self._programs.items():
            set_uniforms(program, **light_uniforms(self._scene), **self._shadows.uniforms(3, 4))
            set_uniforms(
                program,
                T_clip_world=T_clip_world, forward=forward, exposure=exposure, eye=camera.T_world_camera[:3, 3],
                albedo=0, opens=1, panorama=2,
            )  # fmt: skip
            for batch in (batch for batch in seen if batch.glossy == glossy):
                set_uniforms(program, textured=batch.texture is not None)
                if batch.texture is not None:
                    self._textures[id(batch.texture)].use(0)
                self._surfaces[glossy].render(vertices=batch.count, first=batch.first)
        self._draw_sky(camera, exposure)

    def _draw_sky(self, camera: Camera, exposure: float) -> None:
        gl, program = self._context.gl, self._context.sky
        gl.depth_func = "<="
        (width, height), K = camera.size_wh, camera.K_px
        across = [[width / 2, 0, width / 2 - K[0, 2]], [0, height / 2, height / 2 - K[1, 2]], [0, 0, 1]]
        rays = np.diag([1 / K[0, 0], 1 / K[1, 1], 1.0]) @ np.array(across)
        set_uniforms(
            program,
            R_world_clip=camera.T_world_camera[:3, :3] @ rays,
            panorama=2, gain=self._scene.sky.gain, exposure=exposure,
        )  # fmt: skip
        self._full[program].render(vertices=3)
        gl.depth_func = "<"

    def _texture(self, pixels: np.ndarray) -> Any:
        height, width = pixels.shape[:2]
        gl = self._context.gl
        texture = gl.texture((width, height), 3, np.ascontiguousarray(pixels).tobytes(), alignment=1)
        texture.build_mipmaps()
        texture.filter = gl.LINEAR_MIPMAP_NEAREST, gl.LINEAR
        return self._keep(texture)

    def _keep(self, resource: Any) -> Any:
        self._resources.callback(resource.release)
        return resource
