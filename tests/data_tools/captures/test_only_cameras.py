"""Cameras without photos: from any of the formats, upright where the photo says how, or a sentence."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from data_tools.captures.only_cameras import cameras_at
from render.errors import CamerasError, FileFormatError, InputError
from render.files.colmap import write_colmap
from render.files.transforms_json import write_transforms_json
from tests.render.scenes import SIZE_WH, cameras

NAMES = ("a.jpg", "b.jpg")


def test_a_photo_that_lies_on_its_side_is_stood_upright(tmp_path: Path) -> None:
    write_colmap(tmp_path / "sparse" / "0", NAMES, cameras(2), None, text=False)
    (tmp_path / "images").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned clockwise.
    Image.new("RGB", SIZE_WH).save(tmp_path / "images" / "a.jpg", exif=exif)
    names, read = cameras_at(tmp_path)
    assert names == NAMES
    assert read.size_wh.tolist() == [[*SIZE_WH[::-1]], [*SIZE_WH]]
    # A point of the world is seen at the pixel that the turn takes it to.
    point = torch.tensor([0.1, 0.2, 3.0, 1.0], dtype=torch.float64)
    (u, v), (u_up, v_up) = (pixel(seen, point) for seen in (cameras(2), read))
    assert (u_up, v_up) == pytest.approx((SIZE_WH[1] - v, u), abs=1e-9)
    torch.testing.assert_close(read.T_world_camera[1], cameras(2).T_world_camera[1], rtol=0, atol=1e-9)


def pixel(seen: object, point: torch.Tensor) -> tuple[float, float]:
    x = seen.K_px[0] @ (seen.T_camera_world[0] @ point)[:3]  # type: ignore[attr-defined]
    return float(x[0] / x[2]), float(x[1] / x[2])


def test_transforms_without_sizes_and_photos(tmp_path: Path) -> None:
    write_transforms_json(tmp_path / "transforms.json", NAMES, cameras(2))
    assert cameras_at(tmp_path / "transforms.json")[0] == cameras_at(tmp_path)[0] == NAMES
    content = json.loads((tmp_path / "transforms.json").read_text())
    del content["frames"][1]["w"]
    (tmp_path / "transforms.json").write_text(json.dumps(content))
    with pytest.raises(CamerasError, match='neither "w" and "h" nor the photo'):
        cameras_at(tmp_path)


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (lambda content: content.update(k1=0.1), CamerasError, "image_undistorter"),
        (lambda content: content.update(frames=[]), InputError, "places no photo"),
        (lambda content: content["frames"][1].update(file_path="images/a.jpg"), FileFormatError, "of one name"),
        (lambda content: content["frames"][0].update(transform_matrix=3), FileFormatError, "four numbers"),
    ],
)
def test_what_is_refused(tmp_path: Path, change: object, error: type[Exception], sentence: str) -> None:
    path = tmp_path / "transforms.json"
    write_transforms_json(path, NAMES, cameras(2))
    content = json.loads(path.read_text())
    change(content)  # type: ignore[operator]
    path.write_text(json.dumps(content))
    with pytest.raises(error, match=sentence):
        cameras_at(path)


def test_a_folder_without_cameras(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no cameras"):
        cameras_at(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        cameras_at(tmp_path / "nowhere")
