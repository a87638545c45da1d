"""What `snapsplat info` finds out."""

import torch

from render.scene_facts import facts_of
from tests.render.scenes import cloud, needles


def test_counts_and_bounds_of_a_sound_scene() -> None:
    scene = cloud(500, 2)
    facts = facts_of(scene)
    assert (facts.count, facts.sh_degree) == (500, 2)
    assert facts.low.tolist() == scene.means.min(0).values.tolist()
    assert sum(facts.opacity_counts) == sum(facts.scale_counts) == 500
    assert facts.warnings == []


def test_needles_floaters_and_faint_ones_are_told() -> None:
    scene = needles()
    scene.means[3] = 1e5
    scene.opacities[:5] = 1e-4
    told = " ".join(facts_of(scene).warnings)
    assert "40 Gaussians are needles" in told
    assert "1 of 40 Gaussians looked at are floaters" in told
    assert "5 Gaussians have an opacity below" in told


def test_small_scenes_and_equal_ones() -> None:
    assert facts_of(cloud(0)).warnings == ["There is no Gaussian."]
    one = cloud(1)
    assert facts_of(one).count == sum(facts_of(one).scale_counts) == 1
    same = cloud(9)[torch.zeros(9, dtype=torch.long)]
    assert facts_of(same).floaters == 0
