"""Version 4 of .spz, which is read: the bytes of version 3, each attribute a Zstandard frame."""

import gzip
import struct
from pathlib import Path

import pytest
import torch
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from render.errors import FileFormatError
from render.files.formats import read_scene, write_scene
from render.files.spz import read_spz
from render.turn import moved, similarity
from tests.render.files.test_hostile import FUZZED, mutated, read_or_refused
from tests.render.files.test_round_trip import psnr
from tests.render.scenes import cloud

AXES = 0xADBE0003


def streamed(version_3: bytes, extensions: bytes = b"", sized: bool = True) -> bytes:
    """The same scene as version 4."""
    content = gzip.decompress(version_3)
    _, _, count, degree, bits, flags, _ = struct.unpack("<4sIIBBBB", content[:16])
    frames, at = [], 16
    for size in (9, 1, 3, 3, 4, 3 * ((degree + 1) ** 2 - 1)):
        attribute = content[at : at + size * count]
        frames.append((zstandard.ZstdCompressor(write_content_size=sized).compress(attribute), len(attribute)))
        at += size * count
    flags |= 2 if extensions else 0
    header = struct.pack("<4sIIBBBBI12x", b"NGSP", 4, count, degree, bits, flags, len(frames), 32 + len(extensions))
    table = b"".join(struct.pack("<QQ", len(frame), size) for frame, size in frames)
    return header + extensions + table + b"".join(frame for frame, _ in frames)


def version_3(folder: Path, degree: int) -> bytes:
    path = folder / f"{degree}.spz"
    if not path.exists():
        write_scene(path, cloud(7, degree))
    return path.read_bytes()


def axes(number: int) -> bytes:
    return struct.pack("<II3x", 1, 3) + struct.pack("<III", AXES, 4, number)


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_it_is_read_as_version_3_is(tmp_path: Path, degree: int, sized: bool) -> None:
    (tmp_path / "4.spz").write_bytes(streamed(version_3(tmp_path, degree), axes(6), sized))
    ours, theirs = read_scene(tmp_path / f"{degree}.spz"), read_scene(tmp_path / "4.spz")
    assert all(torch.equal(value, vars(theirs)[name]) for name, value in vars(ours).items())


@pytest.mark.parametrize("stream", [False, True])
def test_axes_that_an_extension_names(tmp_path: Path, stream: bool) -> None:
    content = version_3(tmp_path, 3)
    inner = bytearray(gzip.decompress(content))
    inner[14] |= 2
    for number in (4, 5, 6):
        told = streamed(content, axes(number)) if stream else gzip.compress(bytes(inner) + axes(number))
        (tmp_path / f"axes{number}.spz").write_bytes(told)
    plain, same, turned = (read_spz(tmp_path / f"{name}.spz") for name in ("3", "axes6", "axes4"))
    half_turn = similarity(torch.diag(torch.tensor([1.0, -1.0, -1.0])), torch.zeros(3))
    assert psnr(same, plain) == psnr(plain, plain)
    assert psnr(turned, moved(plain, half_turn)) > 100
    with pytest.raises(FileFormatError, match="names axes 5; 4 "):
        read_spz(tmp_path / "axes5.spz")


@pytest.mark.parametrize(
    ("at", "instead", "sentence"),
    [
        (4, struct.pack("<I", 5), "version 5, not compressed"),
        (8, struct.pack("<I", 8), "an attribute has 63 bytes; 72 are right"),
        (12, b"\x04", "it has degree 4"),
        (15, b"\x05", "an attribute is missing or damaged"),
        (15, b"\xff", "its table of 255 streams, from byte 32 on, is not in the file"),
        (16, struct.pack("<I", 8), "its table of 6 streams, from byte 8 on"),
        (32, struct.pack("<Q", 1 << 40), "it is cut off"),
    ],
)
def test_what_is_wrong_with_it_is_told(tmp_path: Path, at: int, instead: bytes, sentence: str) -> None:
    content = bytearray(streamed(version_3(tmp_path, 1)))
    content[at : at + len(instead)] = instead
    (tmp_path / "a.spz").write_bytes(content)
    with pytest.raises(FileFormatError, match=sentence):
        read_spz(tmp_path / "a.spz")


@FUZZED
@given(random=st.randoms(use_true_random=False), changes=st.integers(1, 8), cut=st.booleans(), sized=st.booleans())
def test_mutated_files(tmp_path: Path, random: object, changes: int, cut: bool, sized: bool) -> None:
    valid = streamed(version_3(tmp_path, 1), sized=sized)
    read_or_refused(tmp_path / "mutated.spz", mutated(valid, random, changes, cut))
