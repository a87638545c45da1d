"""One scene beside the device: photos read before, files written after, by the library's own steps."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recon.batch.folders import checksums
from recon.batch.messages import SceneOrder
from recon.batch.places import InputFile, is_remote, read_file
from recon.images import decode_images
from recon.outputs import save_reconstruction
from recon.photo_bytes import PhotoBytes
from recon.reconstruction import Reconstruction
from recon.scene_input import SceneInput, finished_report, make_input
from render.files.cameras_json import CamerasFile, read_cameras_json


@dataclass(frozen=True)
class ReadScene:
    """One scene, ready for the device."""

    order: SceneOrder
    input: SceneInput
    sha256: tuple[str, ...]
    """Of its files, as they were read: photos in their order, then the cameras."""
    began: float
    """When reading began, by `time.perf_counter`."""


def read_scene(order: SceneOrder) -> ReadScene:
    """Files -> what the engine takes.

    Raises:
        InputError: the photos cannot be used, or are not there any more.
        CamerasError: the given cameras cannot.
    """
    began = time.perf_counter()
    contents = [read_file(photo.place) for photo in order.photos]
    names = [photo.name for photo in order.photos]
    images = decode_images([PhotoBytes(name, content) for name, content in zip(names, contents, strict=True)])
    sums = [hashlib.sha256(content).hexdigest() for content in contents]
    cameras = None
    if order.cameras is not None:
        cameras, content = _read_cameras(order.cameras)
        sums.append(hashlib.sha256(content).hexdigest())
    return ReadScene(order, make_input(images, cameras, order.size, began), tuple(sums), began)


def write_scene(
    answer: Reconstruction, scene: ReadScene, seed: int, kinds: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """The scene's files into its staged folder; gives their sizes and checksums.

    Raises:
        OutputError: they cannot be written; nothing stays.
        FileFormatError: the scene has numbers that no file may have.
    """
    seconds = time.perf_counter() - scene.began
    report = finished_report(answer.report, scene.input, scene.order.size, seed, seconds)
    try:
        save_reconstruction(replace(answer, report=report), scene.order.staged, kinds)
    except BaseException:
        shutil.rmtree(scene.order.staged, ignore_errors=True)
        raise
    return checksums(scene.order.staged)


def _read_cameras(file: InputFile) -> tuple[CamerasFile, bytes]:
    content = read_file(file.place)
    if not is_remote(file.place):
        return read_cameras_json(file.place), content
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "cameras.json"
        local.write_bytes(content)
        return read_cameras_json(local), content
