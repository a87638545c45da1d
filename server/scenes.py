"""One scene of a batch beside the device: photos read before, files written after, by the library's own steps."""

import time
from dataclasses import replace
from typing import Any

from recon.images import ImageSet, decode_images
from recon.outputs import save_reconstruction
from recon.photo_bytes import PhotoBytes
from recon.photo_mask import masked
from recon.reconstruction import Reconstruction
from recon.scene_input import SceneInput, finished_report, make_input
from render.errors import FileFormatError, OutputError
from server.errors import EngineError
from server.messages import SceneOrder, mask_file, photo_file


def read_scene(order: SceneOrder) -> SceneInput:
    """Photos and masks -> what the engine takes.

    Raises:
        InputError: photos or masks cannot be used.
        CamerasError: the given cameras cannot.
        OutputError: the disk does not give back what was put there.
    """
    since = time.perf_counter()
    try:
        sources = [PhotoBytes(name, photo_file(order.scratch, i).read_bytes()) for i, name in enumerate(order.names)]
        masks = [mask_file(order.scratch, i).read_bytes() if has else None for i, has in enumerate(order.masked)]
    except OSError as error:
        raise OutputError(f"The photos are gone from the server's disk ({error.strerror or error}).") from error
    photos = decode_images(sources).photos
    covered = tuple(
        photo if mask is None else masked(photo, PhotoBytes(photo.name, mask))
        for photo, mask in zip(photos, masks, strict=True)
    )
    return make_input(ImageSet(covered), order.cameras, order.size_px, since)


def write_scene(
    answer: Reconstruction, order: SceneOrder, scene: SceneInput, seed: int, seconds: float
) -> dict[str, Any]:
    """The files that were asked for; gives the report, and among its stages "files", which the file itself cannot have.
    `seconds` is what everything took until now.

    Raises:
        OutputError: they cannot be written, or nobody waits for them any more.
        EngineError: the scene has numbers that no file may have.
    """
    since = time.perf_counter()
    report = finished_report(answer.report, scene, order.size_px, seed, seconds)
    if not order.folder.is_dir():
        raise OutputError("The folder of the result is gone.")
    try:
        save_reconstruction(replace(answer, report=report), order.folder, order.file_kinds)
    except OutputError as error:
        # The library names the folder and asks for another; here it is the server's, and the client has no say in it.
        reason = error.__cause__.strerror if isinstance(error.__cause__, OSError) else "a name is taken"
        raise OutputError(f"The result cannot be written ({reason}).") from error
    except FileFormatError as error:
        raise EngineError("The scene has numbers that no file may have.") from error
    files = {"seconds": round(time.perf_counter() - since, 3)}
    return {**report, "stages": {**report["stages"], "files": files}}
