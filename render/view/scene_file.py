"""A scene's file by itself -> what there is to look at. Nobody says from where, so a camera is made up."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from render.cameras import Cameras
from render.errors import FileFormatError
from render.files.formats import read_scene
from render.gaussians import Gaussians
from render.points import Points
from render.view.folder import drawn_picture
from render.view.scene import ViewedScene

SIZE_WH = (960, 720)
WIDE = 0.75
"""Half the height of what can be seen, over its distance, at most: some 74 degrees from top to bottom."""
MOST = 0.8
"""Of the Gaussians: so many are in the picture."""


def open_file(path: Path) -> ViewedScene:
    """The scene in a file of any known format, with one camera, `start`, and no points.

    Raises:
        ConfigError: no format has this ending.
        FileFormatError: the file cannot be read, is malformed, or holds no Gaussian.
    """
    gaussians = read_scene(path)
    if not len(gaussians):
        raise FileFormatError(path, "it holds no Gaussian; there is nothing to see.")
    camera = start_camera(gaussians)
    picture = drawn_picture(gaussians, camera)
    return ViewedScene(gaussians, camera, ("start",), (picture,), Points.concatenate([]), photographed=False)


def start_camera(gaussians: Gaussians) -> Cameras:
    """A camera that looks along +z, upright with -y up, as snapsplat's scenes are.

    It stands in the origin, where the first photo was taken, if half of the Gaussians are seen from there; else in
    front of the middle of all, so far away that most are in the picture.
    """
    means = gaussians.means.to(torch.float64).numpy()
    T = torch.eye(4, dtype=torch.float64)
    slopes = _slopes(means)
    if np.mean(slopes <= WIDE) < 0.5:
        middle = np.median(means, axis=0)
        radius = max(float(np.quantile(np.linalg.norm(means - middle, axis=1), MOST)), 1e-6)
        T[:3, 3] = torch.from_numpy(middle - [0, 0, 2 * radius / WIDE])
        slopes = _slopes(means - T[:3, 3].numpy())
    # Cut off first: between two that are infinite there is no quantile.
    slope = max(float(np.quantile(np.minimum(slopes, WIDE), MOST)), WIDE / 4)
    width, height = SIZE_WH
    focal = height / (2 * slope)
    K = torch.tensor([[[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]], dtype=torch.float64)
    return Cameras(K, T[None], torch.tensor([SIZE_WH]))


def _slopes(xyz: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n"]:
    """How much half a picture's height over its distance has to be for each point to be in it; infinite behind."""
    off = np.maximum(np.abs(xyz[:, 1]), np.abs(xyz[:, 0]) * SIZE_WH[1] / SIZE_WH[0])
    return np.divide(off, xyz[:, 2], out=np.full(len(xyz), np.inf), where=xyz[:, 2] > 0)
