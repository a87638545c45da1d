"""Whether a scene is good to train on, and if not, why."""

from dataclasses import dataclass

import numpy as np

from data_tools.inspection.facts import SceneFacts
from recon.training.choose import SHARED, choose_views
from recon.training.scenes import TrainingScene
from render.errors import InputError

CONTEXTS, TARGETS = 2, 1
"""The smallest training sample."""
AGREEMENT = 0.5
"""Depths that agree less than this were not made with these cameras."""
ONE_PLACE = 1e-6
"""Cameras nearer to each other than this, over the depth, stand at one place."""


@dataclass(frozen=True)
class Judgement:
    """Sentences about a scene."""

    against: tuple[str, ...]
    """Why it is not good to train on; nothing where it is."""
    remarks: tuple[str, ...]
    """What does not stand in the way."""


def judge(scene: TrainingScene, facts: SceneFacts) -> Judgement:
    """Hold a scene against what training needs."""
    alone = sum(share < SHARED for share in facts.overlaps)
    remarks = (
        [f"{alone} of {len(facts.overlaps)} photos share too little with any other to be of use."] if alone else []
    )
    against = [sentence for sentence in (_too_few(scene), _one_place(scene, facts), _contradicting(facts)) if sentence]
    if not against:
        try:
            choose_views(scene, CONTEXTS, np.random.default_rng(0), TARGETS)
        except InputError as error:
            against.append(str(error))
    return Judgement(tuple(against), tuple(remarks))


def _too_few(scene: TrainingScene) -> str:
    wanted = CONTEXTS + TARGETS
    if len(scene.photos) >= wanted:
        return ""
    return (
        f"{len(scene.photos)} with cameras are too few: a training sample takes at least {wanted} photos, {CONTEXTS} "
        f"to see from and {TARGETS} to predict."
    )


def _one_place(scene: TrainingScene, facts: SceneFacts) -> str:
    centres = scene.cameras.centres
    depth = facts.depth.range[1] if facts.depth is not None and facts.depth.range[1] > 0 else facts.guessed_range[0]
    if len(centres) < 2 or float((centres - centres[0]).norm(dim=1).max()) > ONE_PLACE * depth:
        return ""
    return "All photos were taken from one place, so nothing in them tells how far things are."


def _contradicting(facts: SceneFacts) -> str:
    consistency = None if facts.depth is None else facts.depth.consistency
    if consistency is None:
        return ""
    if consistency.better_factor is not None:
        return (
            "Depth and cameras contradict each other: photos agree more on depth that is "
            f"{consistency.better_factor:g} times as large. Depth must be in the unit of the poses."
        )
    if consistency.agreement >= AGREEMENT:
        return ""
    return (
        f"Depth and cameras contradict each other: photos agree on {consistency.agreement:.0%} of the points that they "
        "share. Are the poses in the axes that their format has, and is the depth along the camera's axis?"
    )
