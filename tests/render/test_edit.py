"""Changes to a whole scene: which Gaussians stay, and where up is."""

from dataclasses import replace

import pytest
import torch

from render.contribution import contributions
from render.edit import R_UP_OPENCV, Up, inside, placement, strongest, with_degree
from render.gaussians import Gaussians
from render.rasterize import rasterize
from render.turn import moved, moved_poses
from tests.render.scenes import cameras, cloud


def test_the_most_opaque_stay_in_their_order() -> None:
    scene = cloud(100)
    scene.opacities[:] = torch.linspace(0.1, 0.9, 100)[torch.randperm(100, generator=torch.Generator().manual_seed(0))]
    kept = strongest(scene, 30)
    assert len(kept) == 30
    assert float(kept.opacities.min()) == pytest.approx(float(scene.opacities.sort().values[70]))
    places = [int((scene.means == mean).all(1).nonzero()[0, 0]) for mean in kept.means]
    assert places == sorted(places)
    assert strongest(scene, 1000) is scene


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_harmonics_are_cut_and_padded(degree: int) -> None:
    scene = cloud(5, 2)
    changed = with_degree(scene, degree)
    assert changed.sh_degree == degree
    both = min(degree, 2)
    assert torch.equal(changed.sh[:, : (both + 1) ** 2], scene.sh[:, : (both + 1) ** 2])
    assert not changed.sh[:, 9:].any()


@pytest.mark.parametrize(("up", "axis"), [("-y", (0, -1, 0)), ("y", (0, 1, 0)), ("z", (0, 0, 1))])
def test_up_is_where_it_was_asked_for(up: str, axis: tuple[int, int, int]) -> None:
    R = torch.tensor(R_UP_OPENCV[up]).double()
    assert torch.linalg.det(R) == pytest.approx(1)
    assert (R @ torch.tensor([0.0, -1, 0]).double()).tolist() == list(axis)


def placed(scene: Gaussians, up: Up, scale: float) -> Gaussians:
    T_new_old = placement(scene, up, centred=True, scale=scale)
    assert T_new_old is not None
    return moved(scene, T_new_old)


def test_centred_scaled_and_turned() -> None:
    scene = cloud(101)
    there = placed(scene, "z", 2.0)
    torch.testing.assert_close(there.means.median(0).values, torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(there.scales, 2 * scene.scales)
    assert placement(scene) is None
    empty: Gaussians = scene[:0]
    assert len(placed(empty, "y", 1.0)) == 0


@pytest.mark.parametrize("up", ["-y", "y", "z"])
def test_cameras_that_move_with_the_scene_see_what_they_saw(up: Up) -> None:
    scene, seen = cloud(80, 3), cameras(3)
    T_new_old = placement(scene, up, centred=True, scale=0.5)
    assert T_new_old is not None
    there = replace(seen, T_world_camera=moved_poses(seen.T_world_camera, T_new_old))
    before, after = rasterize(scene, seen), rasterize(moved(scene, T_new_old), there)
    torch.testing.assert_close(after.rgb, before.rgb, rtol=0, atol=2e-4)
    torch.testing.assert_close(after.depth, before.depth * 0.5, rtol=0, atol=2e-3)


def test_contributions_are_what_a_gaussian_adds_to_pictures() -> None:
    scene, seen = cloud(30, 1), cameras(2)
    added = contributions(scene, seen)
    # All of them together are all that hides the background; one that nobody sees adds nothing.
    torch.testing.assert_close(added.sum(), rasterize(scene, seen).alpha.sum(), rtol=1e-4, atol=1e-3)
    scene.means[3] = torch.tensor([0.0, 0.0, -50.0])
    assert contributions(scene, seen)[3] == 0


def test_what_adds_most_stays_and_what_nobody_sees_goes_first() -> None:
    scene, seen = cloud(100), cameras(2)
    scene.means[:40, 2] -= 100
    scene.opacities[:40] = 0.9
    added = contributions(scene, seen)
    seen_by_any = int((added > 0).sum())
    kept = strongest(scene, seen_by_any, added)
    assert torch.equal(kept.means, scene.means[added > 0])
    more = strongest(scene, seen_by_any + 10, added)
    assert float(more.opacities[more.means[:, 2] < -50].mean()) == pytest.approx(0.9)


def test_the_box_is_of_centres() -> None:
    scene = replace(cloud(3), means=torch.tensor([[0.0, 0, 0], [1, 1, 1], [0.5, 2, 0.5]]))
    assert inside(scene, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).tolist() == [True, True, False]
