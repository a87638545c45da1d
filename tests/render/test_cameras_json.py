"""cameras.json: written and read back bit for bit; what cannot be a camera is refused with its name and value."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from render.cameras import Cameras
from render.errors import CamerasError, OutputError
from render.files.cameras_json import CameraRow, read_cameras_json, write_cameras_json

IDENTITY = torch.eye(4).tolist()


def random_cameras(count: int = 3) -> Cameras:
    generator = torch.Generator().manual_seed(0)
    K_px = torch.rand(count, 3, 3, generator=generator, dtype=torch.float64) * 500 + 300
    K_px[:, [0, 1, 2, 2], [1, 0, 0, 1]] = 0
    K_px[:, 2, 2] = 1
    rotations, _ = torch.linalg.qr(torch.randn(count, 3, 3, generator=generator, dtype=torch.float64))
    T_world_camera = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    T_world_camera[:, :3, :3] = rotations * torch.linalg.det(rotations)[:, None, None]
    T_world_camera[:, :3, 3] = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    return Cameras(K_px, T_world_camera, torch.tensor([[1024, 681]] * count), scale="metric")


def file_with(folder: Path, **row: Any) -> Path:
    path = folder / "cameras.json"
    path.write_text(json.dumps({"cameras": [{"image": "a.jpg", **row}]}))
    return path


def test_reading_undoes_writing(tmp_path: Path):
    cameras = random_cameras()
    write_cameras_json(tmp_path / "cameras.json", ["a.jpg", "b.jpg", "ü.jpg"], cameras, [True, False, True])
    file = read_cameras_json(tmp_path / "cameras.json")
    assert file.scale == "metric"
    assert file.rows["b.jpg"] == CameraRow(width=1024.0, height=681.0)
    for view, name in ((0, "a.jpg"), (2, "ü.jpg")):
        row = file.rows[name]
        K_px = cameras.K_px[view]
        assert (row.width, row.height) == (1024, 681)
        assert (row.fx, row.fy, row.cx, row.cy) == (K_px[0, 0], K_px[1, 1], K_px[0, 2], K_px[1, 2])
        assert row.T_world_camera is not None
        assert torch.equal(row.T_world_camera, cameras.T_world_camera[view])


def test_writing_reading_and_writing_again_gives_the_same_file(tmp_path: Path):
    write_cameras_json(tmp_path / "one.json", ["a", "b", "c"], random_cameras(), [True] * 3)
    rows = read_cameras_json(tmp_path / "one.json").rows.values()
    K_px = torch.tensor([[[r.fx, 0, r.cx], [0, r.fy, r.cy], [0, 0, 1]] for r in rows], dtype=torch.float64)
    poses = torch.stack([r.T_world_camera for r in rows if r.T_world_camera is not None])
    again = Cameras(K_px, poses, torch.tensor([[1024, 681]] * 3), "metric")
    write_cameras_json(tmp_path / "two.json", ["a", "b", "c"], again, [True] * 3)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_the_contract_of_a_written_file(tmp_path: Path):
    write_cameras_json(tmp_path / "cameras.json", ["a", "b", "c"], random_cameras(), [True, True, False])
    content = json.loads((tmp_path / "cameras.json").read_text())
    assert content["convention"] == (
        "OpenCV camera-to-world (x right, y down, z forward); pinhole; pixel centre at +0.5"
    )
    assert content["scale"] == "metric"
    every = {"image", "width", "height", "fx", "fy", "cx", "cy", "camera_to_world", "registered"}
    assert [set(row) for row in content["cameras"]] == [every, every, {"image", "width", "height", "registered"}]
    assert [row["registered"] for row in content["cameras"]] == [True, True, False]


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ({}, CameraRow()),
        ({"fx": 500}, CameraRow(fx=500.0)),
        ({"cx": -3.5, "cy": None}, CameraRow(cx=-3.5)),
        ({"lens": "unknown", "width": 640, "height": 480}, CameraRow(width=640.0, height=480.0)),
        ({"registered": False, "camera_to_world": "nothing may be read here"}, CameraRow()),
    ],
)
def test_any_field_may_be_missing(tmp_path: Path, fields: dict[str, Any], row: CameraRow):
    file = read_cameras_json(file_with(tmp_path, **fields))
    assert file.rows == {"a.jpg": row}
    assert file.scale == "relative"


def test_a_pose_that_is_nearly_rigid_is_used_as_it_is(tmp_path: Path):
    T = [[1.001, 0, 0, 5], [0, 0.999, 1e-3, 6], [0, 0, 1, 7], [0, 0, 0, 1]]
    read = read_cameras_json(file_with(tmp_path, camera_to_world=T)).rows["a.jpg"].T_world_camera
    assert read is not None
    assert read.tolist() == T


def pose(changes: dict[tuple[int, int], object]) -> list[list[object]]:
    rows: list[list[object]] = [list(row) for row in IDENTITY]
    for (row, column), value in changes.items():
        rows[row][column] = value
    return rows


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"fx": float("nan")}, r'"fx" is nan; a finite number'),
        ({"cy": float("inf")}, r'"cy" is inf; a finite number'),
        ({"fx": 10**400}, r'"fx" is 10+.*\.\.\.; a finite number'),
        ({"fx": "900"}, r"\"fx\" is '900'; a finite number"),
        ({"cx": True}, r'"cx" is True; a finite number'),
        ({"fx": 0}, r'"fx" is 0; a number above 0'),
        ({"fy": -900.5}, r'"fy" is -900\.5; a number above 0'),
        ({"width": 0}, r'"width" is 0; a number above 0'),
        ({"registered": "yes"}, r"\"registered\" is 'yes'; true or false"),
        ({"camera_to_world": IDENTITY[:3]}, r'"camera_to_world" is \[\[1.*; four rows of four numbers'),
        ({"camera_to_world": 5}, r'"camera_to_world" is 5; four rows of four numbers'),
        ({"camera_to_world": [[1, 0, 0]] * 4}, r"four rows of four numbers"),
        ({"camera_to_world": pose({(1, 3): float("nan")})}, r'"camera_to_world" is nan; a finite number'),
        ({"camera_to_world": pose({(0, 3): None})}, r'"camera_to_world" is None; a finite number'),
        (
            {"camera_to_world": pose({(2, 2): -1})},
            r"a reflection \(its determinant is -1\); a rotation has \+1\..*OpenGL",
        ),
        (
            {"camera_to_world": pose({(0, 0): 2, (1, 1): 2, (2, 2): 2})},
            r"R\^T R is 3 off .* lengths \[2\.0, 2\.0, 2\.0\]",
        ),
        ({"camera_to_world": pose({(0, 0): 0})}, r"not a rotation"),
        ({"camera_to_world": pose({(3, 0): 4.5})}, r"looks transposed, since its last column is \[0, 0, 0, 1\]"),
        (
            {"camera_to_world": pose({(3, 3): 2})},
            r"bottom row .* is \[0.0, 0.0, 0.0, 2.0\]; expected is \[0, 0, 0, 1\]",
        ),
    ],
)
def test_a_row_that_cannot_be_is_refused(tmp_path: Path, row: dict[str, Any], sentence: str):
    with pytest.raises(CamerasError, match=rf"cameras\.json: a\.jpg: .*{sentence}"):
        read_cameras_json(file_with(tmp_path, **row))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not JSON"),
        (b"{'cameras': []}", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", 'holds no list "cameras"'),
        (b'{"frames": []}', 'holds no list "cameras"'),
        (b'{"cameras": {}}', 'holds no list "cameras"'),
        (b'{"cameras": [7]}', 'row 0 has no "image"'),
        (b'{"cameras": [{"image": "a"}, {"file": "b"}]}', 'row 1 has no "image"'),
        (b'{"cameras": [{"image": "a"}, {"image": "a"}]}', "a has two rows"),
        (b'{"scale": "feet", "cameras": []}', '"scale" is \'feet\'; "metric" or "relative"'),
        (b'{"scale": [], "cameras": []}', '"scale" is \\[\\]'),
        (b'{"convention": "OpenGL camera-to-world", "cameras": []}', "\"convention\" is 'OpenGL camera-to-world'"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, content: bytes, sentence: str):
    (tmp_path / "cameras.json").write_bytes(content)
    with pytest.raises(CamerasError, match=rf"cameras\.json.*{sentence}"):
        read_cameras_json(tmp_path / "cameras.json")


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(CamerasError, match=r"cameras\.json cannot be read \(No such file or directory\)"):
        read_cameras_json(tmp_path / "cameras.json")


def test_an_interrupted_write_leaves_the_earlier_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "cameras.json"
    write_cameras_json(path, ["a"], random_cameras(1), [True])
    before = path.read_bytes()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_cameras_json(path, ["b"], random_cameras(1), [True])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/cameras\.json cannot be written \(Not a directory\)"):
        write_cameras_json(tmp_path / "file" / "cameras.json", ["a"], random_cameras(1), [True])
