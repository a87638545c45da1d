"""`snapsplat.view`: a scene inside a notebook, without a port, and a picture of it that stays when it is saved.

And `StageBar`: how far one is.
"""

import base64
import html
import sys
from collections.abc import Callable

import cv2
import numpy as np

from recon.reconstruction import Reconstruction
from render.view.page import page
from render.view.scene import ViewedScene
from render.view.video import drawn_frames
from snapsplat.viewed import viewed

STAGES = ("photos", "encoder", "cameras", "depth", "gaussians")
"""Of a forward pass, in their order."""
JPEG_QUALITY = 85
PICTURE_PX = 480


class StageBar:
    """What a notebook shows while a scene is made: `reconstruct(photos, progress=StageBar())`.

    It is drawn by what every notebook shows, text and HTML, so that it needs no widgets and stays when it is saved.
    """

    def __init__(self) -> None:
        self._doing = STAGES[0]
        self._done = 0
        self._show = _shown_by_notebook(self)

    def __call__(self, stage: str) -> None:
        """`stage` is done."""
        self._done = STAGES.index(stage) + 1 if stage in STAGES else len(STAGES)
        self._doing = STAGES[self._done] if self._done < len(STAGES) else "all stages done"
        self._show()

    def __repr__(self) -> str:
        return f"[{'#' * self._done}{'.' * (len(STAGES) - self._done)}] {self._doing}"

    def _repr_html_(self) -> str:
        return f'<progress value="{self._done}" max="{len(STAGES)}"></progress> {self._doing}'


def _shown_by_notebook(bar: StageBar) -> Callable[[], object]:
    """Show `bar`, and give what shows how it stands later; outside of a notebook, it is printed."""
    if "marimo" in sys.modules:
        from marimo import output  # pyright: ignore[reportMissingImports]

        return lambda: output.replace(bar)
    if "IPython" in sys.modules:
        from IPython.display import DisplayHandle

        handle = DisplayHandle()
        handle.display(bar)
        return lambda: handle.update(bar)
    return lambda: sys.stderr.write(f"{bar!r}\n")


class InlineScene:
    """What a notebook shows as the value of a cell: Jupyter, VS Code and marimo ask it for HTML or a picture."""

    def __init__(self, scene: ViewedScene, height_px: int, max_mb: float):
        self.scene = scene
        """To draw more of: `scene.fly_through` is a way through its cameras."""
        self.page, self.gaussians = page(scene, max_mb)
        """One .html that opens from disk too, and how many Gaussians it shows."""
        self._height_px = height_px

    def _repr_html_(self) -> str:
        """The page in a frame; below it the picture, which is left where a saved notebook's frames are not shown."""
        picture = base64.b64encode(self._repr_jpeg_()).decode()
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" width="100%" height="{self._height_px}" '
            'style="border:none;display:block" allowfullscreen></iframe>'
            f'<details><summary>as a picture</summary><img src="data:image/jpeg;base64,{picture}"/></details>'
        )

    def _repr_jpeg_(self) -> bytes:
        """The scene from where its first camera stood."""
        start = next(drawn_frames(self.scene.gaussians, self.scene.fly_through(2, PICTURE_PX)))
        _, encoded = cv2.imencode(
            ".jpg", np.ascontiguousarray(start[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        )
        return encoded.tobytes()


def view(reconstruction: Reconstruction, *, height_px: int = 480, max_mb: float | int = 8) -> InlineScene:
    """The scene, to be turned in a notebook: let it be the last value of a cell.

    Args:
        reconstruction: what `snapsplat.reconstruct` gave.
        height_px: of the frame that it stands in.
        max_mb: what it may take in the notebook, in megabytes; Gaussians that cover little are left out beyond that.
    """
    return InlineScene(viewed(reconstruction), height_px, float(max_mb))
