"""A map grown view by view: triangulate, add the view that sees most of it by PnP, adjust, and so on.

Schoenberger and Frahm 2016, "Structure-from-Motion Revisited", section 2, without its image retrieval.
"""

from copy import deepcopy

import numpy as np
import poselib
from jaxtyping import Bool, Float
from numpy import ndarray

from recon.network.cameras.bundle import BundleProblem, adjust, errors_px
from recon.network.cameras.problem import CameraProblem, SceneMap, pinhole
from recon.network.cameras.tracks import Tracks
from recon.network.cameras.triangulate import in_use, reprojection_errors, triangulate
from recon.network.cameras.two_view import TwoView

MIN_ANGLE_DEG = 1.0
MIN_PNP_INLIERS = 10
MENDED = 3
"""Views that are placed anew in one map, at most."""
PAIRS_TRIED = 3
"""Relative poses that are tried for each."""
WEAK = 0.4
"""Share of a view's tracks that fit, below which its place is doubted."""
MIN_SCALE_INLIERS = 3
"""Points that must agree on how far a view lies off, where a relative pose says in which direction."""


class Mapper:
    """Grows one map under one hypothesis for the focal lengths."""

    def __init__(
        self,
        problem: CameraProblem,
        tracks: Tracks,
        pairs: dict[tuple[int, int], TwoView],
        focal: Float[ndarray, "view"],
        focal_prior: Float[ndarray, "group"],
        focal_sigma: Float[ndarray, "group"],
        seed: int,
    ):
        self.problem, self.tracks, self.pairs, self.seed = problem, tracks, pairs, seed
        self.focal_prior, self.focal_sigma = focal_prior, focal_sigma
        self.given = np.array([T is not None for T in problem.T_camera_world])
        n = problem.views
        self.scene = SceneMap(
            R=np.tile(np.eye(3), (n, 1, 1)),
            t=np.zeros((n, 3)),
            focal=focal.copy(),
            registered=np.zeros(n, bool),
            points=np.zeros((len(tracks), 3)),
            solved=np.zeros(len(tracks), bool),
            outlier=np.zeros(len(tracks.view), bool),
        )

    def start_from_given(self) -> None:
        """Register every view whose pose was given."""
        for v, T in enumerate(self.problem.T_camera_world):
            if T is not None:
                self.scene.R[v], self.scene.t[v], self.scene.registered[v] = T[:3, :3], T[:3, 3], True

    def start_from_pair(self, a: int, b: int, pair: TwoView) -> None:
        """Register two views; the world is a's camera and the baseline has length 1."""
        s = self.scene
        s.R[a], s.t[a] = np.eye(3), 0.0
        s.R[b], s.t[b] = pair.R, pair.t
        s.registered[[a, b]] = True

    def grow(self) -> SceneMap:
        """Add views until none can be added, adjust all together, then place anew what hardly holds."""
        self._triangulate(6.0)
        self._adjust(15, focal_free=False)
        self._add_all()
        self._finish()
        self.mend()
        return self.scene

    def mend(self) -> None:
        """Place anew the views of whose tracks few fit."""
        for _ in range(MENDED):
            weak = self._weak_views()
            if not weak or not self._place_anew(weak[0]):
                break

    def _weak_views(self) -> list[int]:
        """Views of whose tracks few fit, weakest first: placed too early, by a few wrong points, they stay wrong."""
        s, tracks = self.scene, self.tracks
        n = self.problem.views
        here = s.registered[tracks.view]
        # What only one registered view sees can't fit, wherever that is.
        common = here & (np.bincount(tracks.track[here], minlength=len(tracks))[tracks.track] > 1)
        used = common & s.solved[tracks.track] & ~s.outlier
        share, of = (np.bincount(tracks.view[which], minlength=n) for which in (used, common))
        share = share / of.clip(1)
        weak = [v for v in range(n) if s.registered[v] and not self.given[v] and share[v] < WEAK]
        return sorted(weak, key=lambda v: share[v]) if s.registered.sum() > 3 else []

    def _place_anew(self, view: int) -> bool:
        """Take a view out and add it again, now that the others are known; whether that explains more, and is kept."""
        before = self.scene
        without = deepcopy(before)
        without.registered[view] = False
        self.scene = without
        self._triangulate(4.0)
        self._adjust(10, focal_free=True)
        placed = []
        for R, t in self._poses_to_try(view):
            self.scene = deepcopy(without)
            self.scene.R[view], self.scene.t[view], self.scene.registered[view] = R, t, True
            self._triangulate(4.0)
            self._adjust(10, focal_free=True)
            placed.append(self.scene)
        if placed:
            self.scene = max(placed, key=lambda scene: score(scene, self.tracks))
            self._finish()
        better = bool(placed) and score(self.scene, self.tracks) > score(before, self.tracks)
        self.scene = self.scene if better else before
        return better

    def _poses_to_try(self, view: int) -> list[tuple[ndarray, ndarray]]:
        """Where a view may be: by the points that it sees, and by the relative poses that most points bear out."""
        s, poses = self.scene, []
        chosen = s.solved[self.tracks.track] & (self.tracks.view == view)
        if chosen.sum() >= MIN_PNP_INLIERS:
            pose, _ = self._place(chosen, float(s.focal[view]))
            poses.append((pose.R, np.asarray(pose.t)))
        others = [a if b == view else b for a, b in self.pairs if view in (a, b)]
        found = [self._scaled_pose(old, view, 0.0) for old in others if s.registered[old]]
        found = sorted((f for f in found if f[0] >= MIN_SCALE_INLIERS), key=lambda f: -f[0])
        return poses + [(R, t) for _, R, t in found[:PAIRS_TRIED]]

    def _add_all(self) -> None:
        refused: set[int] = set()
        while True:
            if view := self._next_view(refused):
                if not self._add(view[0]):
                    refused.add(view[0])
                    continue
            elif not self._add_by_pair():
                break
            refused.clear()
            self._triangulate(4.0)
            self._adjust(10, focal_free=bool(self.scene.registered.sum() > 2))

    def _finish(self) -> None:
        for max_error in (4.0, 3.0, 3.0):
            self._adjust(30, focal_free=True)
            self._triangulate(max_error)
        self._adjust(30, focal_free=True)

    def _next_view(self, refused: set[int]) -> tuple[int] | None:
        """The unregistered view that sees most solved points; in a tuple, since view 0 is false."""
        seen = self.scene.solved[self.tracks.track]
        count = np.bincount(self.tracks.view[seen], minlength=self.problem.views)
        count[self.scene.registered] = 0
        count[list(refused)] = 0
        best = int(count.argmax())
        return (best,) if count[best] >= MIN_PNP_INLIERS else None

    def _add(self, view: int) -> bool:
        chosen = self.scene.solved[self.tracks.track] & (self.tracks.view == view)
        tried = [(self._place(chosen, f), f) for f in self._focals_to_try(view)]
        (pose, info), focal = max(tried, key=lambda t: t[0][1]["num_inliers"])
        if info["num_inliers"] < max(MIN_PNP_INLIERS, 0.25 * chosen.sum()):
            return False
        self.scene.R[view], self.scene.t[view] = pose.R, np.asarray(pose.t)
        self.scene.focal[self.problem.focal_group == self.problem.focal_group[view]] = focal
        self.scene.registered[view] = True
        return True

    def _add_by_pair(self) -> bool:
        """Add a view that shares too few points for PnP by its relative pose to a view that is there.

        So views that look on in a row are joined, of which no three see the same.
        """
        s = self.scene
        joining = [(a, b) if s.registered[a] else (b, a) for a, b in self.pairs if s.registered[a] != s.registered[b]]
        placed = [(*self._scaled_pose(old, new), new) for old, new in joining]
        inliers, R, t, view = max(placed, key=lambda p: p[0], default=(0, None, None, 0))
        if inliers < MIN_SCALE_INLIERS:
            return False
        s.R[view], s.t[view], s.registered[view] = R, t, True
        return True

    def _scaled_pose(self, old: int, new: int, min_share: float = 0.5) -> tuple[int, ndarray, ndarray]:
        """Pose of a new view by its pair with an old one, and how many points that both see agree on its scale.

        None do if they are a smaller share of these points than `min_share`.
        """
        s, tracks = self.scene, self.tracks
        pair = self.pairs[min(old, new), max(old, new)]
        R, t = (pair.R, pair.t) if old < new else (pair.R.T, -pair.R.T @ pair.t)
        pose = R @ s.R[old], R @ s.t[old]
        seen = [np.flatnonzero((tracks.view == v) & s.solved[tracks.track]) for v in (old, new)]
        _, _, at = np.intersect1d(tracks.track[seen[0]], tracks.track[seen[1]], return_indices=True)
        if len(at) < MIN_SCALE_INLIERS:
            return 0, *pose
        chosen = seen[1][at]
        ray = np.concatenate([tracks.xy[chosen] / s.focal[new], np.ones((len(chosen), 1))], 1)
        unscaled = s.points[tracks.track[chosen]] @ pose[0].T + pose[1]
        # The ray through the new view and the point moved along t are parallel: cross(ray, unscaled + scale t) = 0.
        known, slope = np.cross(ray, unscaled), np.cross(ray, t)
        scales = -(known * slope).sum(1) / (slope * slope).sum(1).clip(1e-12)
        best, most = 0.0, 0
        for scale in scales[scales > 0]:
            point = unscaled + scale * t
            error = np.linalg.norm(point[:, :2] / point[:, 2:] - ray[:, :2], axis=1) * s.focal[new]
            agree = int(((error < 6.0) & (point[:, 2] > 0)).sum())
            if agree > most:
                best, most = float(scale), agree
        return most if most >= min_share * len(chosen) else 0, pose[0], pose[1] + best * t

    def _focals_to_try(self, view: int) -> list[float]:
        """The focal of the view's group, and others around it where no view of the group is placed yet."""
        group = self.problem.focal_group[view]
        start = float(self.scene.focal[view])
        settled = (self.scene.registered & (self.problem.focal_group == group)).any()
        if settled or np.isfinite(self.problem.focal_known[group]) or np.isfinite(self.problem.focal_prior[group]):
            return [start]
        return [start, *(start * np.geomspace(0.5, 2.0, 9)).tolist()]

    def _place(self, chosen: Bool[ndarray, "observation"], focal: float) -> tuple[poselib.CameraPose, dict]:
        """A pose from the chosen observations of one view."""
        return poselib.estimate_absolute_pose(
            self.tracks.xy[chosen], self.scene.points[self.tracks.track[chosen]], pinhole(focal),
            {"max_reproj_error": 6.0, "seed": self.seed}, {},
        )  # fmt: skip

    def _triangulate(self, max_error_px: float) -> None:
        triangulate(self.scene, self.tracks, MIN_ANGLE_DEG, max_error_px)

    def _adjust(self, iterations: int, focal_free: bool) -> None:
        """Adjust the registered views and the solved points; what has no inliers stays."""
        s, tracks = self.scene, self.tracks
        use = in_use(s, tracks)
        if use.sum() < 2 * MIN_PNP_INLIERS:
            return
        kept, index = np.unique(tracks.track[use], return_inverse=True)
        problem = BundleProblem(
            R=s.R, t=s.t, focal=s.focal, centre=np.zeros((self.problem.views, 2)), points=s.points[kept],
            start=np.concatenate([[0], np.cumsum(np.bincount(index))]), view=tracks.view[use], xy=tracks.xy[use],
            focal_group=self.problem.focal_group, pose_free=self._free_poses(),
            focal_free=np.isnan(self.problem.focal_known) & focal_free,
            focal_prior=self.focal_prior, focal_prior_sigma=self.focal_sigma,
        )  # fmt: skip
        adjust(problem, iterations)
        s.R, s.t, s.focal = problem.R, problem.t, problem.focal
        s.points[kept] = problem.points
        s.outlier[np.flatnonzero(use)] = errors_px(problem) > 6.0

    def _free_poses(self) -> ndarray:
        free = self.scene.registered & ~self.given
        if not self.given.any():
            free[np.flatnonzero(self.scene.registered)[0]] = False
        return free


def score(scene: SceneMap, tracks: Tracks, max_error_px: float = 3.0) -> float:
    """How much a map explains: its observations by how well they fit (MSAC; Torr and Zisserman 2000)."""
    use = in_use(scene, tracks)
    error = reprojection_errors(scene, tracks)[use]
    return float(np.clip(1 - (error / max_error_px) ** 2, 0, 1).sum())
