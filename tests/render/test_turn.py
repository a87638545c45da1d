"""A turned scene seen from a turned camera is the same picture."""

from dataclasses import replace

import pytest
import torch

from render.gaussians import Gaussians
from render.rasterize import RasterizeOptions, rasterize
from render.sh import sh_basis
from render.turn import moved, sh_rotation, similarity
from tests.render.scenes import cameras, cloud, rigid


def doubled(scene: Gaussians) -> Gaussians:
    return scene.to(torch.float64)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_scene_and_camera_moved_alike_give_the_same_picture(degree: int, scale: float) -> None:
    scene, seen = doubled(cloud(60, degree)), cameras(2)
    T = rigid(degree)
    T_camera = T @ seen.T_world_camera
    T_camera[:, :3, 3] = scale * T_camera[:, :3, 3]
    there = moved(scene, similarity(T[:3, :3], scale * T[:3, 3], scale))
    options = RasterizeOptions(backend="torch")
    before = rasterize(scene, seen, options)
    after = rasterize(there, replace(seen, T_world_camera=T_camera), options)
    torch.testing.assert_close(after.rgb, before.rgb, rtol=0, atol=1e-5)
    # The picture is one of which a turn that forgets the harmonics makes another.
    if degree:
        forgetful = rasterize(replace(there, sh=scene.sh), replace(seen, T_world_camera=T_camera), options)
        assert float((forgetful.rgb - before.rgb).abs().max()) > 0.01


@pytest.mark.parametrize("coeff", [1, 4, 9, 16])
def test_harmonics_turn_with_directions(coeff: int) -> None:
    R = rigid(7)[:3, :3]
    directions = torch.randn(50, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turned = sh_basis(directions @ R.mT, coeff) @ sh_rotation(R, coeff)
    torch.testing.assert_close(turned, sh_basis(directions, coeff))
    torch.testing.assert_close(sh_rotation(R.mT, coeff) @ sh_rotation(R, coeff), torch.eye(coeff, dtype=torch.float64))


def test_there_and_back_is_nowhere() -> None:
    scene, T = cloud(50, 3), rigid(3)
    back = moved(moved(scene, T), torch.linalg.inv(T))
    for name in ("means", "scales", "sh"):
        torch.testing.assert_close(getattr(back, name), getattr(scene, name), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("diagonal", [(1, 1, -1), (1, 1, 0), (1, 2, 1)])
def test_what_is_no_similarity_is_refused(diagonal: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no rotation times a scale"):
        moved(cloud(3), similarity(torch.diag(torch.tensor(diagonal, dtype=torch.float64)), torch.zeros(3)))
