"""What this server can make, and what a request is before its pixels are decoded."""

import asyncio
from collections.abc import Sequence

from recon.config import SIZES, load_config
from recon.further_outputs import FURTHER_KINDS, check_further
from recon.grid import fit_grid
from recon.images import MAX_PHOTOS
from recon.outputs import FILE_KINDS
from recon.photo_bytes import PhotoBytes
from recon.photo_file import read_header
from recon.photo_mask import check_mask
from recon.scene_input import fewest_photos
from render.errors import BackendError, TooManyPixelsError
from server.config import LimitsConfig
from server.errors import TooLargeError
from server.jobs import Shape
from server.offer import Model, Offer
from server.request import Request
from server.upload import ReceivedImage

DESCRIPTIONS = {
    "small": "Matching and depth are learned.",
    "classical": "Only matching is learned.",
}


def make_offer(models: Sequence[str]) -> Offer:
    """What the library can do with these networks, and with the packages that are installed here.

    Raises:
        ConfigError: there is no network of that name.
    """
    configs = {name: load_config([f"network={name}"]) for name in models}
    offered = tuple(
        Model(name, DESCRIPTIONS.get(name, "A network of this server's own."), range(fewest_photos(c), MAX_PHOTOS + 1))
        for name, c in configs.items()
    )
    first = configs[models[0]]
    kinds = (*FILE_KINDS, *filter(_can_write, FURTHER_KINDS))
    return Offer(offered, kinds, SIZES, first.size, first.seed)


def _can_write(kind: str) -> bool:
    try:
        check_further(kind)
    except BackendError:
        return False
    return True


class PhotoWorkshop:
    """Fulfils `server.work.Workshop`."""

    def __init__(self, models: Sequence[str], limits: LimitsConfig):
        """The first of `models` is the default.

        Raises:
            ConfigError: there is no network of that name.
        """
        self.offer = make_offer(models)
        self._limits = limits

    async def shape(self, request: Request, images: Sequence[ReceivedImage]) -> Shape:
        """See `server.work.Workshop`.

        Raises:
            PhotoError: one photo, or its mask, cannot be used; `file` is its name.
            TooLargeError: all photos together have more pixels than are taken.
        """
        sizes_wh = await asyncio.to_thread(self._sizes, images)
        pixels = sum(width * height for width, height in sizes_wh)
        if pixels > self._limits.max_request_pixels:
            most = self._limits.max_request_pixels
            raise TooLargeError(f"The photos have {pixels} pixels together; at most {most} are taken.")
        _, grid_wh = fit_grid(sizes_wh, request.size_px)
        return Shape(request.model.name, len(images), grid_wh, request.seed)

    def _sizes(self, images: Sequence[ReceivedImage]) -> list[tuple[int, int]]:
        return [self._size(image) for image in images]

    def _size(self, image: ReceivedImage) -> tuple[int, int]:
        """Of the upright photo."""
        header = read_header(PhotoBytes(image.name, image.photo))
        width, height = header.upright_size_wh
        if width * height > self._limits.max_photo_pixels:
            most = self._limits.max_photo_pixels
            raise TooManyPixelsError(
                image.name, f"has {width} x {height} pixels; at most {most} are decoded by this server."
            )
        if image.mask is not None:
            check_mask(PhotoBytes(image.name, image.mask), (width, height))
        return width, height
