"""Opens the one-file page of a scene from disk, with the network cut off, and holds it against our own render.

    python -m tests.browser.open_page out/demo --picture out/page.png

Needs Chromium (Debian: `apt install chromium`). Fails where the picture is another one, the console has an error, or
the page asks any network for anything.
"""

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from render.rasterize import rasterize
from render.view.folder import open_folder
from render.view.page import page
from render.view.scene import ViewedScene
from tests.browser.chromium import CUT_OFF, Tab, open_tab

SIZE_WH = (640, 480)
LONGEST_S = 180
"""The page fades in, which takes a browser without a GPU many seconds."""
COARSE_PX = (32, 24)
"""Both pictures are compared as so few pixels: frustums and viser's buttons stand in the page."""
LEAST_CORRELATION = 0.95
LARGEST_DIFFERENCE = 20
"""Mean of the coarse pixels, of 255."""
VISERS_OWN = "THREE.BufferGeometry.computeBoundingSphere(): Computed radius is NaN"
"""What viser 1.1.1 says of its splats' flat corners whenever it draws splats; nothing is wrong with the picture."""


def drawn(scene: ViewedScene) -> np.ndarray:
    """Our render of what the page begins with: the first camera's place, its vertical field of view, our size."""
    shown = scene.as_shown()
    camera = shown.cameras[[0]]
    focal = float(camera.K_px[0, 1, 1]) * SIZE_WH[1] / float(camera.size_wh[0, 1])
    camera = camera.resized(SIZE_WH)
    for row, (scale, centre) in enumerate(((focal, SIZE_WH[0] / 2), (focal, SIZE_WH[1] / 2))):
        camera.K_px[0, row, row], camera.K_px[0, row, 2] = scale, centre
    return (rasterize(shown.gaussians, camera).rgb[0].clamp(0, 1) * 255).byte().numpy()


def agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Correlation and mean difference of two pictures made coarse."""
    coarse = [cv2.resize(p, COARSE_PX, interpolation=cv2.INTER_AREA).astype(float).ravel() for p in (one, other)]
    return float(np.corrcoef(*coarse)[0, 1]), float(np.abs(coarse[0] - coarse[1]).mean())


def taken_when_alike(tab: Tab, wanted: np.ndarray) -> tuple[bytes, float, float]:
    """PNG of the page as soon as it agrees with `wanted`, or of what it shows in the end, and how far it agrees."""
    end = time.monotonic() + LONGEST_S
    while True:
        taken = tab.picture()
        seen = cv2.imdecode(np.frombuffer(taken, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        correlation, difference = agreement(seen, wanted)
        alike = correlation >= LEAST_CORRELATION and difference <= LARGEST_DIFFERENCE
        if alike or time.monotonic() > end:
            return taken, correlation, difference
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what `snapsplat reconstruct` wrote")
    parser.add_argument("--picture", type=Path, help="a PNG to write")
    arguments = parser.parse_args()
    scene = open_folder(arguments.folder)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scene.html"
        file.write_text(page(scene, 20)[0])
        with open_tab(file.as_uri(), SIZE_WH, CUT_OFF) as tab:
            tab.wait_for("document.querySelector('canvas') !== null", 60)
            tab.evaluate(
                "document.body.insertAdjacentHTML('beforeend', '<style>.mantine-Notifications-root"
                "{display:none}</style>')"
            )
            taken, correlation, difference = taken_when_alike(tab, drawn(scene))
    if arguments.picture:
        arguments.picture.write_bytes(taken)
    complaints = [each for each in tab.complaints if not each.startswith(VISERS_OWN)]
    print(
        f"correlation {correlation:.3f}, mean difference {difference:.0f} of 255, {len(complaints)} errors, "
        f"{len(tab.requests)} requests"
    )
    unlike = correlation < LEAST_CORRELATION or difference > LARGEST_DIFFERENCE
    if unlike or complaints or tab.requests:
        raise SystemExit("\n".join(["The page is not right.", *complaints, *tab.requests]))


if __name__ == "__main__":
    main()
