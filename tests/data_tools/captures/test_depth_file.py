"""Depth files: numbers in their unit, and nothing allocated for a header that promises more than is there."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_tools.captures.capture import DepthFile
from data_tools.captures.depth_file import read_depth
from render.errors import FileFormatError

NUMBERS = np.arange(1, 1201, dtype=np.uint16).reshape(30, 40)


@pytest.mark.parametrize("unit", [1.0, 1e-3, 0.25])
@pytest.mark.parametrize("kind", [np.uint16, np.float16, np.float32, np.float64])
def test_arrays_are_scaled(tmp_path: Path, kind: type, unit: float):
    np.save(tmp_path / "a.npy", NUMBERS.astype(kind))
    depth = read_depth(DepthFile(tmp_path / "a.npy", unit))
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, NUMBERS * unit, rtol=1e-6)


def test_png_is_scaled(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "a.png"), NUMBERS)
    np.testing.assert_allclose(read_depth(DepthFile(tmp_path / "a.png", 1e-3)), NUMBERS / 1000, rtol=1e-6)


def test_what_is_no_depth_is_not_known_and_the_sky_stays(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array([[np.nan, -1.0, 0.0, -np.inf, np.inf, 2.0]]))
    assert read_depth(DepthFile(tmp_path / "a.npy", 1.0)).tolist() == [[0, 0, 0, 0, np.inf, 2]]


def test_a_channel_of_its_own_is_no_matter(tmp_path: Path):
    np.save(tmp_path / "a.npy", NUMBERS[..., None])
    assert read_depth(DepthFile(tmp_path / "a.npy", 1.0)).shape == (30, 40)


def png_of(side: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 16, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4


def npy(numbers: np.ndarray, folder: Path) -> bytes:
    np.save(folder / "some.npy", numbers)
    return (folder / "some.npy").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.exr", lambda _: b"", r"depth is read from files that end in \.png or \.npy"),
        ("a.png", lambda _: b"", "it cannot be read"),
        ("a.png", lambda _: cv2.imencode(".png", NUMBERS)[1].tobytes()[:100], "it cannot be read"),
        ("a.png", lambda _: cv2.imencode(".png", NUMBERS.astype(np.uint8))[1].tobytes(), "pixels of kind 'L'"),
        ("a.png", lambda _: png_of(50_000), "2500000000 pixels"),
        ("a.npy", lambda _: b"", "no array of NumPy's"),
        ("a.npy", lambda folder: npy(NUMBERS, folder)[:900], "cut short"),
        ("a.npy", lambda folder: npy(NUMBERS, folder).replace(b"(30, 40)", b"(30, 4000000000)"), "no array"),
        ("a.npy", lambda folder: npy(np.array([{}], dtype=object), folder), "no array of NumPy's"),
        ("a.npy", lambda folder: npy(np.array(["deep"]), folder), "it holds <U4; numbers are expected"),
        ("a.npy", lambda folder: npy(NUMBERS[0], folder), r"it has the shape \(40,\)"),
        ("a.npy", lambda folder: npy(np.zeros((0, 4)), folder), "no array|the shape"),
    ],
)
def test_what_is_no_depth_is_refused(tmp_path: Path, name: str, content, sentence: str):
    (tmp_path / name).write_bytes(content(tmp_path))
    with pytest.raises(FileFormatError, match=sentence):
        read_depth(DepthFile(tmp_path / name, 1.0))


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(FileFormatError, match="it cannot be read"):
        read_depth(DepthFile(tmp_path / "a.npy", 1.0))
