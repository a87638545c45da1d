"""A path to captures: one, or a folder of several of any kind; what is there is named where nothing fits."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from data_tools.captures.find import find_captures, read_capture
from data_tools.captures.source import Captures
from render.errors import FileFormatError, InputError, PhotoError
from tests.data_tools.captures.folders import (
    names,
    small_room,
    write_cameras_capture,
    write_colmap_capture,
    write_transforms_capture,
)


def test_a_folder_of_captures_of_every_kind(tmp_path: Path):
    write_transforms_capture(tmp_path / "b", small_room())
    write_colmap_capture(tmp_path / "a", small_room(), ending="bin")
    write_cameras_capture(tmp_path / "c", small_room())
    (tmp_path / "notes").mkdir()
    (tmp_path / ".hidden").mkdir()
    captures = Captures.at(tmp_path).captures
    assert [(capture.name, capture.kind) for capture in captures] == [
        ("a", "COLMAP model"),
        ("b", "transforms.json"),
        ("c", "cameras.json"),
    ]


def test_one_capture_is_not_taken_for_a_folder_of_them(tmp_path: Path):
    folder = write_colmap_capture(tmp_path / "a", small_room(), ending="bin")
    assert find_captures(folder) == [folder]


def test_what_was_looked_for_and_what_is_there(tmp_path: Path):
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        (tmp_path / name).touch()
    looked_for = r"cameras\.json, transforms\.json.*COLMAP model"
    sentence = rf"holds no capture, .*{looked_for}.* It holds a\.jpg, b\.jpg, c\.jpg and 1 more"
    with pytest.raises(InputError, match=sentence):
        find_captures(tmp_path)


@pytest.mark.parametrize(
    ("name", "sentence"), [("gone", "does not exist"), ("file", "is a file"), ("empty", "is empty")]
)
def test_paths_that_lead_nowhere(tmp_path: Path, name: str, sentence: str):
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=sentence):
        find_captures(tmp_path / name)


def test_a_folder_without_a_capture_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="holds no capture"):
        read_capture(tmp_path)


def test_a_damaged_photo_is_told_by_name(tmp_path: Path):
    write_cameras_capture(tmp_path, small_room())
    photo = tmp_path / "images" / names()[3]
    photo.write_bytes(photo.read_bytes()[:3000])
    with pytest.raises(PhotoError, match=r"photo 3\.png is damaged or cut short"):
        Captures.at(tmp_path)[0]


def test_depth_of_another_shape_than_its_photo_is_refused(tmp_path: Path):
    write_cameras_capture(tmp_path, small_room())
    cv2.imwrite(str(tmp_path / "depth" / names()[0]), np.ones((96, 72), np.uint16))
    with pytest.raises(FileFormatError, match=r"it has 72 x 96 pixels, and its photo 96 x 72; one aspect is expected"):
        Captures.at(tmp_path)[0]
