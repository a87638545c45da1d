"""Which photos are matched with which: all with all while they are few, then each with those most like it."""

import torch

from recon.network.cameras.matching import Keypoints

NEIGHBOURS = 8
"""Each view is matched with the views most like it, so many at least. Of eight views, fewer lost some captures."""
MIN_COSINE = 0.82
"""Of descriptors that count as alike; what XFeat's own nearest-neighbour matcher asks for."""


def likely_pairs(keypoints: list[Keypoints]) -> list[tuple[int, int]]:
    """Pairs a < b of views worth matching, in order; their number grows with the views, not with their square."""
    n = len(keypoints)
    every = [(a, b) for a in range(n) for b in range(a + 1, n)]
    if n - 1 <= NEIGHBOURS:
        return every
    alike = torch.zeros(n, n, dtype=torch.float64)
    for a, b in every:
        alike[a, b] = alike[b, a] = _alike(keypoints[a], keypoints[b])
    best = alike.fill_diagonal_(-1).argsort(dim=1, descending=True, stable=True)[:, :NEIGHBOURS]
    chosen = {(min(a, b), max(a, b)) for a in range(n) for b in best[a].tolist()}
    return sorted(chosen)


def _alike(a: Keypoints, b: Keypoints) -> float:
    """How many of XFeat's descriptors are each other's nearest, and near: a hundredth of the work of matching.

    Plus, to break ties, how near the nearest are on the mean, below 1.
    """
    if min(a.xfeat, b.xfeat) == 0:
        return 0.0
    cosine = a.xfeat_descriptors @ b.xfeat_descriptors.T
    value, nearest = cosine.max(1)
    mutual = cosine.argmax(0)[nearest] == torch.arange(len(nearest), device=nearest.device)
    return float((mutual & (value > MIN_COSINE)).sum() + 0.25 * (value.mean() + cosine.amax(0).mean()))
