"""What a request would run with is known, and what is too large refused, before a pixel is decoded."""

import asyncio
import io
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from recon.further_outputs import FURTHER_KINDS
from recon.images import ImageSet, decode_images
from recon.outputs import FILE_KINDS
from recon.photo_bytes import PhotoBytes
from recon.views import make_views
from render.errors import MaskError, PhotoError, TooManyPixelsError
from server.config import LimitsConfig
from server.errors import RequestError, TooLargeError, UnknownNameError
from server.jobs import Shape
from server.pb import service_pb2
from server.plan import read_plan
from server.request import read_header
from server.upload import ReceivedImage
from server.workshop import PhotoWorkshop, make_offer
from tests.server.sent import header_of, request_of

WORKSHOP = PhotoWorkshop(["small", "classical"], LimitsConfig(max_photo_pixels=20_000, max_request_pixels=35_000))
CHANCE = np.random.default_rng(0)


def png(width: int, height: int, channels: int = 3) -> bytearray:
    buffer = io.BytesIO()
    pixels = CHANCE.integers(0, 256, (height, width, channels), np.uint8)
    Image.fromarray(pixels if channels == 3 else pixels[..., 0]).save(buffer, "PNG")
    return bytearray(buffer.getvalue())


def shape_of(*files: tuple[bytearray, bytearray | None]) -> Shape:
    request = replace(request_of([(b"x", None)] * len(files)), size_px=96)
    images = [ReceivedImage(f"{i:04}.jpg", photo, mask) for i, (photo, mask) in enumerate(files)]
    return asyncio.run(WORKSHOP.shape(request, images))


@pytest.mark.parametrize("sizes", [[(120, 80)] * 2, [(120, 80), (80, 120)], [(100, 100), (101, 90)]])
def test_the_working_grid_is_that_of_the_library(sizes: list[tuple[int, int]]):
    files = [png(*size) for size in sizes]
    decoded = decode_images([PhotoBytes(str(i), file) for i, file in enumerate(files)])
    assert isinstance(decoded, ImageSet)
    found = shape_of(*((file, None) for file in files))
    assert (found.size_wh, found.views) == (make_views(decoded, 96).size_wh, len(sizes))


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ((bytearray(b"no photo"), None), PhotoError),
        ((png(200, 101), None), TooManyPixelsError),
        ((png(120, 80), png(120, 81, 1)), MaskError),
        ((png(120, 80), bytearray(b"no mask")), MaskError),
    ],
)
def test_the_photo_to_blame_is_named(bad: tuple[bytearray, bytearray | None], error: type[PhotoError]):
    with pytest.raises(error) as caught:
        shape_of((png(120, 80), png(120, 80, 1)), bad)
    assert caught.value.file == "0001.jpg"


def test_all_photos_together_may_be_too_large():
    with pytest.raises(TooLargeError, match="36000 pixels together; at most 35000"):
        shape_of((png(150, 120), None), (png(150, 120), None))


def test_what_a_package_is_missing_for_is_not_offered(monkeypatch: pytest.MonkeyPatch):
    assert (*FILE_KINDS, *FURTHER_KINDS) == WORKSHOP.offer.file_kinds
    monkeypatch.setitem(sys.modules, "pxr", None)
    offer = make_offer(["small"])
    assert set(WORKSHOP.offer.file_kinds) - set(offer.file_kinds) == {"scene.usda", "scene.usdc"}
    with pytest.raises(
        UnknownNameError, match=r"^file_kinds\[0\] is 'scene.usda'; this server can make scene.ply, .*sog"
    ):
        read_header(header_of([(b"x", None)] * 2, file_kinds=["scene.usda"]), offer, LimitsConfig())


def test_a_plan_is_of_a_grid_that_would_run():
    asked = service_pb2.PlanRequest(photos=4, grid={"width_px": 384, "height_px": 250})  # type: ignore[arg-type]
    assert read_plan(asked, WORKSHOP.offer) == Shape("small", 4, (384, 256), 0)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"photos": 99}, "photos"),
        ({"photos": 1, "model": "classical"}, "photos"),
        ({"model": "huge"}, "model"),
        ({"grid": {"width_px": 2000, "height_px": 20}}, "grid"),
        ({"grid": {"width_px": 384, "height_px": 0}}, "grid"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(fields: dict[str, Any], field: str):
    asked = {"photos": 4, "grid": {"width_px": 384, "height_px": 256}, **fields}
    with pytest.raises((RequestError, UnknownNameError)) as caught:
        read_plan(service_pb2.PlanRequest(**asked), WORKSHOP.offer)
    assert caught.value.field == field
