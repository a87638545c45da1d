"""Captures as what training asks for scenes."""

from dataclasses import dataclass
from pathlib import Path

from data_tools.captures.capture import Capture
from data_tools.captures.find import find_captures, read_capture
from data_tools.captures.load import load_scene
from recon.training.scenes import TrainingScene

LONG_SIDE = 1024
"""Photos are reduced to it, in pixels: all that is looked at on a working grid of up to half of it."""


@dataclass(frozen=True)
class Captures:
    """A `SceneSource`: cameras are read at once, photos when a scene is asked for."""

    captures: tuple[Capture, ...]
    long_side: int = LONG_SIDE
    """Photos with a longer side, in pixels, are reduced to it."""

    @classmethod
    def at(cls, path: Path, long_side: int = LONG_SIDE) -> "Captures":
        """All captures at `path`.

        Raises:
            InputError, FileFormatError, CamerasError: see `find_captures` and `read_capture`.
        """
        return cls(tuple(read_capture(folder) for folder in find_captures(path)), long_side)

    def __len__(self) -> int:
        return len(self.captures)

    def __getitem__(self, index: int) -> TrainingScene:
        """
        Raises:
            IndexError: there are fewer scenes.
            PhotoError, FileFormatError, CamerasError: see `load_scene`.
        """
        return load_scene(self.captures[index], self.long_side)
