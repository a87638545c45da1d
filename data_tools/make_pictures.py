"""Make the pictures of docs/images: `python -m data_tools.make_pictures`.

One strip a scene: two of the photos, the scene drawn from halfway between them, and the depth of the first.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch

from data_tools.room import room
from recon.reconstruction import Reconstruction
from recon.reconstructor import Reconstructor
from render.cameras import Cameras
from render.cells import coloured_by_depth

ROOT = Path(__file__).parents[1]
HEIGHT = 240


def main() -> None:
    reconstructor = Reconstructor()
    with TemporaryDirectory() as folder:
        for i, photo in enumerate(room(4).photos):
            cv2.imwrite(str(Path(folder) / f"{i}.png"), photo[..., ::-1])
        for name, photos, pair in [
            ("banana", ROOT / "examples/banana", (2, 3)),
            ("livingroom", ROOT / "examples/livingroom", (1, 2)),
            ("room", Path(folder), (1, 2)),
        ]:
            scene = reconstructor.reconstruct([photos])
            path = ROOT / "docs/images" / f"{name}.png"
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), strip(scene, *pair)[..., ::-1])
            print(f"{path.relative_to(ROOT)}: {len(scene.gaussians)} Gaussians, between photos {pair[0]} and {pair[1]}")


def strip(scene: Reconstruction, a: int, b: int) -> np.ndarray:
    """uint8 RGB, `HEIGHT` pixels high."""
    height, width = scene.photos[a].shape[:2]
    drawn = scene.render(halfway(scene.cameras, a, b).resized((width, height))).rgb[0]
    pictures = [scene.photos[a], scene.photos[b], (drawn.clamp(0, 1) * 255).round().byte().numpy()]
    pictures += coloured_by_depth([1 / scene.depth[a].numpy()])
    size = (round(width * HEIGHT / height), HEIGHT)
    return np.concatenate([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures], 1)


def halfway(cameras: Cameras, a: int, b: int) -> Cameras:
    """One camera in the middle between two: half the way, half the turn."""
    middle = cameras[[a]]
    T = cameras.T_world_camera.numpy()
    turn, _ = cv2.Rodrigues(T[a, :3, :3].T @ T[b, :3, :3])
    half, _ = cv2.Rodrigues(turn / 2)
    middle.T_world_camera[0, :3, :3] = torch.from_numpy(T[a, :3, :3] @ half)
    middle.T_world_camera[0, :3, 3] = torch.from_numpy((T[a, :3, 3] + T[b, :3, 3]) / 2)
    return middle


if __name__ == "__main__":
    main()
