"""What is written for COLMAP and nerfstudio is read by the readers of captures."""

from pathlib import Path

import numpy as np
import pycolmap
import pytest
import torch

from data_tools.captures.colmap import find_colmap, read_colmap
from data_tools.captures.only_cameras import cameras_at
from data_tools.captures.transforms_json import find_transforms, read_transforms
from render.cameras import Cameras
from render.errors import CamerasError, OutputError
from render.files.cameras_json import write_cameras_json
from render.files.colmap import write_colmap
from render.files.posed import placed_cameras
from render.files.transforms_json import write_transforms_json
from tests.render.scenes import cameras, cloud

NAMES = ("a b.jpg", "b.png", "c.jpg")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for name in NAMES:
        (tmp_path / "images" / name).write_bytes(b"not looked at")
    return tmp_path


def seen() -> Cameras:
    return cameras(3)


def assert_as_written(read: object) -> None:
    for view, photo in enumerate(read.photos):  # type: ignore[attr-defined]
        assert photo.file.parent.name == "images"
        np.testing.assert_allclose(photo.lens.K_px, seen().K_px[view], rtol=1e-12)
        np.testing.assert_allclose(photo.T_world_camera, seen().T_world_camera[view], atol=1e-7)
        assert list(photo.lens.size_wh) == seen().size_wh[view].tolist()
        assert photo.lens.distortion == ()


@pytest.mark.parametrize("text", [False, True])
def test_colmap(photos: Path, text: bool) -> None:
    write_colmap(photos / "sparse" / "0", NAMES, seen(), cloud(50), text=text)
    model = find_colmap(photos)
    assert model == photos / "sparse" / "0"
    capture = read_colmap(photos, model, "scene")
    assert tuple(photo.name for photo in capture.photos) == NAMES
    assert_as_written(capture)


def test_points_of_colmap_are_the_solid_gaussians(tmp_path: Path) -> None:
    scene = cloud(50)
    for text in (False, True):
        write_colmap(tmp_path, NAMES, seen(), scene, text=text)
    solid = scene[scene.opacities >= 0.5]
    rows = [line.split() for line in (tmp_path / "points3D.txt").read_text().splitlines()]
    np.testing.assert_allclose(np.array(rows, float)[:, 1:4], solid.means)
    content = (tmp_path / "points3D.bin").read_bytes()
    assert len(content) == 8 + 51 * len(solid)
    assert int.from_bytes(content[:8], "little") == len(rows) == len(solid)
    np.testing.assert_array_equal(np.frombuffer(content, "<f8", 3, 16), solid.means[0].double())


def test_photos_of_one_lens_share_a_camera(tmp_path: Path) -> None:
    one = seen()[[0, 0, 0]]
    write_colmap(tmp_path, NAMES, one, cloud(3), text=True)
    assert len((tmp_path / "cameras.txt").read_text().splitlines()) == 1


def test_transforms_json(photos: Path) -> None:
    write_transforms_json(photos / "transforms.json", NAMES, seen())
    file = find_transforms(photos)
    assert file is not None
    assert_as_written(read_transforms(photos, file, "scene"))


def test_placed_cameras_leave_out_what_is_not_registered(tmp_path: Path) -> None:
    write_cameras_json(tmp_path / "cameras.json", NAMES, seen(), [True, False, True])
    names, placed = placed_cameras(tmp_path / "cameras.json")
    assert names == ("a b.jpg", "c.jpg")
    assert torch.equal(placed.K_px, seen()[[0, 2]].K_px)
    assert torch.equal(placed.T_world_camera, seen()[[0, 2]].T_world_camera)
    write_cameras_json(tmp_path / "cameras.json", NAMES, seen(), [False] * 3)
    with pytest.raises(CamerasError, match="places no photo"):
        placed_cameras(tmp_path / "cameras.json")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be made"):
        write_colmap(tmp_path / "file" / "sparse", NAMES, seen(), cloud(3), text=False)


@pytest.mark.parametrize("text", [False, True])
def test_colmap_itself_reads_the_model(tmp_path: Path, text: bool) -> None:
    folder = tmp_path / "sparse" / "0"
    write_colmap(folder, NAMES, seen(), cloud(50), text=text)
    model = pycolmap.Reconstruction(str(folder))
    assert (model.num_cameras(), model.num_reg_images()) == (3, 3)
    assert model.num_points3D() == int((cloud(50).opacities >= 0.5).sum())
    by_name = {image.name: image for image in model.images.values()}
    # In text, COLMAP takes a name to end at its first space.
    for view, name in enumerate(name.split()[0] if text else name for name in NAMES):
        camera = model.cameras[by_name[name].camera_id]
        np.testing.assert_allclose(camera.calibration_matrix(), seen().K_px[view], rtol=1e-12)
        assert [camera.width, camera.height] == seen().size_wh[view].tolist()
        pose = by_name[name].cam_from_world().matrix()
        np.testing.assert_allclose(pose, seen().T_camera_world[view, :3], atol=1e-7)


@pytest.mark.parametrize("text", [False, True])
def test_what_colmap_itself_writes_is_read(photos: Path, text: bool) -> None:
    write_colmap(photos / "ours", NAMES, seen(), cloud(50), text=False)
    (photos / "sparse" / "0").mkdir(parents=True)
    model = pycolmap.Reconstruction(str(photos / "ours"))
    (model.write_text if text else model.write_binary)(str(photos / "sparse" / "0"))
    assert_as_written(read_colmap(photos, photos / "sparse" / "0", "scene"))
    (photos / "images").rename(photos / "elsewhere")
    names, read = cameras_at(photos)
    assert names == NAMES
    torch.testing.assert_close(read.K_px, seen().K_px, rtol=1e-12, atol=0)
