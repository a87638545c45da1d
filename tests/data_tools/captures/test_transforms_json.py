"""transforms.json: OpenGL axes, intrinsics in all their guises, depth in its unit; nonsense refused in a sentence."""

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from data_tools.captures.find import read_capture
from data_tools.captures.source import Captures
from recon.training.scenes import TrainingScene
from render.cameras import Cameras
from render.errors import CamerasError, FileFormatError, InputError, SnapsplatError
from tests.data_tools.captures.folders import (
    names,
    small_room,
    transforms,
    write_depth_png,
    write_photos,
    write_transforms_capture,
)


def written(folder: Path, content: object) -> Path:
    write_transforms_capture(folder, small_room())
    (folder / "transforms.json").write_text(json.dumps(content))
    return folder


def scene_of(folder: Path, content: object) -> TrainingScene:
    return Captures.at(written(folder, content))[0]


def seen_at(cameras: Cameras, point: tuple[float, float, float]) -> list[float]:
    """Pixel of a point of the world in the first photo."""
    p = cameras.K_px[0] @ (cameras.T_camera_world[0] @ torch.tensor([*point, 1.0], dtype=torch.float64))[:3]
    return (p[:2] / p[2]).tolist()


def test_a_camera_at_rest_looks_along_minus_z_with_y_up(tmp_path: Path):
    content = transforms(small_room()) | {"fl_x": 80.0, "fl_y": 80.0, "cx": 48.0, "cy": 36.0}
    content["frames"] = [content["frames"][0] | {"transform_matrix": np.eye(4).tolist()}]
    cameras = scene_of(tmp_path, content).cameras
    # Two units ahead, half a unit to the right, a quarter up: in a picture whose v points down, above the middle.
    assert seen_at(cameras, (0.5, 0.25, -2.0)) == pytest.approx([48 + 80 * 0.25, 36 - 80 * 0.125])


def test_three_rows_are_a_pose_too(tmp_path: Path):
    content = transforms(small_room())
    for frame in content["frames"]:
        frame["transform_matrix"].pop()
    torch.testing.assert_close(scene_of(tmp_path, content).cameras.T_world_camera, small_room().cameras.T_world_camera)


def test_what_a_frame_says_holds_before_what_all_say(tmp_path: Path):
    content = transforms(small_room())
    content["frames"][1]["fl_x"] = 90.0
    assert scene_of(tmp_path, content).cameras.K_px[:, 0, 0].tolist() == [82, 90, 82, 82, 82]


@pytest.mark.parametrize(
    ("intrinsics", "K_px"),
    [
        ({"fl_x": 80, "w": 96, "h": 72}, (80, 80, 48, 36)),
        ({"fl_x": 80}, (80, 80, 48, 36)),
        ({"fl_x": 80, "fl_y": 81, "cx": 40, "cy": 30}, (80, 81, 40, 30)),
        ({"camera_angle_x": 2 * math.atan(48 / 80)}, (80, 80, 48, 36)),
        ({"camera_angle_x": 2 * math.atan(48 / 80), "camera_angle_y": 2 * math.atan(36 / 90)}, (80, 90, 48, 36)),
        ({"fl_x": 160, "w": 192, "h": 144, "cx": 100, "cy": 70}, (80, 80, 50, 35)),
    ],
)
def test_intrinsics_in_all_their_guises(tmp_path: Path, intrinsics: dict[str, float], K_px: tuple[float, ...]):
    K = scene_of(tmp_path, intrinsics | {"frames": transforms(small_room())["frames"]}).cameras.K_px[0]
    assert (K[0, 0], K[1, 1], K[0, 2], K[1, 2]) == pytest.approx(K_px)


def test_a_synthetic_scene_without_endings(tmp_path: Path):
    """As NeRF's are: photos by split, `./train/r_0` for `train/r_0.png`, an angle of view, alpha."""
    content = transforms(small_room())
    frames = [{**frame, "file_path": "./" + frame["file_path"].removesuffix(".png")} for frame in content["frames"]]
    write_photos(tmp_path / "images", small_room())
    rgba = np.dstack([small_room().photos[0][..., ::-1], np.full((72, 96), 255, np.uint8)])
    rgba[:, :30, 3] = 0
    cv2.imwrite(str(tmp_path / "images" / names()[0]), rgba)
    angle = {"camera_angle_x": 2 * math.atan(48 / 82)}
    (tmp_path / "transforms_train.json").write_text(json.dumps(angle | {"frames": frames}))
    (tmp_path / "transforms_test.json").write_text(json.dumps(angle | {"frames": []}))
    scene = Captures.at(tmp_path)[0]
    assert len(scene.photos) == 5
    torch.testing.assert_close(scene.cameras.K_px, small_room().cameras.K_px)
    assert not scene.photos[0][:, :30].any()
    np.testing.assert_array_equal(scene.photos[0][:, 30:], small_room().photos[0][:, 30:])


@pytest.mark.parametrize(
    ("everywhere", "unit", "metric"), [({}, 1e-3, True), ({"depth_unit_scale_factor": 2e-4}, 2e-4, False)]
)
def test_depth_in_png(tmp_path: Path, everywhere: dict[str, float], unit: float, metric: bool):
    content = transforms(small_room(), **everywhere)
    for frame, name in zip(content["frames"], names(), strict=True):
        frame["depth_file_path"] = f"depth/{name}"
    write_depth_png(tmp_path / "depth", small_room(), unit)
    scene = scene_of(tmp_path, content)
    assert scene.depth is not None
    np.testing.assert_allclose(scene.depth[3], small_room().depth[3], atol=unit)
    assert scene.metric == metric
    assert scene.cameras.scale == ("metric" if metric else "relative")


