"""A file alone is shown from a place where most of it is seen."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from render.errors import FileFormatError
from render.files.formats import write_scene
from render.gaussians import Gaussians
from render.view.scene_file import open_file, start_camera
from tests.render.view.viewed import small_viewed


def seen(gaussians: Gaussians) -> float:
    """Share of the centres that are in the made up camera's picture."""
    camera = start_camera(gaussians)
    xyz = (gaussians.means.double() - camera.centres[0]) @ camera.T_world_camera[0, :3, :3]
    xy = (xyz @ camera.K_px[0].mT)[:, :2] / xyz[:, 2:]
    return float(((xyz[:, 2] > 0) & (xy > 0).all(1) & (xy < camera.size_wh[0]).all(1)).double().mean())


@pytest.mark.parametrize("suffix", [".spz", ".ply", ".compressed.ply"])
def test_a_file_is_seen_from_where_its_first_photo_was_taken(tmp_path: Path, suffix: str):
    write_scene(tmp_path / f"a{suffix}", small_viewed().gaussians)
    viewed = open_file(tmp_path / f"a{suffix}")
    assert viewed.names == ("start",)
    assert torch.equal(viewed.cameras.T_world_camera[0], torch.eye(4, dtype=torch.float64))
    assert viewed.pictures[0][..., 0].max() > 150
    assert len(viewed.points) == 0
    assert len(viewed.fly_through(3, 32)) == 3


@pytest.mark.parametrize("moved", [(0.0, 0, 0), (0, 0, -5), (300, -20, 7), (0, 0, -1000)])
@pytest.mark.parametrize("scale", [0.01, 1.0, 500.0])
def test_most_is_seen_wherever_a_scene_lies(moved: tuple[float, float, float], scale: float):
    gaussians = small_viewed().gaussians
    assert seen(replace(gaussians, means=(gaussians.means + torch.tensor(moved)) * scale)) >= 0.79


def test_what_lies_behind_the_origin_leaves_a_camera_that_sees_the_rest():
    gaussians = small_viewed().gaussians
    means = gaussians.means.clone()
    means[:60, 2] *= -1
    assert seen(replace(gaussians, means=means)) == pytest.approx(0.7, abs=0.01)


def test_an_empty_file_is_told(tmp_path: Path):
    write_scene(tmp_path / "a.ply", small_viewed().gaussians[:0])
    with pytest.raises(FileFormatError, match=r"a\.ply: it holds no Gaussian"):
        open_file(tmp_path / "a.ply")
