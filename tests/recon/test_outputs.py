"""What a run leaves behind: every file of the contract, all of them or none, and nothing temporary."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import torch

from recon.further_outputs import FURTHER_KINDS
from recon.output_folder import check_output_folder
from recon.outputs import FILE_KINDS, save_reconstruction
from render.errors import OutputError
from render.files.cameras_json import read_cameras_json
from render.files.formats import read_scene
from render.files.ply import read_ply
from tests.recon.small_scene import NAMES, small_reconstruction

FILES = {
    *("scene.ply", "cameras.json", "report.json", "preview.png"),
    *(f"{kind}/{name}.npy" for kind in ("depth", "confidence") for name in NAMES),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_every_file_is_there_and_nothing_else(tmp_path: Path):
    small_reconstruction().save(tmp_path / "new" / "out")
    assert set(contents(tmp_path / "new" / "out")) == FILES
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {name.split("/")[0] for name in FILES}


def test_files_hold_what_was_reconstructed(tmp_path: Path):
    scene = small_reconstruction()
    save_reconstruction(scene, tmp_path)
    for name, depth, confidence in zip(NAMES, scene.depth, scene.confidence, strict=True):
        for kind, values in (("depth", depth), ("confidence", confidence)):
            read = np.load(tmp_path / kind / f"{name}.npy")
            assert read.dtype == np.float32
            np.testing.assert_array_equal(read, values.numpy())
    rows = read_cameras_json(tmp_path / "cameras.json").rows
    assert list(rows) == list(NAMES)
    pose = rows["b.png"].T_world_camera
    assert pose is not None
    assert torch.equal(pose, scene.cameras.T_world_camera[1])
    assert rows["c.jpg"].T_world_camera is None
    torch.testing.assert_close(read_ply(tmp_path / "scene.ply").means, scene.gaussians.means)


def test_the_report_is_strict_json_and_counts_the_writing(tmp_path: Path):
    save_reconstruction(small_reconstruction(), tmp_path)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    report = json.loads((tmp_path / "report.json").read_text(), parse_constant=refuse)
    assert report["error"] is None
    assert report["of"] == 3
    assert report["warnings"] == ["c.jpg could not be registered."]
    assert report["seconds"] == pytest.approx(2.5 + report["stages"]["files"]["seconds"], abs=2e-3)


def test_earlier_files_of_other_names_stay_and_of_these_names_are_replaced(tmp_path: Path):
    (tmp_path / "depth").mkdir()
    (tmp_path / "depth" / "other.jpg.npy").write_text("earlier")
    (tmp_path / "notes.txt").write_text("mine")
    save_reconstruction(small_reconstruction(seed=0), tmp_path)
    first = contents(tmp_path)
    save_reconstruction(small_reconstruction(seed=1), tmp_path)
    second = contents(tmp_path)
    assert set(first) == set(second) == {*FILES, "depth/other.jpg.npy", "notes.txt"}
    unchanged = {name for name in first if first[name] == second[name]}
    assert unchanged == {"cameras.json", "depth/other.jpg.npy", "notes.txt", *(unchanged & {"report.json"})}


@pytest.mark.parametrize("stage", ["np.save", "cv2.imencode", "write_ply", "write_cameras_json", "make_preview"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError])
def test_interrupted_anywhere_nothing_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, failure: type[BaseException]
):
    save_reconstruction(small_reconstruction(seed=0), tmp_path / "old")
    before = contents(tmp_path / "old")

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(f"recon.outputs.{stage}", fail)
    for folder in ("old", "new"):
        with pytest.raises(failure):
            save_reconstruction(small_reconstruction(seed=1), tmp_path / folder)
    assert contents(tmp_path / "old") == before
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert not list((tmp_path / "old").glob(".*"))


def test_scene_ply_takes_its_place_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    placed: list[str] = []
    replace = Path.replace

    def note(self: Path, target: Path) -> Path:
        if target.is_relative_to(tmp_path) and not any(part.endswith(".part") for part in target.parts):
            placed.append(str(target.relative_to(tmp_path)))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", note)
    save_reconstruction(small_reconstruction(), tmp_path)
    assert set(placed) == FILES
    assert placed[-1] == "scene.ply"


def test_a_full_disk_is_told_and_nothing_is_touched(tmp_path: Path):
    save_reconstruction(small_reconstruction(seed=0), tmp_path)
    before = contents(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow past this: the kernel fails the write, as it does on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError, match=rf"^{tmp_path} cannot be written \(File too large\)"):
            save_reconstruction(small_reconstruction(seed=1), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(tmp_path) == before
    assert not list(tmp_path.glob(".*"))


def test_a_folder_where_a_file_belongs_is_told_before_anything_moves(tmp_path: Path):
    (tmp_path / "scene.ply").mkdir()
    with pytest.raises(OutputError, match=r"scene\.ply is a folder, and a file is to be written there"):
        save_reconstruction(small_reconstruction(), tmp_path)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("write", [check_output_folder, lambda out: save_reconstruction(small_reconstruction(), out)])
@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("file", r"file cannot be written"),
        ("file/below/out", r"file/below/out cannot be written"),
        ("/proc/out", r"^/proc/out cannot be written \(.+\)"),
        ("x" * 300, r"x cannot be written \(File name too long\)"),
    ],
)
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, write, out: str, sentence: str):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=sentence):
        write(tmp_path / out)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_checking_a_folder_leaves_no_trace(tmp_path: Path):
    check_output_folder(tmp_path / "new" / "out")
    check_output_folder(tmp_path)
    assert not list(tmp_path.iterdir())


def test_further_kinds_are_files_or_folders_of_their_names(tmp_path: Path):
    save_reconstruction(small_reconstruction(), tmp_path, FURTHER_KINDS)
    assert {name.split("/")[0] for name in contents(tmp_path)} == set(FURTHER_KINDS)
    scene = small_reconstruction()
    assert {name for name in contents(tmp_path) if name.startswith("depth_")} == {
        f"depth_{kind}/{name}.{kind}" for kind in ("png", "exr") for name in NAMES
    }
    assert torch.equal(read_scene(tmp_path / "scene.glb").means, scene.gaussians.means)


def test_only_the_kinds_asked_for_are_written(tmp_path: Path):
    save_reconstruction(small_reconstruction(), tmp_path, ["depth", "report.json"])
    assert set(contents(tmp_path)) == {"report.json", *(f"depth/{name}.npy" for name in NAMES)}
    assert tuple(sorted({name.split("/")[0] for name in FILES})) == tuple(sorted(FILE_KINDS))