def test_depth_in_arrays_is_in_the_unit_of_the_cameras(tmp_path: Path):
    content = transforms(small_room())
    content["frames"][1]["depth_file_path"] = "1.npy"
    np.save(tmp_path / "1.npy", small_room().depth[1])
    scene = scene_of(tmp_path, content)
    assert scene.depth is not None
    np.testing.assert_allclose(scene.depth[1], small_room().depth[1], rtol=1e-6)
    assert not scene.depth[0].any()
    assert not scene.metric


def test_what_is_not_there_is_told(tmp_path: Path):
    content = transforms(small_room())
    content["frames"][0]["file_path"] = "images/gone.png"
    content["frames"][1]["depth_file_path"] = "gone.npy"
    capture = read_capture(written(tmp_path, content))
    assert len(capture.photos) == 4
    assert capture.left_out == (
        "1 photo is named but not there: images/gone.png.",
        "1 depth file is named but not there: gone.npy.",
    )


def test_no_photo_there(tmp_path: Path):
    content = transforms(small_room())
    content["frames"] = [frame | {"file_path": "gone" * 2000} for frame in content["frames"][:1]]
    with pytest.raises(InputError, match="1 photo is named but not there"):
        read_capture(written(tmp_path, content))


def test_a_device_is_no_photo(tmp_path: Path):
    content = transforms(small_room())
    content["frames"] = [content["frames"][0] | {"file_path": "/dev/zero"}]
    with pytest.raises(InputError, match="/dev/zero"):
        read_capture(written(tmp_path, content))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"camera_model": "OPENCV_FISHEYE"}, "the camera model is OPENCV_FISHEYE; PERSPECTIVE, .* are read"),
        ({"is_fisheye": True}, "the camera model is a fisheye"),
        ({"camera_model": 5}, '"camera_model" is 5; a text is expected'),
        ({"k4": 0.1}, '"k4" is 0.1'),
        ({"fl_x": "82"}, "\"fl_x\" is '82'; a number is expected"),
        ({"fl_x": [82]}, '"fl_x" is \\[82\\]; a number is expected'),
        ({"fl_x": True}, '"fl_x" is True; a number is expected'),
        ({"fl_x": 10**400}, r"the focal length is \(inf, 82\)"),
        ({"fl_x": None, "fl_y": None}, 'there is no focal length; "fl_x" or "camera_angle_x" is expected'),
        ({"fl_x": None, "camera_angle_x": 60}, '"camera_angle_x" is 60; radians between 0 and pi'),
        ({"w": 1e30}, '"w" and "h" are 1e\\+30 and 72'),
        ({"w": float("nan")}, '"w" and "h" are nan and 72'),
        ({"cx": float("inf")}, r"the principal point is \(inf, 36\)"),
        ({"k1": float("nan")}, "the distortion is"),
        ({"frames": {}}, 'holds no list "frames" of objects'),
        ({"frames": [5]}, 'holds no list "frames" of objects'),
        ({"frames": []}, "it names no photo"),
        ({"frames": [{"transform_matrix": []}]}, 'frame 0 has no "file_path"'),
        ({"frames": [{"file_path": 7}]}, '"file_path" is 7; a text is expected'),
        ({"depth_unit_scale_factor": -1}, '"depth_unit_scale_factor" is -1'),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, change: dict[str, Any], sentence: str):
    with pytest.raises(SnapsplatError, match=sentence):
        read_capture(written(tmp_path, transforms(small_room()) | change))


@pytest.mark.parametrize(
    ("pose", "sentence"),
    [
        (None, "three or four rows of four numbers"),
        ([[1, 0, 0, 0]] * 2, "three or four rows of four numbers"),
        ([[1, 0, 0, "0"]] * 4, "\"transform_matrix\" is '0'; a number"),
        ([[1, 0, 0, [[]]]] * 4, "a number is expected"),
        (np.zeros((4, 4)).tolist(), "the pose is no rotation"),
        (np.diag([1.0, 1, -1, 1]).tolist(), "the determinant is -1"),
        (np.diag([2.0, 2, 2, 1]).tolist(), r"R\^T R is 3 off"),
        (np.full((4, 4), np.inf).tolist(), "entries that are not finite"),
    ],
)
def test_a_pose_that_is_none_is_refused(tmp_path: Path, pose: object, sentence: str):
    content = transforms(small_room())
    content["frames"][0]["transform_matrix"] = pose
    with pytest.raises((CamerasError, FileFormatError), match=sentence):
        read_capture(written(tmp_path, content))


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"text"', b"\xff\xfe\x00", b"[" * 100_000])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, content: bytes):
    write_transforms_capture(tmp_path, small_room())
    (tmp_path / "transforms.json").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"transforms\.json: it (is not JSON|holds)"):
        read_capture(tmp_path)


def test_a_file_too_large_is_not_read(tmp_path: Path):
    write_transforms_capture(tmp_path, small_room())
    with (tmp_path / "transforms.json").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(FileFormatError, match="it has 1000000000000 bytes; 64 MB are read at most"):
        read_capture(tmp_path)


def test_one_photo_twice_is_refused(tmp_path: Path):
    content = transforms(small_room())
    content["frames"][1]["file_path"] = content["frames"][0]["file_path"]
    with pytest.raises(FileFormatError, match="two frames have the same photo"):
        read_capture(written(tmp_path, content))


def test_many_frames_under_many_keys_take_no_memory_of_both(tmp_path: Path):
    content = {f"key {i}": i for i in range(5_000)} | {"frames": [{"file_path": "gone"}] * 5_000}
    with pytest.raises(InputError, match="5000 photos are named but not there"):
        read_capture(written(tmp_path, content))
