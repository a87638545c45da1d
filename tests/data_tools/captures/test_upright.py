"""Photos that EXIF turns: COLMAP reckons in the pixels as stored, a scene holds them upright, and the world stays."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from data_tools.captures.source import Captures
from data_tools.captures.turn import turn_camera
from data_tools.room import Room
from render.cameras import Cameras
from render.errors import CamerasError, PhotoError
from tests.data_tools.captures.folders import names, small_room, write_cameras_capture, write_colmap_capture

QUARTERS = {1: 0, 3: 2, 6: 3, 8: 1}
"""EXIF orientation -> how often `np.rot90` turns the stored picture upright."""


def as_stored(upright: Room, quarters: int) -> Room:
    """The same room by a camera that was held turned."""
    turned = [
        turn_camera(K.numpy(), T.numpy(), (96, 72), -quarters)
        for K, T in zip(upright.cameras.K_px, upright.cameras.T_world_camera, strict=True)
    ]
    photos = [np.ascontiguousarray(np.rot90(photo, -quarters)) for photo in upright.photos]
    cameras = Cameras(
        torch.from_numpy(np.stack([K for K, _ in turned])),
        torch.from_numpy(np.stack([T for _, T in turned])),
        torch.tensor([photo.shape[1::-1] for photo in photos]),
    )
    return Room(photos, upright.depth, cameras)


def stamp(folder: Path, orientation: int) -> None:
    """Have EXIF say how the photos are to be turned."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    for name in names():
        with Image.open(folder / name) as image:
            pixels = image.copy()
        pixels.save(folder / name, exif=exif)


@pytest.mark.parametrize("quarters", range(-1, 5))
def test_turning_moves_points_with_the_pixels(quarters: int):
    K_px, T_world_camera = small_room().cameras.K_px[1].numpy(), small_room().cameras.T_world_camera[1].numpy()
    K_turned, T_turned = turn_camera(K_px, T_world_camera, (96, 72), quarters)
    where = np.zeros((72, 96), int)
    where[20, 61] = 1
    (row,), (column,) = np.nonzero(np.rot90(where, quarters))
    ray = T_world_camera[:3, :3] @ np.linalg.inv(K_px) @ [61.5, 20.5, 1]
    u, v, z = K_turned @ T_turned[:3, :3].T @ ray
    assert (u / z, v / z) == pytest.approx((column + 0.5, row + 0.5))
    assert np.linalg.det(T_turned[:3, :3]) == pytest.approx(1)


@pytest.mark.parametrize("orientation", QUARTERS)
def test_a_model_of_stored_pixels_becomes_an_upright_scene(tmp_path: Path, orientation: int):
    stored = as_stored(small_room(), QUARTERS[orientation])
    width, height = stored.cameras.size_wh[0].tolist()
    write_colmap_capture(tmp_path, stored, ending="txt")
    stamp(tmp_path / "images", orientation)
    model = tmp_path / "sparse" / "0" / "cameras.txt"
    model.write_text(model.read_text().replace("96 72", f"{width} {height}"))
    scene = Captures.at(tmp_path)[0]
    torch.testing.assert_close(scene.cameras.K_px, small_room().cameras.K_px, rtol=0, atol=1e-6)
    torch.testing.assert_close(scene.cameras.T_world_camera, small_room().cameras.T_world_camera, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(scene.photos[2], small_room().photos[2])


def test_a_model_of_upright_pixels_is_left_alone(tmp_path: Path):
    """Other tools turn photos first; the size tells."""
    write_colmap_capture(tmp_path, small_room(), ending="txt")
    for name in names():
        with Image.open(tmp_path / "images" / name) as image:
            image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "images" / name)
    stamp(tmp_path / "images", 6)
    scene = Captures.at(tmp_path)[0]
    np.testing.assert_array_equal(scene.photos[2], small_room().photos[2])
    torch.testing.assert_close(scene.cameras.T_world_camera, small_room().cameras.T_world_camera)


def test_own_cameras_are_for_upright_photos(tmp_path: Path):
    write_cameras_capture(tmp_path, small_room(), depth=False)
    for name in names():
        with Image.open(tmp_path / "images" / name) as image:
            image.transpose(Image.Transpose.ROTATE_180).save(tmp_path / "images" / name)
    stamp(tmp_path / "images", 3)
    np.testing.assert_array_equal(Captures.at(tmp_path)[0].photos[0], small_room().photos[0])


def test_a_mirrored_photo_is_refused(tmp_path: Path):
    write_colmap_capture(tmp_path, small_room(), ending="bin")
    stamp(tmp_path / "images", 2)
    with pytest.raises(PhotoError, match="is mirrored by its EXIF"):
        Captures.at(tmp_path)[0]


def test_a_photo_of_another_shape_than_its_camera_is_refused(tmp_path: Path):
    write_colmap_capture(tmp_path, small_room(), ending="bin")
    Image.new("RGB", (72, 96), "red").save(tmp_path / "images" / names()[0])
    with pytest.raises(CamerasError, match=r"its camera is for 96 x 72 pixels, and the photo has 72 x 96"):
        Captures.at(tmp_path)[0]
