"""COLMAP's sparse model, as text or binary: world to camera, quaternions wxyz, pixel centre at +0.5.

| file | row |
|---|---|
| cameras.txt | `CAMERA_ID PINHOLE WIDTH HEIGHT FX FY CX CY` |
| images.txt | `IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME`, then an empty line for its points |
| points3D.txt | `POINT3D_ID X Y Z R G B ERROR`, with no track |
| cameras.bin | uint64 count; int32 id, int32 model (1, PINHOLE), uint64 width, uint64 height, 4 float64 |
| images.bin | uint64 count; int32 id, 7 float64, int32 camera, name and a zero byte, uint64 points (0) |
| points3D.bin | uint64 count; uint64 id, 3 float64, 3 uint8, float64 error, uint64 length of the track (0) |

Points are centres of Gaussians: trainers begin with them. Photos of one size and focal length share a camera.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, UInt8
from scipy.spatial.transform import Rotation

from render.cameras import Cameras
from render.files.atomic import make_folder, write_atomically
from render.files.point_cloud import LEAST_OPACITY
from render.files.values import to_bytes
from render.gaussians import Gaussians
from render.sh import sh0_to_rgb

PINHOLE = 1
MOST_POINTS = 100_000
"""Of larger scenes, every second, third ... Gaussian."""
POINT_ROW = np.dtype(
    [("id", "<u8"), ("xyz", "<f8", 3), ("rgb", "u1", 3), ("error", "<f8"), ("track", "<u8")],
)


@dataclass(frozen=True, eq=False)
class _Model:
    """What all three files say."""

    names: tuple[str, ...]
    lenses: tuple[tuple[int, int, float, float, float, float], ...]
    """Width, height, fx, fy, cx, cy of each camera."""
    camera: tuple[int, ...]
    """Of each photo, from 1 on."""
    quats_wxyz: Float64[np.ndarray, "photo 4"]
    translations: Float64[np.ndarray, "photo 3"]
    points: Float64[np.ndarray, "point 3"]
    colours: UInt8[np.ndarray, "point 3"]


def write_colmap(
    folder: Path, names: Sequence[str], cameras: Cameras, gaussians: Gaussians | None, *, text: bool
) -> None:
    """Write `cameras`, `images` and `points3D` into `folder`, which is made; each file is there whole or not at all.

    Args:
        folder: for COLMAP's order of folders, `sparse/0` beside `images`.
        names: of the photos, below the folder of photos.
        gaussians: what becomes points; None for none.
        text: whether as .txt, else as .bin.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    model = _model_of(names, cameras, gaussians)
    parts = _text_of(model) if text else _binary_of(model)
    make_folder(folder)
    for name, content in parts.items():
        write_atomically(folder / f"{name}{'.txt' if text else '.bin'}", content)


def _model_of(names: Sequence[str], cameras: Cameras, gaussians: Gaussians | None) -> _Model:
    lenses: dict[tuple[int, int, float, float, float, float], int] = {}
    camera = []
    for K, (width, height) in zip(cameras.K_px.tolist(), cameras.size_wh.tolist(), strict=True):
        lens = (width, height, K[0][0], K[1][1], K[0][2], K[1][2])
        camera.append(lenses.setdefault(lens, len(lenses) + 1))
    T_camera_world = cameras.T_camera_world.numpy()
    quats_xyzw = Rotation.from_matrix(T_camera_world[:, :3, :3]).as_quat(canonical=True)
    points, colours = np.zeros((0, 3)), np.zeros((0, 3), np.uint8)
    if gaussians is not None:
        solid = gaussians[gaussians.opacities >= LEAST_OPACITY]
        solid = solid[:: -(-len(solid) // MOST_POINTS) or 1]
        points = solid.means.double().cpu().numpy()
        colours = to_bytes(255 * sh0_to_rgb(solid.sh[:, 0]).cpu().numpy())
    return _Model(
        names=tuple(names),
        lenses=tuple(lenses),
        camera=tuple(camera),
        quats_wxyz=np.roll(quats_xyzw, 1, axis=1),
        translations=T_camera_world[:, :3, 3],
        points=points,
        colours=colours,
    )


def _text_of(model: _Model) -> dict[str, bytes]:
    cameras = [f"{i} PINHOLE {' '.join(map(str, lens))}" for i, lens in enumerate(model.lenses, 1)]
    images = [
        f"{i} {' '.join(map(str, [*quat, *translation]))} {camera} {name}\n"
        for i, (name, camera, quat, translation) in enumerate(_images(model), 1)
    ]
    points = [
        f"{i} {x} {y} {z} {r} {g} {b} 0"
        for i, ((x, y, z), (r, g, b)) in enumerate(zip(model.points.tolist(), model.colours.tolist(), strict=True), 1)
    ]
    parts = {"cameras": cameras, "images": images, "points3D": points}
    return {name: "\n".join([*lines, ""]).encode() for name, lines in parts.items()}


def _binary_of(model: _Model) -> dict[str, bytes]:
    cameras = [struct.pack("<iiQQ4d", i, PINHOLE, *lens) for i, lens in enumerate(model.lenses, 1)]
    images = [
        struct.pack("<i7di", i, *quat, *translation, camera) + name.encode() + b"\0" + struct.pack("<Q", 0)
        for i, (name, camera, quat, translation) in enumerate(_images(model), 1)
    ]
    points = np.zeros(len(model.points), POINT_ROW)
    points["id"] = np.arange(1, len(points) + 1)
    points["xyz"], points["rgb"] = model.points, model.colours
    parts = {"cameras": cameras, "images": images, "points3D": [points.tobytes()]}
    counts = {"cameras": len(cameras), "images": len(images), "points3D": len(points)}
    return {name: struct.pack("<Q", counts[name]) + b"".join(part) for name, part in parts.items()}


def _images(model: _Model) -> list[tuple[str, int, list[float], list[float]]]:
    return list(zip(model.names, model.camera, model.quats_wxyz.tolist(), model.translations.tolist(), strict=True))
