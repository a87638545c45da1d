"""What was saved comes back, and what is missing is named."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from recon.images import load_images
from recon.reconstruction import Reconstruction
from recon.saved import KINDS, load_reconstruction
from recon.views import make_views
from render.errors import FileFormatError, InputError
from tests.recon.small_scene import NAMES, ORIGIN, small_reconstruction


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    chance = np.random.default_rng(0)
    for name in NAMES:
        cv2.imwrite(str(folder / name), chance.integers(0, 255, (64, 96, 3), np.uint8))
    return [folder / name for name in NAMES]


def scene_of(photos: list[Path]) -> Reconstruction:
    """As an engine makes it of these photos."""
    views = make_views(load_images(photos), 48)
    scene = small_reconstruction()
    report = {"cameras": dict(zip(NAMES, ORIGIN, strict=True)), "warnings": ["c.jpg could not be registered."]}
    shown = tuple(views.photo_bytes(view) for view in range(len(views)))
    return replace(scene, photos=shown, gain=torch.rand(3, 3) + 0.5, report=report)


def test_what_was_saved_comes_back(tmp_path: Path, photos: list[Path]):
    scene = scene_of(photos)
    scene.save(tmp_path / "out")
    loaded = load_reconstruction(tmp_path / "out", photos)
    assert (loaded.names, loaded.origin, loaded.cameras.scale) == (scene.names, scene.origin, scene.cameras.scale)
    assert loaded.report == {**scene.report, "stages": loaded.report["stages"]}
    for name in ("depth", "confidence", "photos"):
        for ours, theirs in zip(getattr(loaded, name), getattr(scene, name), strict=True):
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    assert torch.equal(loaded.gain, scene.gain)
    assert torch.equal(loaded.cameras.size_wh, scene.cameras.size_wh)
    for name in ("K_px", "T_world_camera"):
        assert torch.equal(getattr(loaded.cameras, name)[:2], getattr(scene.cameras, name)[:2])
    for name in ("means", "quats_wxyz", "scales", "opacities", "sh"):
        torch.testing.assert_close(getattr(loaded.gaussians, name), getattr(scene.gaussians, name))


def test_saving_what_was_loaded_makes_the_same_files(tmp_path: Path, photos: list[Path]):
    scene_of(photos).save(tmp_path / "out")
    load_reconstruction(tmp_path / "out", photos).save(tmp_path / "again")
    files = [path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()]
    for file in files:
        if file != Path("report.json"):
            assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "out" / file).read_bytes(), file


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "." in kind and kind != "cameras.json"])
def test_a_missing_file_is_named(tmp_path: Path, photos: list[Path], kind: str):
    scene_of(photos).save(tmp_path / "out")
    (tmp_path / "out" / kind).unlink()
    with pytest.raises(FileFormatError, match=rf"{kind}: cannot be read .*a saved scene has it"):
        load_reconstruction(tmp_path / "out", photos)


def test_a_map_of_another_type_is_refused(tmp_path: Path, photos: list[Path]):
    scene_of(photos).save(tmp_path / "out")
    np.save(tmp_path / "out" / "depth" / "a.jpg.npy", np.zeros((2, 2)))
    with pytest.raises(FileFormatError, match="float64 of shape \\(2, 2\\); float32"):
        load_reconstruction(tmp_path / "out", photos)


def test_a_map_that_promises_what_it_has_not_is_refused(tmp_path: Path, photos: list[Path]):
    scene_of(photos).save(tmp_path / "out")
    for kind in ("depth", "confidence"):
        with (tmp_path / "out" / kind / "a.jpg.npy").open("r+b") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**7)}
            )
        with pytest.raises(FileFormatError, match=rf"{kind}.a.jpg.npy: it is no array of NumPy's, or cut short"):
            load_reconstruction(tmp_path / "out", photos)
        scene_of(photos).save(tmp_path / "out")


def test_a_report_that_does_not_know_the_photos_is_refused(tmp_path: Path, photos: list[Path]):
    scene_of(photos).save(tmp_path / "out")
    report = tmp_path / "out" / "report.json"
    report.write_text(json.dumps(json.loads(report.read_text()) | {"cameras": {}}))
    with pytest.raises(FileFormatError, match='"cameras" does not say'):
        load_reconstruction(tmp_path / "out", photos)


def test_other_photos_are_refused(tmp_path: Path, photos: list[Path]):
    scene_of(photos).save(tmp_path / "out")
    with pytest.raises(InputError, match=r"The photos are a.jpg, b.png; the scene was made of a.jpg, b.png, c"):
        load_reconstruction(tmp_path / "out", photos[:2])
