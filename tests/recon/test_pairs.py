"""Which photos are matched with which."""

import numpy as np
import torch

from recon.network.cameras.matching import Keypoints
from recon.network.cameras.pairs import NEIGHBOURS, likely_pairs


def _on_a_line(n: int, seed: int = 0) -> list[Keypoints]:
    """Views of which each shares 60 of its 80 points with the next, 40 with the one after it, and so on."""
    world = torch.nn.functional.normalize(
        torch.randn(20 * n + 80, 64, generator=torch.Generator().manual_seed(seed)), dim=1
    )
    return [
        Keypoints(np.zeros((80, 2)), 80, world[20 * v : 20 * v + 80], torch.zeros(0, 128), (64, 64)) for v in range(n)
    ]


def test_few_views_are_all_matched() -> None:
    n = NEIGHBOURS + 1
    assert len(likely_pairs(_on_a_line(n))) == n * (n - 1) // 2


def test_of_many_views_neighbours_are_matched_and_the_number_grows_linearly() -> None:
    n = 40
    pairs = likely_pairs(_on_a_line(n))
    assert pairs == sorted(pairs)
    assert all(0 <= a < b < n for a, b in pairs)
    assert set(pairs) >= {(v, v + step) for v in range(n) for step in (1, 2, 3) if v + step < n}
    assert len(pairs) <= NEIGHBOURS * n


def test_the_order_of_the_photos_does_not_matter() -> None:
    # What is equally unlike is taken in order, so only pairs that share something must stay.
    views = _on_a_line(20)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1)).tolist()
    shuffled = likely_pairs([views[v] for v in order])
    back = {(min(order[a], order[b]), max(order[a], order[b])) for a, b in shuffled}
    near = {(a, b) for a, b in likely_pairs(views) if b - a < 4}
    assert near <= back


def test_views_without_points_are_no_error() -> None:
    empty = Keypoints(np.zeros((0, 2)), 0, torch.zeros(0, 64), torch.zeros(0, 128), (64, 64))
    assert len(likely_pairs([empty] * 12)) >= 12
