"""A folder with a COLMAP model and its photos -> Capture."""

from itertools import pairwise
from pathlib import Path

from data_tools.captures.capture import Capture, Lens, PosedPhoto
from data_tools.captures.colmap_binary import read_cameras_bin, read_images_bin
from data_tools.captures.colmap_model import ModelImage
from data_tools.captures.colmap_text import read_cameras_txt, read_images_txt
from data_tools.captures.files import first_file, not_there
from render.errors import FileFormatError, InputError

KIND = "COLMAP model"
MODEL_FOLDERS = ("sparse/0", "sparse", ".")
PHOTO_FOLDERS = ("images", ".")


def find_colmap(folder: Path) -> Path | None:
    """The folder of the model that belongs to the photos in `folder`, if there is one."""
    for below in MODEL_FOLDERS:
        for ending in (".bin", ".txt"):
            if all(first_file([folder / below / f"{name}{ending}"]) for name in ("cameras", "images")):
                return folder / below
    return None


def read_colmap(folder: Path, model: Path, name: str) -> Capture:
    """The photos that the model has placed, by their names.

    Raises:
        FileFormatError: the model is malformed, or names a photo twice.
        CamerasError: a camera is of a kind that is not read.
        InputError: it has placed no photo that is there.
    """
    try:
        lenses, images = read_model(model)
    except OSError as error:
        raise FileFormatError(model, f"the model cannot be read ({error.strerror or error}).") from error
    images.sort(key=lambda image: image.name)
    for one, other in pairwise(images):
        if one.name == other.name:
            raise FileFormatError(model, f"{one.name} is placed twice.")
    photos = [photo for image in images if (photo := _photo(folder, model, image, lenses)) is not None]
    missing = sorted({image.name for image in images} - {photo.name for photo in photos})
    told = not_there("photo", missing)
    if not photos:
        raise InputError(f"{model}: {told or 'the model holds no photo.'} Photos belong into {folder / 'images'}.")
    return Capture(name, KIND, tuple(photos), (told,) if told else (), metric=False)


def read_model(model: Path) -> tuple[dict[int, Lens], list[ModelImage]]:
    """Cameras by their numbers, and the photos that are placed."""
    # As COLMAP itself does, the binary files are preferred where there are both.
    if first_file([model / "images.bin"]) and first_file([model / "cameras.bin"]):
        return read_cameras_bin(model / "cameras.bin"), read_images_bin(model / "images.bin")
    return read_cameras_txt(model / "cameras.txt"), read_images_txt(model / "images.txt")


def _photo(folder: Path, model: Path, image: ModelImage, lenses: dict[int, Lens]) -> PosedPhoto | None:
    if image.camera not in lenses:
        raise FileFormatError(model, f"{image.name} was taken by camera {image.camera}, which the model lacks.")
    T_world_camera = image.T_world_camera(f"{model}: {image.name}")
    file = first_file(folder / photos / image.name for photos in PHOTO_FOLDERS)
    return None if file is None else PosedPhoto(image.name, file, lenses[image.camera], T_world_camera)
