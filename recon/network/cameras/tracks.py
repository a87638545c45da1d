"""Pairwise matches -> tracks: the points of several views that show one point of the world."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


@dataclass(frozen=True)
class Tracks:
    """Observations sorted by track; those of track k are `start[k]:start[k + 1]`."""

    start: Int[ndarray, "track_plus_one"]
    view: Int[ndarray, "observation"]
    xy: Float[ndarray, "observation 2"]
    """Reference pixels from the principal point: see `recon.network.cameras.problem`."""

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def track(self) -> Int[ndarray, "observation"]:
        """The track of every observation."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))


def build_tracks(points: list[Float[ndarray, "_ 2"]], pairs: dict[tuple[int, int], Int[ndarray, "_ 2"]]) -> Tracks:
    """Connected components of the matches by union-find; a component with two points in one view is dropped.

    Such a component says that one match in it is wrong, but not which.
    """
    offset = np.concatenate([[0], np.cumsum([len(p) for p in points])])
    view_of = np.repeat(np.arange(len(points)), [len(p) for p in points])
    parent = list(range(offset[-1]))
    used = np.zeros(offset[-1], dtype=bool)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for (a, b), match in pairs.items():
        for i, j in (match + np.array([offset[a], offset[b]])).tolist():
            # The smaller index wins, so that the outcome does not hang on the order of the pairs.
            low, high = sorted((root(i), root(j)))
            parent[high] = low
            used[[i, j]] = True

    members: dict[int, list[int]] = {}
    for i in np.flatnonzero(used).tolist():
        members.setdefault(root(i), []).append(i)
    kept = [m for m in members.values() if len(m) > 1 and len({view_of[i] for i in m}) == len(m)]
    flat = np.array([i for m in kept for i in m], dtype=int)
    xy = np.concatenate(points)[flat] if len(flat) else np.zeros((0, 2))
    return Tracks(
        start=np.concatenate([[0], np.cumsum([len(m) for m in kept])]).astype(int),
        view=view_of[flat].astype(int),
        xy=xy,
    )
