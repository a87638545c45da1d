"""Opens the one-file page of a scene from disk, with the network cut off, and holds it against our own render.

    python -m tests.browser.open_page out/demo --picture out/page.png

Needs Chromium (Debian: `apt install chromium`). Fails where the picture is another one, the console has an error, or
the page asks any network for anything.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from render.view.folder import open_folder
from render.view.page import page
from render.view.scene import ViewedScene
from tests.browser.alike import WITHOUT_NOTES, alike, drawn, errors, shown_when_alike
from tests.browser.chromium import CUT_OFF, open_tab

SIZE_WH = (640, 480)
LONGEST_S = 180
"""The page fades in, which takes a browser without a GPU many seconds."""


@dataclass(frozen=True)
class Opened:
    """How a page went."""

    shown: np.ndarray
    """sRGB."""
    correlation: float
    """With our own render."""
    difference: float
    errors: list[str]
    """Of the console."""
    requests: list[str]
    """To any network."""

    @property
    def right(self) -> bool:
        """Whether it shows the scene, by itself, without a complaint."""
        return alike(self.correlation, self.difference) and not self.errors and not self.requests


def open_page(scene: ViewedScene, size_wh: tuple[int, int], longest_s: float) -> Opened:
    """The scene's page in a window of that size, from disk, without a network."""
    begin = scene.as_shown()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scene.html"
        file.write_text(page(scene, 20.0)[0])
        with open_tab(file.as_uri(), size_wh, CUT_OFF) as tab:
            tab.wait_for("document.querySelector('canvas') !== null", 60)
            tab.evaluate(WITHOUT_NOTES)
            wanted = drawn(begin.gaussians, begin.cameras[[0]], size_wh)
            return Opened(*shown_when_alike(tab, wanted, longest_s), errors(tab), tab.requests)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what `snapsplat reconstruct` wrote")
    parser.add_argument("--picture", type=Path, help="a PNG to write")
    arguments = parser.parse_args()
    opened = open_page(open_folder(arguments.folder), SIZE_WH, LONGEST_S)
    if arguments.picture:
        cv2.imwrite(str(arguments.picture), opened.shown[..., ::-1])
    print(
        f"correlation {opened.correlation:.3f}, mean difference {opened.difference:.0f} of 255, "
        f"{len(opened.errors)} errors, {len(opened.requests)} requests"
    )
    if not opened.right:
        raise SystemExit("\n".join(["The page is not right.", *opened.errors, *opened.requests]))


if __name__ == "__main__":
    main()
