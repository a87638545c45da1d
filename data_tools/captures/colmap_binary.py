"""`cameras.bin` and `images.bin` of a COLMAP model; no count in them is believed before its bytes are there."""

import os
import struct
from pathlib import Path
from types import TracebackType

import numpy as np

from data_tools.captures.capture import Lens
from data_tools.captures.colmap_model import MOST, NAMES_BY_ID, ModelImage, model_lens, parameter_count
from render.errors import FileFormatError

LONGEST_NAME = 4096
POINT_BYTES = 24
CAMERA_HEAD_BYTES, IMAGE_HEAD_BYTES = 24, 64


def read_cameras_bin(path: Path) -> dict[int, Lens]:
    """The lenses of `cameras.bin` by their numbers.

    Raises:
        FileFormatError: the file is cut short, or is none of COLMAP's.
        CamerasError: a camera is of a model that is not read, or its numbers are no camera's.
    """
    lenses: dict[int, Lens] = {}
    with _Reader(path) as reader:
        for _ in range(reader.count("cameras", CAMERA_HEAD_BYTES, MOST)):
            camera, model_id, width, height = reader.unpack("<IiQQ")
            where = f"{path}, camera {camera}"
            if not 0 <= model_id < len(NAMES_BY_ID):
                raise FileFormatError(path, f"camera {camera} is of model {model_id}, which COLMAP does not have.")
            model = NAMES_BY_ID[model_id]
            parameters = reader.unpack(f"<{parameter_count(model, where)}d")
            lenses[camera] = model_lens(model, (width, height), parameters, where)
    return lenses


def read_images_bin(path: Path) -> list[ModelImage]:
    """The photos of `images.bin`; their points are passed over.

    Raises:
        FileFormatError: the file is cut short, or is none of COLMAP's.
    """
    images: list[ModelImage] = []
    with _Reader(path) as reader:
        for _ in range(reader.count("photos", IMAGE_HEAD_BYTES, MOST)):
            _, *pose, camera = reader.unpack("<I7dI")
            name = reader.name()
            reader.skip(reader.count(f"points of {name}", POINT_BYTES) * POINT_BYTES)
            images.append(ModelImage(name, camera, np.array(pose[:4]), np.array(pose[4:])))
    return images


class _Reader:
    """A file that knows how much of it is left."""

    def __init__(self, path: Path):
        self._path = path
        self._file = path.open("rb")
        self._left = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def unpack(self, form: str) -> tuple:
        size = struct.calcsize(form)
        return struct.unpack(form, self._take(size))

    def count(self, of_what: str, bytes_each: int, at_most: int | None = None) -> int:
        """A number of things to come, of at least so many bytes each."""
        (count,) = self.unpack("<Q")
        if count * bytes_each > self._left or (at_most is not None and count > at_most):
            raise FileFormatError(
                self._path,
                f"it announces {count} {of_what}, and {self._left} bytes follow; it is cut short, or none of COLMAP's.",
            )
        return count

    def name(self) -> str:
        """Bytes up to the next zero."""
        start, ahead = self._file.tell(), self._file.read(LONGEST_NAME)
        end = ahead.find(b"\0")
        if end < 0:
            raise FileFormatError(self._path, f"a photo's name has no end within {LONGEST_NAME} bytes.")
        self._file.seek(start + end + 1)
        self._left -= end + 1
        return ahead[:end].decode("utf-8", "replace")

    def skip(self, size: int) -> None:
        self._file.seek(size, os.SEEK_CUR)
        self._left -= size

    def _take(self, size: int) -> bytes:
        taken = self._file.read(size)
        if len(taken) < size:
            raise FileFormatError(self._path, f"it ends {size - len(taken)} bytes too early; it is cut short.")
        self._left -= size
        return taken
