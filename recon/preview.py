"""One picture that tells whether a run went well: what the cameras saw, what the scene shows there, and from above."""

import cv2
import numpy as np
from jaxtyping import UInt8

from recon.reconstruction import Reconstruction
from recon.top_view import draw_top_view
from render.cells import coloured_by_confidence, coloured_by_depth, coloured_by_difference, reduced

MAX_COLUMNS = 4
MAX_SIDE_PX = 224
"""Of one cell: with four photos, the whole picture stays within about a megabyte."""
GAP_PX = 4
LABEL_PX = 18
"""Width of the names beside the rows, and height of the line above the top view."""
ROWS = ("photo", "render", "difference", "depth", "confidence")

_Image = UInt8[np.ndarray, "_ _ 3"]


def make_preview(reconstruction: Reconstruction) -> _Image:
    """The rows of `ROWS`, a column for each photo, and beside them the scene from above with its cameras; sRGB.

    Of more than four photos, four spread over their order. The difference is that between photo and render, the
    photo's exposure taken into account; it is black where they agree. Depth is coloured by its inverse on one scale
    for all photos, near is red; confidence is white where it is 1. A photo without a camera has no render.
    """
    count = len(reconstruction.names)
    views = np.linspace(0, count - 1, min(count, MAX_COLUMNS)).round().astype(int).tolist()
    photos = [reduced(reconstruction.photos[view], MAX_SIDE_PX) for view in views]
    pairs = [_render_and_difference(reconstruction, view) for view in views]
    inverse_depths = [reduced(1 / reconstruction.depth[view].numpy(), MAX_SIDE_PX) for view in views]
    confidence = [reduced(reconstruction.confidence[view].numpy(), MAX_SIDE_PX) for view in views]
    rows = [
        photos,
        [render for render, _ in pairs],
        [difference for _, difference in pairs],
        coloured_by_depth(inverse_depths),
        [coloured_by_confidence(values) for values in confidence],
    ]
    grid = _grid(rows)
    height = grid.shape[0]
    width = 2 * (grid.shape[1] // len(views))
    above = draw_top_view(reconstruction, (width, height - LABEL_PX))
    beside = np.concatenate([_line(_summary(reconstruction), width), above])
    gap = np.full((height, GAP_PX, 3), 255, np.uint8)
    return np.concatenate([_row_names(height), grid, gap, beside], 1)


def _render_and_difference(reconstruction: Reconstruction, view: int) -> tuple[_Image, _Image]:
    photo = reconstruction.photos[view]
    if reconstruction.origin[view] == "not registered":
        nothing = np.zeros_like(reduced(photo, MAX_SIDE_PX))
        return nothing, nothing
    cameras = reconstruction.cameras[[view]].resized((photo.shape[1], photo.shape[0]))
    drawn = reconstruction.render(cameras).rgb[0].detach()
    as_exposed = (drawn / reconstruction.gain[view]).clamp(0, 1).numpy()
    difference = np.abs(as_exposed - photo.astype(np.float32) / 255).mean(2)
    render = (drawn.clamp(0, 1) * 255).round().byte().numpy()
    return reduced(render, MAX_SIDE_PX), coloured_by_difference(reduced(difference, MAX_SIDE_PX))


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


def _summary(reconstruction: Reconstruction) -> str:
    registered = sum(origin != "not registered" for origin in reconstruction.origin)
    found = f"{registered} of {len(reconstruction.names)} photos"
    report = reconstruction.report
    return f"{report['verdict']}, quality {report['quality']:.2f}, {found}" if "verdict" in report else found


def _row_names(height: int) -> _Image:
    """The names of the rows, upwards, each in the middle of its row."""
    step = (height + GAP_PX) // len(ROWS)
    lines = [_line(name if step > 100 else "", step) for name in reversed(ROWS)]
    upwards = np.concatenate(lines, 1)[:, -height:]
    return np.rot90(np.concatenate([np.full((LABEL_PX, height - upwards.shape[1], 3), 255, np.uint8), upwards], 1))


def _line(text: str, width: int) -> _Image:
    """One line of text in the middle of a white strip."""
    strip = np.full((LABEL_PX, width, 3), 255, np.uint8)
    (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
    place = (max((width - wide) // 2, 0), LABEL_PX - 6)
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return strip
