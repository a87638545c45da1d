"""What a browser shows, held against our own render: coarse, since panels and anti-aliasing differ, but real."""

import time

import cv2
import numpy as np

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import rasterize
from tests.browser.chromium import Tab

COARSE_PX = (32, 24)
LEAST_CORRELATION = 0.95
LARGEST_DIFFERENCE = 20
"""Mean of the coarse pixels, of 255."""
VISERS_OWN = "THREE.BufferGeometry.computeBoundingSphere(): Computed radius is NaN"
"""What viser 1.1.1 says of its splats' flat corners whenever it draws splats; nothing is wrong with the picture."""
WITHOUT_NOTES = (
    "document.body.insertAdjacentHTML('beforeend', '<style>.mantine-Notifications-root{display:none}</style>')"
)
"""Takes away what viser says of a browser without a GPU."""


def drawn(gaussians: Gaussians, camera: Cameras, size_wh: tuple[int, int]) -> np.ndarray:
    """Our render from a camera's place with its vertical field of view, in a window of that size; sRGB."""
    focal = float(camera.K_px[0, 1, 1]) * size_wh[1] / float(camera.size_wh[0, 1])
    camera = camera.resized(size_wh)
    for row, (scale, centre) in enumerate(((focal, size_wh[0] / 2), (focal, size_wh[1] / 2))):
        camera.K_px[0, row, row], camera.K_px[0, row, 2] = scale, centre
    return (rasterize(gaussians, camera).rgb[0].clamp(0, 1) * 255).byte().numpy()


def agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Correlation and mean difference of two pictures made coarse."""
    coarse = [cv2.resize(p, COARSE_PX, interpolation=cv2.INTER_AREA).astype(float).ravel() for p in (one, other)]
    # Before anything is drawn, a page has one colour.
    correlation = float(np.corrcoef(*coarse)[0, 1]) if min(np.ptp(c) for c in coarse) > 0 else 0.0
    return correlation, float(np.abs(coarse[0] - coarse[1]).mean())


def alike(correlation: float, difference: float) -> bool:
    """Whether two pictures show the same."""
    return correlation >= LEAST_CORRELATION and difference <= LARGEST_DIFFERENCE


def seen(tab: Tab) -> np.ndarray:
    """What the page shows; sRGB."""
    return cv2.imdecode(np.frombuffer(tab.picture(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def shown_when_alike(
    tab: Tab, wanted: np.ndarray, longest_s: float, below_px: int = 0
) -> tuple[np.ndarray, float, float]:
    """The page as soon as it agrees with `wanted` from a row on, or as it is in the end, and how far it agrees."""
    end = time.monotonic() + longest_s
    while True:
        shown = seen(tab)
        how = agreement(shown[below_px:], wanted[below_px:])
        if alike(*how) or time.monotonic() > end:
            return shown, *how
        time.sleep(0.5)


def errors(tab: Tab) -> list[str]:
    """What the console has complained of, but for what viser always does."""
    return [each for each in tab.complaints if not each.startswith(VISERS_OWN)]
