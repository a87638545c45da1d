"""Changes to a whole scene: which Gaussians stay, and where up is."""

from dataclasses import replace

import pytest
import torch

from render.edit import R_UP_OPENCV, inside, placed, strongest, with_degree
from render.gaussians import Gaussians
from tests.render.scenes import cloud


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


def test_centred_scaled_and_turned() -> None:
    scene = cloud(101)
    there = placed(scene, "z", centred=True, scale=2.0)
    torch.testing.assert_close(there.means.median(0).values, torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(there.scales, 2 * scene.scales)
    assert placed(scene) is scene
    empty: Gaussians = scene[:0]
    assert len(placed(empty, "y", centred=True)) == 0


def test_the_box_is_of_centres() -> None:
    scene = replace(cloud(3), means=torch.tensor([[0.0, 0, 0], [1, 1, 1], [0.5, 2, 0.5]]))
    assert inside(scene, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).tolist() == [True, True, False]
