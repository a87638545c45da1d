"""COLMAP models: what is read beside the plain case, what is refused by name, and no file that can do harm."""

import struct
from pathlib import Path

import numpy as np
import pytest

from data_tools.captures.capture import Capture
from data_tools.captures.find import read_capture
from render.errors import CamerasError, FileFormatError, InputError, SnapsplatError
from tests.data_tools.captures.folders import names, small_room, write_colmap_capture

BINARY = ("cameras.bin", "images.bin")


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """The folder of a binary model."""
    write_colmap_capture(tmp_path, small_room(), ending="bin")
    return tmp_path / "sparse" / "0"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    write_colmap_capture(tmp_path, small_room(), ending="txt")
    return tmp_path / "sparse" / "0"


def read(model: Path) -> Capture:
    return read_capture(model.parents[1])


@pytest.mark.parametrize("ending", ["txt", "bin"])
@pytest.mark.parametrize(
    ("model", "parameters", "K_px", "distortion"),
    [
        ("SIMPLE_PINHOLE", [80, 47, 35], (80, 80, 47, 35), ()),
        ("PINHOLE", [80, 81, 47, 35], (80, 81, 47, 35), ()),
        ("SIMPLE_RADIAL", [80, 47, 35, 0.1], (80, 80, 47, 35), (0.1, 0, 0, 0)),
        ("SIMPLE_RADIAL", [80, 47, 35, 0], (80, 80, 47, 35), ()),
        ("RADIAL", [80, 47, 35, 0.1, 0.02], (80, 80, 47, 35), (0.1, 0.02, 0, 0)),
        ("OPENCV", [80, 81, 47, 35, 0.1, 0.02, 0.003, 0.004], (80, 81, 47, 35), (0.1, 0.02, 0.003, 0.004)),
    ],
)
def test_models(tmp_path: Path, ending: str, model: str, parameters: list[float], K_px: tuple, distortion: tuple):
    camera = (model, [float(value) for value in parameters])
    lens = read_capture(write_colmap_capture(tmp_path, small_room(), ending=ending, camera=camera)).photos[0].lens
    assert (lens.K_px[0, 0], lens.K_px[1, 1], lens.K_px[0, 2], lens.K_px[1, 2]) == K_px
    assert lens.distortion == distortion


@pytest.mark.parametrize("ending", ["txt", "bin"])
def test_other_models_are_refused_by_name(tmp_path: Path, ending: str):
    write_colmap_capture(tmp_path, small_room(), ending=ending, camera=("OPENCV_FISHEYE", [80.0] * 8))
    with pytest.raises(
        CamerasError, match=r"camera 7: the camera model is OPENCV_FISHEYE; SIMPLE_PINHOLE, .* are read"
    ):
        read_capture(tmp_path)


def test_photos_that_are_not_there_are_left_out_and_told(binary: Path):
    (binary.parents[1] / "images" / names()[2]).unlink()
    capture = read(binary)
    assert [photo.name for photo in capture.photos] == [name for name in names() if name != names()[2]]
    assert capture.left_out == ("1 photo is named but not there: photo 2.png.",)


def test_a_model_without_its_photos_says_where_they_belong(binary: Path):
    for photo in (binary.parents[1] / "images").iterdir():
        photo.unlink()
    with pytest.raises(InputError, match=r"5 photos are named but not there: .* belong into .*images"):
        read(binary)


@pytest.mark.parametrize("file", BINARY)
def test_a_file_cut_anywhere_is_refused(binary: Path, file: str):
    whole = (binary / file).read_bytes()
    for length in range(len(whole)):
        (binary / file).write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=rf"{file}: (it ends|it announces|a photo's name)"):
            read(binary)


@pytest.mark.parametrize("file", BINARY)
def test_no_changed_byte_does_more_than_be_refused(binary: Path, file: str):
    whole = bytearray((binary / file).read_bytes())
    rng = np.random.default_rng(0)
    sentences = []
    for place in rng.permutation(len(whole))[:150]:
        changed = whole.copy()
        changed[place] ^= int(rng.integers(1, 256))
        (binary / file).write_bytes(changed)
        try:
            read(binary)
        except SnapsplatError as error:
            sentences.append(str(error))
    assert sentences
    assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize("file", BINARY)
def test_an_absurd_count_is_not_believed(binary: Path, file: str):
    rest = (binary / file).read_bytes()[8:]
    (binary / file).write_bytes(struct.pack("<Q", 2**62) + rest)
    with pytest.raises(FileFormatError, match=rf"it announces {2**62} (cameras|photos), and {len(rest)} bytes follow"):
        read(binary)


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("cameras.txt", "7 PINHOLE", "seven PINHOLE", r"line 3 is 'seven PINHOLE.*; expected is CAMERA_ID"),
        ("cameras.txt", "96 72 82.0", "96 72", r"PINHOLE came with 3 parameters; 4 are expected"),
        ("cameras.txt", "96 72", "0 72", r"the picture is 0 x 72"),
        ("cameras.txt", "82.0 82.0", "nan 82.0", r"the focal length is \(nan, 82\)"),
        ("cameras.txt", "82.0 82.0", "0.5 82.0", r"the focal length is \(0.5, 82\) for a picture of 96 x 72"),
        ("cameras.txt", "48.0", "1e9", r"the principal point is \(1e\+09, 36\)"),
        ("cameras.txt", "PINHOLE", "LENSLESS", "the camera model is LENSLESS"),
        ("images.txt", " 7 photo 1.png", " 8 photo 1.png", "photo 1.png was taken by camera 8, which the model lacks"),
        ("images.txt", " 7 photo 1.png", " 7", "expected is IMAGE_ID QW QX"),
        ("images.txt", "photo 1.png", "photo 2.png", "photo 2.png is placed twice"),
        ("images.txt", "1.5 2.5 -1 3 4 12", "1.5 2.5 -1 3", "expected is the points X Y POINT3D_ID"),
    ],
)
def test_malformed_text_is_refused(text: Path, file: str, old: str, new: str, sentence: str):
    content = (text / file).read_text()
    assert old in content
    (text / file).write_text(content.replace(old, new, 1))
    with pytest.raises((FileFormatError, CamerasError), match=sentence):
        read(text)


def test_a_pose_without_rotation_is_refused(text: Path):
    (text / "images.txt").write_text("1 0 0 0 0 1 2 3 7 photo 1.png\n\n")
    with pytest.raises(CamerasError, match=r"photo 1\.png: its quaternion is \[0\.0, 0\.0, 0\.0, 0\.0\]"):
        read(text)


def test_a_list_of_photos_without_their_points_is_not_taken_for_half_of_it(text: Path):
    lines = [line.replace("photo ", "") for line in (text / "images.txt").read_text().splitlines() if "photo" in line]
    (text / "images.txt").write_text("\n".join(lines))
    with pytest.raises(FileFormatError, match=r"line 2 .* expected is the points"):
        read(text)


def test_a_large_file_of_zeros_is_not_read_through(binary: Path):
    with (binary / "images.bin").open("wb") as file:
        file.write(struct.pack("<Q", 10**9))
        file.truncate(10**12)
    with pytest.raises(FileFormatError, match="it announces 1000000000 photos"):
        read(binary)


def test_more_photos_than_any_capture_has_are_refused(text: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("data_tools.captures.colmap_text.MOST", 4)
    with pytest.raises(FileFormatError, match=r"images\.txt: it has more than 4 entries"):
        read(text)
