"""Scenes whose pictures can be computed by hand, and the renderer that draws them where it can."""

import numpy as np
import pytest

from data_tools.rooms.gl import GLRenderer
from data_tools.rooms.gl_context import context
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.placing import look_at
from data_tools.rooms.scene import Camera, Lights, Placed, Scene, Sky
from data_tools.rooms.shapes import Look, quad
from render.errors import BackendError

SIZE_WH = (96, 64)


def renderer() -> GLRenderer:
    """Skips where no OpenGL can be had."""
    try:
        context()
    except BackendError as error:
        pytest.skip(str(error))
    return GLRenderer()


def camera(eye=(0.3, 1.1, 2.0), target=(0.0, 0.6, 0.0), size_wh: tuple[int, int] = SIZE_WH) -> Camera:
    """Off centre, with different focal lengths."""
    K = np.array([[0.9 * size_wh[0], 0, 0.46 * size_wh[0]], [0, 0.88 * size_wh[0], 0.57 * size_wh[1]], [0, 0, 1.0]])
    return Camera(K, look_at(eye, target, roll=0.1), size_wh)


def floor(height: float = 0.0, half: float = 50.0, look: Look | None = None) -> Placed:
    """A level square around the origin."""
    corners = np.array([(-half, height, half), (half, height, half), (half, height, -half), (-half, height, -half)])
    return Placed(Mesh("floor", (quad(look or Look(), corners),)), np.eye(4))


def scene(*placed: Placed, light: float = 1.0) -> Scene:
    """Under even light and a black sky."""
    sky = Sky(np.zeros((2, 4, 3), np.uint8))
    return Scene(placed, Lights((light, light, light), (light, light, light), reach_m=0.001), sky)


def rays(camera: Camera) -> np.ndarray:
    """World directions through pixel centres whose z in camera axes is 1: rows, columns, 3."""
    width, height = camera.size_wh
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([u, v, np.ones_like(u)], -1)
    return pixels @ np.linalg.inv(camera.K_px).T @ camera.T_world_camera[:3, :3].T
