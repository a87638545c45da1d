"""What a scene's files are before any is read whole: how many photos, on which grid, and whether they have changed."""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from recon.batch.places import InputFile, is_remote, look_at, read_file, remote_photos
from recon.batch.scene import Scene
from recon.grid import fit_grid
from recon.images import MAX_PHOTOS, NEEDED, SUFFIXES, NotThereError, find_photos, natural_order, one_is_too_few
from recon.photo_file import read_header
from recon.scene_input import fewest_photos
from render.errors import InputError, SnapsplatError

LOOKING = 8
"""Captures that are looked at at a time: it is waiting, for the most part."""
UNSEEN_WH = (3000, 2000)
"""What photos behind a URL are taken to be until they are read, as `snapsplat plan` takes them."""


@dataclass(frozen=True)
class Inputs:
    """The files of one scene."""

    photos: tuple[InputFile, ...]
    cameras: InputFile | None

    @property
    def files(self) -> tuple[InputFile, ...]:
        """All of them, photos in their order."""
        return self.photos if self.cameras is None else (*self.photos, self.cameras)


def find_inputs(scene: Scene) -> Inputs:
    """List them; nothing is opened.

    Raises:
        InputError: they are too few or too many, or not there.
        BackendError: nothing installed knows the URL.
    """
    fewest = fewest_photos(scene.options.config)
    if any(is_remote(place) for place in scene.images):
        photos = _remote_photos(scene.images, fewest)
    else:
        photos = [look_at(str(file)) for file in find_photos(scene.images, fewest)]
    return Inputs(tuple(photos), None if scene.cameras is None else look_at(scene.cameras))


def grid_wh(inputs: Inputs, size: int) -> tuple[int, int]:
    """Width and height of the working grid, from the headers of photos on this machine.

    Raises:
        PhotoError: one is no photo that can be read.
    """
    sizes = [
        UNSEEN_WH if is_remote(photo.place) else read_header(Path(photo.place)).upright_size_wh
        for photo in inputs.photos
    ]
    return fit_grid(sizes, size)[1]


def looked_at(
    scenes: Sequence[Scene], look: Callable[[Scene], "Inputs | SnapsplatError"]
) -> Iterator[tuple[Scene, "Inputs | SnapsplatError"]]:
    """Several at a time, in their order."""
    with warnings.catch_warnings(), ThreadPoolExecutor(LOOKING) as pool:
        # See recon/images.py.
        warnings.simplefilter("ignore")
        yield from zip(scenes, pool.map(look, scenes), strict=True)


def sha256_of(place: str) -> str:
    """Of a file's content.

    Raises:
        InputError: it cannot be read.
    """
    return hashlib.sha256(read_file(place)).hexdigest()


def _remote_photos(places: Sequence[str], fewest: int) -> list[InputFile]:
    """As `find_photos` has them: folders as the photos directly inside, in natural order."""
    photos = []
    for place in places:
        photos += sorted(remote_photos(place), key=_in_order)
    if not photos:
        raise NotThereError(
            f"{', '.join(places)} holds no photo; what ends in {', '.join(sorted(SUFFIXES))} counts as one."
        )
    names = [photo.name for photo in photos]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"Two photos share the name {twice}, which outputs go by; rename one of them.")
    if len(photos) < fewest:
        raise one_is_too_few(photos[0].place)
    if len(photos) > MAX_PHOTOS:
        raise InputError(f"{len(photos)} photos were given; {NEEDED}.")
    return photos


def _in_order(file: InputFile) -> tuple[list[tuple[int, str]], str]:
    return natural_order(Path(file.name))
