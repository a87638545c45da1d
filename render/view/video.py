"""A fly-through as an .mp4 file, which is there whole or not at all."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from render.cameras import Cameras
from render.errors import OutputError
from render.files.atomic import write_atomically
from render.gaussians import Gaussians
from render.rasterize import rasterize

FRAMES_PER_SECOND = 24
CODEC = "mp4v"
"""MPEG-4: what OpenCV's wheels encode everywhere."""


def drawn_frames(gaussians: Gaussians, cameras: Cameras) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """What each camera sees, one after the other; sRGB."""
    for frame in range(len(cameras)):
        rgb = rasterize(gaussians, cameras[[frame]]).rgb[0].detach()
        yield (rgb.clamp(0, 1) * 255).round().byte().cpu().numpy()


def write_video(path: Path, frames: Sequence[UInt8[np.ndarray, "height width 3"]]) -> None:
    """There and back through `frames`, sRGB of one size with even sides, so that it can be played in a loop.

    Raises:
        OutputError: the folder cannot be written, the disk is full, or OpenCV has no encoder here.
    """
    height, width = frames[0].shape[:2]
    there_and_back = [*frames, *reversed(frames[1:-1])]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.mp4"
        writer = cv2.VideoWriter(str(made), cv2.VideoWriter.fourcc(*CODEC), FRAMES_PER_SECOND, (width, height))
        if not writer.isOpened():
            raise OutputError(f"{path} cannot be written: this OpenCV has no encoder for {CODEC}.")
        for frame in there_and_back:
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
        writer.release()
        # OpenCV says nothing of a disk that is full.
        if cv2.VideoCapture(str(made)).get(cv2.CAP_PROP_FRAME_COUNT) != len(there_and_back):
            raise OutputError(f"{path} cannot be written: the encoder left it cut short; is the disk of {folder} full?")
        write_atomically(path, made.read_bytes())
