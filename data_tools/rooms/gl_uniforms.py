"""What shaders are told: where the camera is, what shines, in the form that OpenGL takes."""

from typing import Any

import numpy as np
from jaxtyping import Float

from data_tools.rooms.gl_surface_shader import Feature
from data_tools.rooms.scene import Camera, Scene

NEAREST_M = 0.05
"""Nothing nearer is drawn."""


def projection(camera: Camera) -> tuple[Float[np.ndarray, "4 4"], Float[np.ndarray, "4"]]:
    """World to clip coordinates with the picture's upper row first, and the row that gives a point's z-depth."""
    (width, height), K = camera.size_wh, camera.K_px
    T_camera_world = np.linalg.inv(camera.T_world_camera)
    T_clip_camera = np.array(
        [
            [2 * K[0, 0] / width, 2 * K[0, 1] / width, 2 * K[0, 2] / width - 1, 0],
            [0, 2 * K[1, 1] / height, 2 * K[1, 2] / height - 1, 0],
            [0, 0, 1, -2 * NEAREST_M],  # no far end
            [0, 0, 1, 0],
        ]
    )
    return T_clip_camera @ T_camera_world, T_camera_world[2]


def light_uniforms(scene: Scene) -> dict[str, Any]:
    """What shines, as the surfaces' shader takes it."""
    lights, sky = scene.lights, scene.sky
    spots = lights.points
    return {
        "above": lights.above,
        "below": lights.below,
        "sun_direction": lights.sun.direction if lights.sun else (0.0, 1.0, 0.0),
        "sun_light": lights.sun.light if lights.sun else (0.0, 0.0, 0.0),
        "spot_position": np.array([spot.position for spot in spots]),
        "spot_light": np.array([spot.light for spot in spots]),
        # The fourth number is what is left of the light aside of where it faces.
        "spot_facing": np.array([(*spot.facing, float(not any(spot.facing))) for spot in spots]),
        "gain": sky.gain,
        "fog": scene.fog_per_m,
        "outdoors": 0.2 if spots else 1.0,
    }


def set_uniforms(program: Any, **values: Any) -> None:
    """Write those uniforms that the program has; matrices are taken as they are read, rows first."""
    for name, value in values.items():
        uniform = program.get(name, None)
        if uniform is None:
            continue
        if isinstance(value, np.ndarray | list | tuple):
            array = np.asarray(value, np.float32)
            is_matrix = array.ndim >= 2 and array.shape[-1] == array.shape[-2] and not name.startswith("spot_")
            uniform.write(np.ascontiguousarray(array.swapaxes(-1, -2) if is_matrix else array).tobytes())
        else:
            uniform.value = value


def features(scene: Scene, glossy: bool) -> frozenset[Feature]:
    """What a shader must do that draws surfaces of this scene."""
    wanted: dict[Feature, bool] = {
        "SUN": scene.lights.sun is not None,
        "LAMP": bool(scene.lights.points),
        "GLOSS": glossy,
        "FOG": scene.fog_per_m > 0,
    }
    return frozenset(feature for feature, is_wanted in wanted.items() if is_wanted)
