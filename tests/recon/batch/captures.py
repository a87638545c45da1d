"""Captures of noise, small enough to have many."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

SIZES_WH = ((96, 64), (64, 96), (80, 80))


def add_capture(
    folder: Path, seed: int = 0, names: Sequence[str] = ("a.png", "b.png"), size_wh: tuple[int, int] = SIZES_WH[0]
) -> Path:
    """Photos that show nothing in common."""
    folder.mkdir(parents=True)
    for i, name in enumerate(names):
        pixels = np.random.default_rng((seed, i)).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
        # By way of memory: OpenCV takes no path that is not UTF-8.
        (folder / name).write_bytes(cv2.imencode(Path(name).suffix, pixels)[1].tobytes())
    return folder


def add_captures(folder: Path, count: int) -> Path:
    """So many, of two or three photos and three shapes."""
    for i in range(count):
        names = ("a.png", "b.png", "c.png")[: 2 + i % 2]
        add_capture(folder / f"scene-{i:03d}", i, names, SIZES_WH[i % len(SIZES_WH)])
    return folder
