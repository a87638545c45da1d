"""`cameras.txt` and `images.txt` of a COLMAP model, line by line."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data_tools.captures.capture import Lens
from data_tools.captures.colmap_model import MOST, ModelImage, model_lens
from render.errors import FileFormatError

LONGEST_LINE = 1 << 24
"""Bytes. The longest lines hold a photo's points, some 30 bytes each."""
IMAGE_WORDS = 10


def read_cameras_txt(path: Path) -> dict[int, Lens]:
    """The lenses of `cameras.txt` by their numbers.

    Raises:
        FileFormatError: a line does not read `CAMERA_ID MODEL WIDTH HEIGHT PARAMS[]`.
        CamerasError: a camera is of a model that is not read, or its numbers are no camera's.
    """
    lenses: dict[int, Lens] = {}
    for number, line in _lines(path):
        if not line or line.startswith("#"):
            continue
        words = line.split()
        try:
            camera, model, width, height = int(words[0]), words[1], int(words[2]), int(words[3])
            parameters = tuple(float(word) for word in words[4:])
        except (ValueError, IndexError) as error:
            raise _not_this(path, number, line, "CAMERA_ID MODEL WIDTH HEIGHT PARAMS[]") from error
        lenses[camera] = model_lens(model, (width, height), parameters, f"{path}, camera {camera}")
        _refuse_too_many(path, len(lenses))
    return lenses


def read_images_txt(path: Path) -> list[ModelImage]:
    """The photos of `images.txt`; every second line, which lists a photo's points, is passed over.

    Raises:
        FileFormatError: a line does not read `IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME`, or what follows it lists
            no points.
    """
    images: list[ModelImage] = []
    lines = _lines(path)
    for number, line in lines:
        if not line or line.startswith("#"):
            continue
        words = line.split(maxsplit=IMAGE_WORDS - 1)
        try:
            int(words[0])
            pose, camera, name = np.array([float(word) for word in words[1:8]]), int(words[8]), words[9]
        except (ValueError, IndexError) as error:
            raise _not_this(path, number, line, "IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME") from error
        images.append(ModelImage(name, camera, pose[:4], pose[4:]))
        _refuse_too_many(path, len(images))
        below, points = next(lines, (number + 1, ""))
        if len(points.split()) % 3:
            raise _not_this(path, below, points, "the points X Y POINT3D_ID of the photo above, or empty")
    return images


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise FileFormatError(path, f"line {number} has {LONGEST_LINE} bytes or more; it is no such text file.")
            yield number, line.decode("utf-8", "replace").strip()


def _refuse_too_many(path: Path, count: int) -> None:
    if count > MOST:
        raise FileFormatError(path, f"it has more than {MOST} entries; so many are read at most.")


def _not_this(path: Path, number: int, line: str, right: str) -> FileFormatError:
    shown = line if len(line) <= 60 else f"{line[:57]}..."
    return FileFormatError(path, f"line {number} is {shown!r}; expected is {right}.")
