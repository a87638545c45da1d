"""A folder with this project's own `cameras.json` and the photos -> Capture."""

from pathlib import Path

from data_tools.captures.cameras import make_lens, make_pose
from data_tools.captures.capture import Capture, DepthFile, Lens, PosedPhoto
from data_tools.captures.depth_file import MILLIMETRE
from data_tools.captures.files import first_file, not_there
from data_tools.captures.json_fields import refuse_large
from recon.photo_file import read_header
from render.errors import CamerasError, FileFormatError, InputError
from render.files.cameras_json import CameraRow, read_cameras_json

KIND = "cameras.json"
PHOTO_FOLDERS = ("images", ".")


def find_cameras_json(folder: Path) -> Path | None:
    """The file to read, if there is one."""
    return first_file([folder / KIND])


def read_cameras_folder(folder: Path, file: Path, name: str) -> Capture:
    """The rows with focal length and pose whose photos are there.

    Depth is taken from `depth/`: `NAME.npy` as a run leaves it, or a `.npy` or 16-bit `.png` called as the photo is.
    The PNG counts thousandths of the cameras' unit: millimetres where that is the metre.

    Raises:
        CamerasError: the file is malformed, or holds a camera that cannot be.
        FileFormatError: it is larger than any that is read.
        InputError: no row is of use.
    """
    try:
        refuse_large(file)
    except OSError as error:
        raise FileFormatError(file, f"it cannot be read ({error.strerror or error}).") from error
    content = read_cameras_json(file)
    posed = {image: row for image, row in content.rows.items() if row.T_world_camera is not None and (row.fx or row.fy)}
    photos = [photo for image, row in posed.items() if (photo := _photo(folder, file, image, row)) is not None]
    missing = sorted(set(posed) - {photo.name for photo in photos})
    told = [not_there("photo", missing)]
    if len(posed) < len(content.rows):
        told.append(f"{len(content.rows) - len(posed)} of {len(content.rows)} rows lack a focal length or a pose.")
    told = [sentence for sentence in told if sentence]
    if not photos:
        raise InputError(f"{file}: {' '.join(told) or 'it has no rows.'} Photos belong into {folder / 'images'}.")
    return Capture(name, KIND, tuple(photos), tuple(told), content.scale == "metric")


def _photo(folder: Path, file: Path, image: str, row: CameraRow) -> PosedPhoto | None:
    photo = first_file(folder / photos / image for photos in PHOTO_FOLDERS)
    if photo is None or row.T_world_camera is None:
        return None
    where = f"{file}: {image}"
    T = row.T_world_camera.numpy()
    return PosedPhoto(
        name=image,
        file=photo,
        lens=_lens(row, photo, where),
        T_world_camera=make_pose(T[:3, :3], T[:3, 3], where),
        depth=_depth(folder / "depth", image),
    )


def _lens(row: CameraRow, photo: Path, where: str) -> Lens:
    if row.width is not None and row.height is not None:
        size_wh = round(row.width), round(row.height)
    else:
        size_wh = read_header(photo).upright_size_wh
    fx, fy = row.fx or row.fy, row.fy or row.fx
    if fx is None or fy is None:
        raise CamerasError(f"{where}: there is no focal length.")
    cx = size_wh[0] / 2 if row.cx is None else row.cx
    cy = size_wh[1] / 2 if row.cy is None else row.cy
    return make_lens((fx, fy), (cx, cy), size_wh, where)


def _depth(folder: Path, image: str) -> DepthFile | None:
    stem = Path(image).stem
    path = first_file(folder / name for name in (f"{image}.npy", f"{stem}.npy", f"{stem}.png"))
    return None if path is None else DepthFile(path, MILLIMETRE if path.suffix == ".png" else 1.0)
