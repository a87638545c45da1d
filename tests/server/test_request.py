"""A header that makes no sense is refused in a sentence with the field's path, before a byte of its files."""

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import DecodeError

from server.errors import JobError, RequestError, TooLargeError, UnknownNameError
from server.pb import camera_pb2, request_pb2
from server.request import read_header
from tests.server.sent import IDENTITY, LIMITS, OFFER, header_of, some_files

FILES = [(b"one", None), (b"two", b"mask"), (b"three", None)]


def test_what_is_left_out_is_the_servers_default():
    request = read_header(header_of(FILES), OFFER, LIMITS)
    assert (request.id, request.model, request.size_px, request.seed) == ("a", OFFER.models[0], 384, 0)
    assert (request.file_kinds, request.priority, request.cameras.scale) == (("scene.ply",), 0, "relative")
    assert request.names == ("0000.jpg", "0001.jpg", "0002.jpg")
    assert [part.field for part in request.parts] == [
        "images[0].photo",
        "images[1].photo",
        "images[1].mask",
        "images[2].photo",
    ]
    assert request.size_bytes == 3 + 3 + 4 + 5


def test_what_is_asked_for_is_what_is_done():
    header = header_of(
        FILES, file_kinds=["depth", "scene.ply", "depth"], priority="PRIORITY_HIGH", scale="SCALE_METRIC"
    )
    header.options.MergeFrom(request_pb2.ReconstructOptions(model="big", size_px=256, seed=7))
    header.images[1].camera.MergeFrom(
        camera_pb2.KnownCamera(
            size=camera_pb2.Size(width_px=40, height_px=30), fx_px=35.5, cx_px=0.0, t_world_camera=IDENTITY
        )
    )
    request = read_header(header, OFFER, LIMITS)
    assert (request.model.name, request.size_px, request.seed) == ("big", 256, 7)
    assert (request.file_kinds, request.priority, request.cameras.scale) == (("scene.ply", "depth"), 1, "metric")
    row = request.cameras.rows["0001.jpg"]
    assert (row.width, row.height, row.fx, row.fy, row.cx, row.cy) == (40, 30, 35.5, None, 0, None)
    assert row.T_world_camera is not None
    assert row.T_world_camera.flatten().tolist() == IDENTITY
    assert request.cameras.rows["0000.jpg"].fx is None


def test_a_fingerprint_tells_headers_apart_and_nothing_else():
    header = header_of(FILES)
    again = request_pb2.ReconstructHeader.FromString(header.SerializeToString())
    found = read_header(header, OFFER, LIMITS).fingerprint
    assert read_header(again, OFFER, LIMITS).fingerprint == found
    again.images[0].camera.fx_px = 30
    assert read_header(again, OFFER, LIMITS).fingerprint != found


Header = request_pb2.ReconstructHeader


def setting(path: str, value: Any) -> Callable[[Header], None]:
    """Set the field at `path`, such as `images[1].photo.sha256`."""

    def spoil(header: Header) -> None:
        *above, last = path.replace("]", "").replace("[", ".").split(".")
        at: Any = header
        for name in above:
            at = at[int(name)] if name.isdigit() else getattr(at, name)
        setattr(at, last, value)

    return spoil


def posing(numbers: list[float]) -> Callable[[Header], None]:
    return lambda header: header.images[2].camera.t_world_camera.extend(numbers)


REFUSED: list[tuple[Callable[[Header], None], type[JobError], str]] = [
    *((setting("request_id", bad), RequestError, "^request_id is") for bad in ("", "x" * 65, "a/b", "a\n", "ä")),
    (setting("options.model", "huge"), UnknownNameError, r"^options.model is 'huge'; this server has small, big\.$"),
    (setting("options.size_px", 0), RequestError, r"^options.size_px is 0; 64 to 1024 is expected\.$"),
    (setting("options.seed", 2**31), RequestError, "^options.seed is 2147483648; 0 to 2147483647"),
    (setting("priority", 9), RequestError, "^priority is 9"),
    (setting("scale", 9), RequestError, "^scale is 9"),
    (lambda header: header.file_kinds.append("scene.exe"), UnknownNameError, r"^file_kinds\[0\] is 'scene.exe'; .*ply"),
    (lambda header: header.ClearField("images"), RequestError, "^images has 0 entries; for model small, 1 to 4 are"),
    (lambda header: header.images.extend(5000 * [request_pb2.ImageHeader()]), RequestError, "^images has 5003 entries"),
    (setting("images[1].name", "0000.jpg"), RequestError, r"^images\[1\]\.name is '0000.jpg', as of images\[0\]"),
    *(
        (setting("images[1].name", bad), RequestError, r"^images\[1\]\.name is .*; a file name is expected")
        for bad in ("", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", "\u202egpj.a", ".hidden", "ä" * 101)
    ),
    (setting("images[1].photo.size_bytes", 0), RequestError, r"^images\[1\]\.photo\.size_bytes is 0"),
    (lambda header: header.images[0].ClearField("photo"), RequestError, r"^images\[0\]\.photo\.size_bytes is 0"),
    (setting("images[1].mask.sha256", b"short"), RequestError, r"^images\[1\]\.mask\.sha256 has 5 bytes; 32"),
    (setting("images[1].photo.size_bytes", 2**64 - 1), TooLargeError, r"^images\[1\]\.photo has 184.* at most 5000000"),
    (
        lambda header: [setting(f"images[{i}].photo.size_bytes", 4_000_000)(header) for i in range(3)] and None,
        TooLargeError,
        "^The files have 12000004 bytes together; at most 8000000",
    ),
    (setting("images[2].camera.fx_px", math.nan), RequestError, r'^images\[2\]\.camera is no camera: "fx" is nan'),
    (setting("images[2].camera.fy_px", -1.0), RequestError, r'^images\[2\]\.camera is no camera: "fy" is -1'),
    (setting("images[2].camera.size.width_px", 40), RequestError, r'\[2\]\.camera is no camera: "height" is 0'),
    (posing(IDENTITY[:15]), RequestError, r"^images\[2\]\.camera\.t_world_camera has 15 numbers; 16"),
    (posing([math.inf] * 16), RequestError, r"camera_to_world\" is inf"),
    (posing([-1.0, *IDENTITY[1:]]), RequestError, r"camera_to_world\" is a reflection"),
]


@pytest.mark.parametrize(("spoil", "kind", "sentence"), REFUSED)
def test_what_makes_no_sense_is_refused(spoil: Callable[[Header], None], kind: type[JobError], sentence: str):
    header = header_of(FILES)
    spoil(header)
    with pytest.raises(kind, match=sentence) as refused:
        read_header(header, OFFER, LIMITS)
    assert type(refused.value) is kind
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("seed", range(30))
def test_a_header_of_noise_is_read_or_refused(seed: int):
    """Bytes of a good one changed at random, as far as they are still a message."""
    chance = random.Random(seed)
    good = header_of(some_files(chance), options=request_pb2.ReconstructOptions(model="small", size_px=384, seed=1))
    for _ in range(200):
        noisy = bytearray(good.SerializeToString())
        for _ in range(chance.randint(1, 4)):
            noisy[chance.randrange(len(noisy))] = chance.randrange(256)
        try:
            header = request_pb2.ReconstructHeader.FromString(bytes(noisy))
        except DecodeError:  # gRPC refuses it by itself
            continue
        try:
            request = read_header(header, OFFER, LIMITS)
        except JobError:
            continue
        assert request.size_bytes <= LIMITS.max_request_bytes
        assert len(request.names) == len(set(request.names)) == len(header.images)
