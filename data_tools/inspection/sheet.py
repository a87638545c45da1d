"""One picture of many scenes: photos above their depth, scene below scene."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from recon.training.scenes import TrainingScene
from render.files.atomic import write_atomically

COLUMNS = 8
CELL_PX = 192
"""Side of the square that a picture is fitted into."""
GAP_PX = 4
MAX_ROWS = 100
"""A sheet longer than this is for nobody to look at."""
FAR_NEAR_PERCENTILES = (2, 98)

_Image = UInt8[ndarray, "_ _ 3"]


def scene_rows(scene: TrainingScene) -> list[list[_Image]]:
    """A row of photos, spread over their order, and one of their depth where any is known."""
    count = len(scene.photos)
    views = np.linspace(0, count - 1, min(count, COLUMNS)).round().astype(int).tolist()
    rows = [[_fitted(scene.photos[view], cv2.INTER_AREA) for view in views]]
    if scene.depth is not None:
        rows.append(_coloured([_fitted(scene.depth[view], cv2.INTER_NEAREST_EXACT) for view in views]))
    return rows


def write_sheet(path: Path, rows: list[list[_Image]]) -> None:
    """Write the rows, up to a hundred of them, as one white PNG, every picture at the top of its cell.

    Raises:
        OutputError: the folder cannot be written.
    """
    rows = rows[:MAX_ROWS]
    heights = [max(cell.shape[0] for cell in cells) + GAP_PX for cells in rows]
    step = CELL_PX + GAP_PX
    sheet = np.full((sum(heights) - GAP_PX, max(map(len, rows)) * step - GAP_PX, 3), 255, np.uint8)
    for cells, y in zip(rows, np.cumsum([0, *heights]), strict=False):
        for column, cell in enumerate(cells):
            sheet[y : y + cell.shape[0], column * step : column * step + cell.shape[1]] = cell
    write_atomically(path, cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())


def _fitted(picture: ndarray, interpolation: int) -> ndarray:
    height, width = picture.shape[:2]
    factor = CELL_PX / max(height, width)
    return cv2.resize(
        picture, (max(1, round(width * factor)), max(1, round(height * factor))), interpolation=interpolation
    )


def _coloured(depths: list[Float32[ndarray, "_ _"]]) -> list[_Image]:
    """By inverse depth on one scale: near is red, far and the sky are blue, black is not known."""
    inverses = [np.divide(1, depth, out=np.zeros_like(depth), where=depth > 0) for depth in depths]
    known = np.concatenate([inverse[depth > 0] for inverse, depth in zip(inverses, depths, strict=True)])
    far, near = np.percentile(known, FAR_NEAR_PERCENTILES) if known.size else (0, 1)
    levels = [((inverse - far) / max(near - far, 1e-12)).clip(0, 1) * 255 for inverse in inverses]
    coloured = [cv2.applyColorMap(level.astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1] for level in levels]
    return [np.where(depth[..., None] > 0, colour, 0) for depth, colour in zip(depths, coloured, strict=True)]
