"""One picture that tells whether a run went well: photos, the scene drawn from the same cameras, depth."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from recon.reconstruction import Reconstruction

MAX_COLUMNS = 4
GAP_PX = 4
FAR_NEAR_PERCENTILES = (2, 98)

_Image = UInt8[np.ndarray, "_ _ 3"]


def make_preview(reconstruction: Reconstruction) -> UInt8[np.ndarray, "height width 3"]:
    """Photos above renders above depth, sRGB; of more than four photos, four spread over their order.

    Depth is coloured by its inverse on one scale for all photos, near is red. A photo without a camera has no render.
    """
    count = len(reconstruction.names)
    views = np.linspace(0, count - 1, min(count, MAX_COLUMNS)).round().astype(int).tolist()
    photos = [reconstruction.photos[view] for view in views]
    renders = [_render(reconstruction, view) for view in views]
    return _grid([photos, renders, coloured_by_depth([1 / reconstruction.depth[view].numpy() for view in views])])


def _render(reconstruction: Reconstruction, view: int) -> _Image:
    photo = reconstruction.photos[view]
    if reconstruction.origin[view] == "not registered":
        return np.zeros_like(photo)
    cameras = reconstruction.cameras[[view]].resized((photo.shape[1], photo.shape[0]))
    return (reconstruction.render(cameras).rgb[0].clamp(0, 1) * 255).round().byte().numpy()


def coloured_by_depth(inverse_depths: list[Float[np.ndarray, "_ _"]]) -> list[_Image]:
    """Inverse depths on one scale: near is red, far is blue."""
    every = np.concatenate([inverse.ravel() for inverse in inverse_depths])
    far, near = np.percentile(every, FAR_NEAR_PERCENTILES)
    levels = [((d - far) / max(near - far, 1e-12)).clip(0, 1) * 255 for d in inverse_depths]
    return [cv2.applyColorMap(level.astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1] for level in levels]


def _grid(rows: list[list[_Image]]) -> _Image:
    """Cells of one size, each picture in the upper left corner of its own, white between them."""
    height = max(cell.shape[0] for row in rows for cell in row)
    width = max(cell.shape[1] for row in rows for cell in row)
    step_y, step_x = height + GAP_PX, width + GAP_PX
    grid = np.full((len(rows) * step_y - GAP_PX, len(rows[0]) * step_x - GAP_PX, 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            grid[y * step_y : y * step_y + cell.shape[0], x * step_x : x * step_x + cell.shape[1]] = cell
    return grid
