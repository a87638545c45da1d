"""The cameras of a capture without its photos: cameras.json, transforms.json or a COLMAP model -> names and Cameras."""

import warnings
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64

from data_tools.captures.cameras_json import find_cameras_json
from data_tools.captures.capture import Lens
from data_tools.captures.colmap import PHOTO_FOLDERS, find_colmap, read_model
from data_tools.captures.files import first_file
from data_tools.captures.find import LOOKED_FOR
from data_tools.captures.json_fields import read_object
from data_tools.captures.transforms_json import ENDINGS, find_transforms, frame_pose, read_frames
from data_tools.captures.transforms_lens import frame_lens
from data_tools.captures.turn import turn_camera
from recon.photo_file import read_header
from render.cameras import Cameras
from render.errors import CamerasError, FileFormatError, InputError
from render.files.posed import placed_cameras

_Camera = tuple[str, Lens, Float64[np.ndarray, "4 4"], Path | None]
"""Name, lens, pose, and the photo where it is there."""


def cameras_at(path: Path) -> tuple[tuple[str, ...], Cameras]:
    """Names and cameras of what is placed, of a file or a folder, in pixels of the upright photos.

    Tools other than this one reckon in the pixels that a photo's file stores. Where the photo is there, its EXIF says
    how these are turned; where it is not, they are taken for upright.

    Raises:
        InputError: there is no such file, or the folder holds no cameras.
        FileFormatError: a file is malformed.
        CamerasError: a camera is of a kind that is not read, has distortion, or cannot be.
    """
    cameras_json, transforms, model = _found(path)
    if cameras_json is not None:
        return placed_cameras(cameras_json)
    try:
        found = _of_transforms(transforms) if transforms is not None else _of_colmap(model or path, path)
    except OSError as error:
        raise FileFormatError(path, f"the cameras cannot be read ({error.strerror or error}).") from error
    if not found:
        raise InputError(f"{path} places no photo; at least one is needed.")
    names = tuple(name for name, *_ in found)
    if len(set(names)) < len(names):
        raise FileFormatError(path, "two cameras are of photos of one name; a name each is expected.")
    upright = [_upright(*camera) for camera in found]
    return names, Cameras(
        torch.from_numpy(np.stack([K_px for K_px, _, _ in upright])),
        torch.from_numpy(np.stack([T for _, T, _ in upright])),
        torch.tensor([size_wh for *_, size_wh in upright]),
    )


def _found(path: Path) -> tuple[Path | None, Path | None, Path | None]:
    """Of cameras.json, transforms.json and the folder of a COLMAP model, the one that there is."""
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path} does not exist; name a file of cameras, or a folder that has some.")
        is_transforms = "frames" in read_object(path)
        return (None, path, None) if is_transforms else (path, None, None)
    for which, find in enumerate((find_cameras_json, find_transforms, find_colmap)):
        if (found := find(path)) is not None:
            return (found, None, None) if which == 0 else (None, found, None) if which == 1 else (None, None, found)
    raise InputError(f"{path} holds no cameras: looked for was {LOOKED_FOR}.")


def _of_colmap(model: Path, folder: Path) -> list[_Camera]:
    lenses, images = read_model(model)
    found: list[_Camera] = []
    for image in sorted(images, key=lambda image: image.name):
        if image.camera not in lenses:
            raise FileFormatError(model, f"{image.name} was taken by camera {image.camera}, which the model lacks.")
        photo = first_file(folder / photos / image.name for photos in PHOTO_FOLDERS)
        T_world_camera = image.T_world_camera(f"{model}: {image.name}")
        found.append((image.name, lenses[image.camera], T_world_camera, photo))
    return found


def _of_transforms(file: Path) -> list[_Camera]:
    found: list[_Camera] = []
    for fields in read_frames(file):
        name = str(fields["file_path"])
        photo, where = first_file(file.parent / f"{name}{ending}" for ending in ENDINGS), f"{file}: {name}"
        lens = frame_lens(fields, file, where, lambda photo=photo, where=where: _stored_size(photo, where))
        found.append((photo.name if photo else Path(name).name, lens, frame_pose(fields, file, where), photo))
    return found


def _stored_size(photo: Path | None, where: str) -> tuple[int, int]:
    if photo is None:
        raise CamerasError(f'{where}: neither "w" and "h" nor the photo says how large it is.')
    return read_header(photo).size_wh


def _upright(
    name: str, lens: Lens, T_world_camera: Float64[np.ndarray, "4 4"], photo: Path | None
) -> tuple[Float64[np.ndarray, "3 3"], Float64[np.ndarray, "4 4"], tuple[int, int]]:
    if lens.distortion:
        raise CamerasError(
            f"{name}: its lens has the distortion {lens.distortion}, which these files have no room for; COLMAP's "
            "image_undistorter makes photos and cameras without."
        )
    if photo is None or not lens.as_stored:
        return lens.K_px, T_world_camera, lens.size_wh
    with warnings.catch_warnings():
        # Pillow warns of large photos; nothing is decoded here.
        warnings.simplefilter("ignore")
        header = read_header(photo)
    if header.mirrored:
        raise CamerasError(f"{photo} is mirrored by its EXIF, which cameras of COLMAP and nerfstudio ignore.")
    # Cameras of a photo that lies on its side may be of the upright one all the same.
    as_stored = (header.size_wh[0] < header.size_wh[1]) == (lens.size_wh[0] < lens.size_wh[1])
    quarters = header.quarter_turns if as_stored else 0
    K_px, T_world_camera = turn_camera(lens.K_px, T_world_camera, lens.size_wh, quarters)
    width, height = lens.size_wh
    return K_px, T_world_camera, (height, width) if quarters % 2 else (width, height)
