"""A folder with `transforms.json`, as nerfstudio, instant-ngp and NeRF's synthetic scenes have it -> Capture.

Facts: https://docs.nerf.studio/quickstart/data_conventions.html. Poses are camera to world with OpenGL's axes (x right,
y up, z backward).
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from data_tools.captures.cameras import make_pose
from data_tools.captures.capture import Capture, DepthFile, PosedPhoto
from data_tools.captures.depth_file import MILLIMETRE
from data_tools.captures.files import first_file, not_there
from data_tools.captures.json_fields import matrix, number, read_object, text
from data_tools.captures.transforms_lens import LENS_FIELDS, frame_lens
from recon.photo_file import read_header
from render.errors import FileFormatError, InputError

KIND = "transforms.json"
FILES = ("transforms.json", "transforms_train.json")
"""Photos that a capture sets apart for testing, in `transforms_test.json`, are not for training."""
ENDINGS = ("", ".png", ".jpg", ".jpeg")
"""What is tried behind a path; NeRF's synthetic scenes leave the ending out."""
UNIT = "depth_unit_scale_factor"
OPENCV_AXES_IN_OPENGL = np.array([1.0, -1.0, -1.0])


def find_transforms(folder: Path) -> Path | None:
    """The file to read, if there is one."""
    return first_file(folder / file for file in FILES)


def read_transforms(folder: Path, file: Path, name: str) -> Capture:
    """The frames whose photos are there.

    Where depth is in 16-bit PNG and no `depth_unit_scale_factor` says otherwise, it is in millimetres, and the poses,
    which must agree with it, are in metres.

    Raises:
        FileFormatError: the file is malformed.
        CamerasError: a camera is of a kind that is not read, or a pose is none.
        InputError: none of the photos is there.
    """
    frames = read_frames(file)
    photos = [_photo(folder, file, frame) for frame in frames]
    there = [photo for photo in photos if photo is not None]
    named = [str(frame["file_path"]) for frame in frames]
    missing = [path for path, photo in zip(named, photos, strict=True) if photo is None]
    if not there:
        raise InputError(f"{file}: {not_there('photo', missing) or 'it names no photo.'}")
    if len({photo.file for photo in there}) < len(there):
        raise FileFormatError(file, "two frames have the same photo; a frame each is expected.")
    depthless = [str(f["depth_file_path"]) for f, photo in zip(frames, photos, strict=True)
                 if photo is not None and photo.depth is None and f.get("depth_file_path") is not None]  # fmt: skip
    in_millimetres = any(photo.depth is not None and photo.depth.path.suffix != ".npy" for photo in there)
    told = (not_there("photo", missing), not_there("depth file", depthless))
    metric = in_millimetres and not any(UNIT in frame for frame in frames)
    return Capture(name, KIND, tuple(there), tuple(sentence for sentence in told if sentence), metric)


def read_frames(file: Path) -> list[dict[str, Any]]:
    """Every frame, completed by what the file says for all of them."""
    content = read_object(file)
    frames = content.get("frames")
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise FileFormatError(file, 'it holds no list "frames" of objects, one for each photo.')
    for index, frame in enumerate(frames):
        if text(frame, "file_path", file) is None:
            raise FileFormatError(file, f'frame {index} has no "file_path".')
    # Only what is read: thousands of frames times thousands of keys would be a small file and a large memory.
    for_all = {key: content[key] for key in (*LENS_FIELDS, UNIT) if key in content}
    return [{**for_all, **frame} for frame in frames]


def _photo(folder: Path, file: Path, fields: dict[str, Any]) -> PosedPhoto | None:
    path = str(fields["file_path"])
    photo = first_file(folder / f"{path}{ending}" for ending in ENDINGS)
    if photo is None:
        return None
    where = f"{file}: {path}"
    return PosedPhoto(
        name=photo.name,
        file=photo,
        lens=frame_lens(fields, file, where, lambda: read_header(photo).size_wh),
        T_world_camera=frame_pose(fields, file, where),
        depth=_depth(folder, file, fields),
    )


def frame_pose(fields: dict[str, Any], file: Path, where: str) -> Float64[np.ndarray, "4 4"]:
    """Camera to world in OpenCV's axes.

    Raises:
        FileFormatError: there is no matrix.
        CamerasError: it is no pose.
    """
    T = np.array(matrix(fields, "transform_matrix", file))
    return make_pose(T[:3, :3] * OPENCV_AXES_IN_OPENGL, T[:3, 3], where)


def _depth(folder: Path, file: Path, fields: dict[str, Any]) -> DepthFile | None:
    path, unit = text(fields, "depth_file_path", file), number(fields, UNIT, file)
    if unit is not None and not 0 < unit < math.inf:
        raise FileFormatError(file, f'"{UNIT}" is {unit:g}; a number above 0 is expected.')
    depth = None if path is None else first_file([folder / path])
    if depth is None:
        return None
    if unit is None:
        unit = 1.0 if depth.suffix.lower() == ".npy" else MILLIMETRE
    return DepthFile(depth, unit)
