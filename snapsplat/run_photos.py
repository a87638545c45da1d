"""The photos of a run, named again for their colours, as `snapsplat view` and `snapsplat mesh` take them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer
from jaxtyping import UInt8

from recon.images import decode_images, find_photos
from recon.views import make_views
from render.errors import InputError, PhotoError
from render.files.cameras_json import read_cameras_json

SIDE_PX = 384
"""Long side of what is kept of each."""


def photos_of_run(folder: Path, photos: Sequence[Path]) -> dict[str, UInt8[np.ndarray, "_ _ 3"]]:
    """By their names, sRGB; those that are none of the run's are told, and left out.

    Args:
        folder: what a run has left.
        photos: files or folders; none at all gives none back.

    Raises:
        InputError: no photo has the name of one of the run's, or they cannot be found.
        PhotoError: one has not the size of the run's photo of that name, or cannot be read.
        CamerasError: the run's cameras cannot be read.
    """
    if not photos:
        return {}
    rows = read_cameras_json(folder / "cameras.json").rows
    files = find_photos(photos, 1)
    own = [file for file in files if file.name in rows]
    others = [file.name for file in files if file.name not in rows]
    if not own:
        raise InputError(f"{_listed(others)}: none is a photo of {folder}, which was made of {_listed(list(rows))}.")
    images = decode_images(own)
    for photo in images.photos:
        row, (width, height) = rows[photo.name], photo.original_size_wh
        if None not in (row.width, row.height) and (row.width, row.height) != (width, height):
            raise PhotoError(
                photo.name,
                f"is {width} x {height} pixels, and {folder} was made of one of {row.width:g} x {row.height:g}; "
                "the run's own photos are right.",
            )
    if others:
        typer.echo(f"Warning: Left out, since {folder} was not made of them: {_listed(others)}.", err=True)
    views = make_views(images, SIDE_PX)
    return {photo.name: views.photo_bytes(view) for view, photo in enumerate(images.photos)}


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])}{' and more' if len(names) > 3 else ''}"
