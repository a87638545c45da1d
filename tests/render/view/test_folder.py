"""A run's folder is opened with its photos or without, and a broken one is told of."""

import json
from pathlib import Path

import numpy as np
import pytest

from recon.outputs import save_reconstruction
from render.errors import CamerasError, FileFormatError
from render.view.folder import open_folder
from tests.recon.small_scene import small_reconstruction


def test_a_folder_is_opened_without_the_photos(tmp_path: Path):
    scene = small_reconstruction()
    scene.save(tmp_path)
    viewed = open_folder(tmp_path)
    assert viewed.names == ("a.jpg", "b.png")
    assert len(viewed.gaussians) == len(scene.gaussians)
    # The photo's place is taken by what the scene shows: red on black.
    assert viewed.pictures[0][..., 0].max() > 150
    assert viewed.pictures[0][..., 1:].max() < 60
    assert len(viewed.points) == 2 * 32 * 48
    np.testing.assert_allclose(viewed.points.depth[: 32 * 48], scene.depth[0].numpy().ravel())


def test_photos_are_shown_where_they_are_given(tmp_path: Path):
    small_reconstruction().save(tmp_path)
    viewed = open_folder(
        tmp_path, {"b.png": np.full((32, 48, 3), 77, np.uint8), "other.jpg": np.zeros((2, 2, 3), np.uint8)}
    )
    assert (viewed.pictures[1] == 77).all()
    assert viewed.pictures[0].std() > 10
    assert (viewed.points.rgb[32 * 48 :] == 77).all()


def test_scene_and_cameras_are_enough_and_less_is_told(tmp_path: Path):
    save_reconstruction(small_reconstruction(), tmp_path, ["scene.ply", "cameras.json"])
    assert len(open_folder(tmp_path).points) == 0
    cameras = json.loads((tmp_path / "cameras.json").read_text())
    for row in cameras["cameras"]:
        row["registered"] = False
    (tmp_path / "cameras.json").write_text(json.dumps(cameras))
    with pytest.raises(CamerasError, match="places no photo with its size and focal length"):
        open_folder(tmp_path)
    (tmp_path / "scene.ply").unlink()
    with pytest.raises(FileFormatError, match=r"scene\.ply: cannot be read"):
        open_folder(tmp_path)


def test_a_camera_with_one_focal_length_and_no_centre_is_whole(tmp_path: Path):
    small_reconstruction().save(tmp_path)
    whole = open_folder(tmp_path).cameras
    cameras = json.loads((tmp_path / "cameras.json").read_text())
    for row in cameras["cameras"]:
        for known in ("fy", "cx", "cy"):
            row.pop(known, None)
    (tmp_path / "cameras.json").write_text(json.dumps(cameras))
    np.testing.assert_allclose(open_folder(tmp_path).cameras.K_px, whole.K_px)


def header(of: str) -> bytes:
    """The beginning of a .npy file that describes its array so, and nothing behind it."""
    return b"\x93NUMPY\x01\x00" + len(of).to_bytes(2, "little") + of.encode()


@pytest.mark.parametrize("kind", ["depth", "confidence"])
@pytest.mark.parametrize(
    "content",
    [
        b"nothing",
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000000000000, 2)}"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2"),
    ],
)
def test_a_broken_map_is_told(tmp_path: Path, kind: str, content: bytes):
    small_reconstruction().save(tmp_path)
    (tmp_path / kind / "a.jpg.npy").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"a\.jpg\.npy: it is no array of NumPy's, or cut short"):
        open_folder(tmp_path)
