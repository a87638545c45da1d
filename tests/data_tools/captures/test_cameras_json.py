"""A folder with cameras.json: rows that are of use, photos and depth where they may lie."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_tools.captures.find import read_capture
from data_tools.captures.source import Captures
from render.errors import FileFormatError, InputError
from tests.data_tools.captures.folders import names, small_room, write_cameras_capture, write_photos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_cameras_capture(tmp_path / "room", small_room())


def changed(folder: Path, view: int, **fields: Any) -> Path:
    content = json.loads((folder / "cameras.json").read_text())
    content["cameras"][view].update(fields)
    (folder / "cameras.json").write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize("fields", [{"registered": False}, {"camera_to_world": None}, {"fx": None, "fy": None}])
def test_rows_of_no_use_are_left_out_and_told(folder: Path, fields: dict[str, Any]):
    capture = read_capture(changed(folder, 2, **fields))
    assert [photo.name for photo in capture.photos] == [*names()[:2], *names()[3:]]
    assert capture.left_out == ("1 of 5 rows lack a focal length or a pose.",)


def test_missing_intrinsics_are_those_of_a_plain_camera(folder: Path):
    capture = read_capture(changed(folder, 0, fy=None, cx=None, cy=None, width=None))
    assert capture.photos[0].lens.K_px.tolist() == [[82, 0, 48], [0, 82, 36], [0, 0, 1]]


def test_no_row_of_use(folder: Path):
    for view in range(5):
        changed(folder, view, registered=False)
    with pytest.raises(InputError, match="5 of 5 rows lack a focal length or a pose"):
        read_capture(folder)


def test_photos_may_lie_beside(tmp_path: Path, folder: Path):
    write_photos(tmp_path, small_room())
    (folder / "cameras.json").rename(tmp_path / "cameras.json")
    assert [photo.file for photo in read_capture(tmp_path).photos] == [tmp_path / name for name in names()]


@pytest.mark.parametrize("name", ["photo 1.png.npy", "photo 1.npy"])
def test_depth_of_a_run_is_depth_of_its_photo(folder: Path, name: str):
    """At the working resolution, as `docs/outputs.md` has it."""
    small = small_room().depth[1][::2, ::2].astype(np.float32)
    np.save(folder / "depth" / name, small)
    scene = Captures.at(folder)[0]
    assert scene.depth is not None
    assert scene.depth[1].shape == (72, 96)
    np.testing.assert_array_equal(scene.depth[1][::2, ::2], small)


def test_the_scale_is_kept(folder: Path):
    content = json.loads((folder / "cameras.json").read_text())
    (folder / "cameras.json").write_text(json.dumps(content | {"scale": "metric"}))
    scene = Captures.at(folder)[0]
    assert scene.metric
    assert scene.cameras.scale == "metric"


def test_a_file_too_large_is_not_read(folder: Path):
    with (folder / "cameras.json").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(FileFormatError, match="64 MB are read at most"):
        read_capture(folder)
