"""Small captures, written as other tools write them: a room's photos, depth and cameras."""

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_tools.room import Room, room
from render.files.cameras_json import write_cameras_json

SIZE_WH = (96, 72)
OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])


@cache
def small_room(views: int = 5) -> Room:
    return room(views, SIZE_WH, 82.0)


def names(views: int = 5) -> list[str]:
    return [f"photo {view}.png" for view in range(views)]


def write_photos(folder: Path, of: Room) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, photo in zip(names(len(of.photos)), of.photos, strict=True):
        cv2.imwrite(str(folder / name), photo[..., ::-1])


def write_depth_png(folder: Path, of: Room, unit: float = 1e-3) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, depth in zip(names(len(of.photos)), of.depth, strict=True):
        cv2.imwrite(str(folder / name), (depth / unit).round().astype(np.uint16))


def write_cameras_capture(folder: Path, of: Room, *, depth: bool = True) -> Path:
    """As this project's own tools leave it."""
    write_photos(folder / "images", of)
    write_cameras_json(folder / "cameras.json", names(len(of.photos)), of.cameras, [True] * len(of.photos))
    if depth:
        write_depth_png(folder / "depth", of)
    return folder


def transforms(of: Room, **everywhere: Any) -> dict[str, Any]:
    """What nerfstudio has, with the intrinsics of the first photo for all."""
    K_px = of.cameras.K_px[0].tolist()
    frames = [
        {"file_path": f"images/{name}", "transform_matrix": (T.numpy() @ OPENGL).tolist()}
        for name, T in zip(names(len(of.photos)), of.cameras.T_world_camera, strict=True)
    ]
    intrinsics = {"fl_x": K_px[0][0], "fl_y": K_px[1][1], "cx": K_px[0][2], "cy": K_px[1][2], "w": 96, "h": 72}
    return {"camera_model": "OPENCV", **intrinsics, **everywhere, "frames": frames}


def write_transforms_capture(folder: Path, of: Room, content: dict[str, Any] | None = None) -> Path:
    write_photos(folder / "images", of)
    (folder / "transforms.json").write_text(json.dumps(transforms(of) if content is None else content))
    return folder


def write_colmap_capture(
    folder: Path, of: Room, *, ending: str, below: str = "sparse/0", camera: tuple[str, list[float]] | None = None
) -> Path:
    """`camera` is a model's name and parameters; without it, that of the room."""
    (folder / below).mkdir(parents=True, exist_ok=True)
    write_photos(folder / "images", of)
    (fx, _, cx), (_, fy, cy), _ = of.cameras.K_px[0].tolist()
    model, parameters = camera or ("PINHOLE", [fx, fy, cx, cy])
    poses = map(world_to_camera, of.cameras.T_world_camera.numpy())
    placed = [(name, *pose) for name, pose in zip(names(len(of.photos)), poses, strict=True)]
    write = {"txt": write_model_txt, "bin": write_model_bin}[ending]
    write(folder / below, model, parameters, placed)
    return folder


def world_to_camera(T_world_camera: np.ndarray) -> tuple[list[float], list[float]]:
    """Quaternion wxyz and translation; the quaternion by its axis and angle, not as the reader turns it back."""
    T = np.linalg.inv(T_world_camera)
    axis = cv2.Rodrigues(T[:3, :3])[0].ravel()
    angle = float(np.linalg.norm(axis))
    imaginary = np.sin(angle / 2) * axis / max(angle, 1e-300)
    return [float(np.cos(angle / 2)), *imaginary.tolist()], T[:3, 3].tolist()


def write_model_txt(folder: Path, model: str, parameters: list[float], placed: list[tuple]) -> None:
    (folder / "cameras.txt").write_text(
        f"# Camera list\n# CAMERA_ID, MODEL, ...\n7 {model} 96 72 {' '.join(map(repr, parameters))}\n"
    )
    lines = ["# Image list", ""]
    for number, (name, quat, translation) in enumerate(placed):
        lines += [
            f"{number} {' '.join(map(repr, quat + translation))} 7 {name}",
            "1.5 2.5 -1 3 4 12" if number % 2 else "",
        ]
    (folder / "images.txt").write_text("\n".join(lines) + "\n")


MODEL_IDS = {"SIMPLE_PINHOLE": 0, "PINHOLE": 1, "SIMPLE_RADIAL": 2, "RADIAL": 3, "OPENCV": 4, "OPENCV_FISHEYE": 5}


def write_model_bin(folder: Path, model: str, parameters: list[float], placed: list[tuple]) -> None:
    head = struct.pack("<QIiQQ", 1, 7, MODEL_IDS[model], 96, 72)
    (folder / "cameras.bin").write_bytes(head + struct.pack(f"<{len(parameters)}d", *parameters))
    content = struct.pack("<Q", len(placed))
    for number, (name, quat, translation) in enumerate(placed):
        points = struct.pack("<ddq", 1.5, 2.5, -1) * (number % 2)
        content += struct.pack("<I7dI", number, *quat, *translation, 7) + name.encode() + b"\0"
        content += struct.pack("<Q", len(points) // 24) + points
    (folder / "images.bin").write_bytes(content)
