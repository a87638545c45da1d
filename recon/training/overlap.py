"""How much of what one photo shows another one shows as well, told by cameras, and by depth where it is known.

Of each photo some points are followed: a grid of its pixels, each at its depth. Where no depth is known, the pixels
take turns at depths from near to far, so that together they fill the photo's frustum. A point counts as seen by another
photo when it falls into its picture, in front of the camera, not behind what that photo's depth says, and when the two
cameras see it from directions at most `MAX_DEGREES` apart: beyond that they look at different sides of things.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int
from numpy import ndarray

from recon.training.depth_range import guess_depth_range
from recon.training.scenes import TrainingScene

GRID_WH = (16, 12)
LAYERS = 6
"""Depths between near and far, evenly in the logarithm."""
HIDING_GRID_WH = (64, 48)
"""How finely depth is kept to tell what is hidden."""
HIDDEN_BEYOND = 1.05
"""A point this many times as far as the depth where it falls is hidden."""
MAX_DEGREES = 60.0
PAIRS_AT_ONCE = 4096
"""Bounds what is held in memory."""


@dataclass(frozen=True, eq=False)
class Overlap:
    """Points that each photo shows, and the cameras that may see them."""

    rays: Float64[ndarray, "view point 3"]
    """World directions from the photo's camera, with 1 along its axis."""
    inverse_depth: Float64[ndarray, "view point"]
    """Along those; 0 for the sky, not a number where the point is not known and does not count."""
    centres: Float64[ndarray, "view 3"]
    P_px_world: Float64[ndarray, "view 3 3"]
    """Turns directions in the world into homogeneous pixels, as shares of the picture's width and height."""
    depth: Float64[ndarray, "view row column"] | None
    """Coarse z-depth to tell what is hidden, the farthest of each cell and those around; 0 where it is not known."""

    def __len__(self) -> int:
        return len(self.centres)

    def shares(self, of: Int[ndarray, "pair"], by: Int[ndarray, "pair"]) -> Float64[ndarray, "pair"]:
        """The share of the points of photo `of` that photo `by` sees, 0 to 1; 0 for a photo of which none is known."""
        chunks = range(0, len(of), PAIRS_AT_ONCE)
        seen = [self._some_shares(of[i : i + PAIRS_AT_ONCE], by[i : i + PAIRS_AT_ONCE]) for i in chunks]
        return np.concatenate([np.zeros(0), *seen])

    def seen(self, of: Int[ndarray, "pair"], by: Int[ndarray, "pair"]) -> Bool[ndarray, "pair point"]:
        """Which of the points of photo `of` photo `by` sees."""
        inverse = self.inverse_depth[of][..., None]
        # Homogeneous, so that the sky is as good a point as any: divided by its inverse depth it lies infinitely far.
        from_by = self.rays[of] + inverse * (self.centres[of] - self.centres[by])[:, None]
        u, v, z = np.moveaxis(from_by @ self.P_px_world[by].transpose(0, 2, 1), 2, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            u, v = u / z, v / z
            cosine = (from_by * self.rays[of]).sum(2) / (
                np.linalg.norm(from_by, axis=2) * np.linalg.norm(self.rays[of], axis=2)
            )
            inside = (z > 0) & (u >= 0) & (u < 1) & (v >= 0) & (v < 1) & (cosine >= np.cos(np.deg2rad(MAX_DEGREES)))
            return inside & ~self._hidden(by, u, v, z / inverse[..., 0], inside)

    def _some_shares(self, of: Int[ndarray, "pair"], by: Int[ndarray, "pair"]) -> Float64[ndarray, "pair"]:
        known = np.isfinite(self.inverse_depth[of]).sum(1)
        return self.seen(of, by).sum(1) / np.maximum(known, 1)

    def _hidden(
        self,
        by: Int[ndarray, "pair"],
        u: Float64[ndarray, "pair point"],
        v: Float64[ndarray, "pair point"],
        z: Float64[ndarray, "pair point"],
        inside: Bool[ndarray, "pair point"],
    ) -> Bool[ndarray, "pair point"]:
        """Which points lie behind what the depth of photo `by` says."""
        if self.depth is None:
            return np.zeros_like(inside)
        columns, rows = HIDING_GRID_WH
        there = self.depth[
            by[:, None], np.where(inside, v * rows, 0).astype(int), np.where(inside, u * columns, 0).astype(int)
        ]
        return (there > 0) & (z > HIDDEN_BEYOND * there)


def overlap_of(scene: TrainingScene) -> Overlap:
    """The points and cameras of a scene."""
    K_px, T_world_camera = scene.cameras.K_px.numpy(), scene.cameras.T_world_camera.numpy()
    size_wh = scene.cameras.size_wh.numpy().astype(float)
    u, v = _cell_centres(GRID_WH)
    in_picture = np.stack([u.ravel(), v.ravel(), np.ones(u.size)], 1)
    # From shares of the picture to its pixels; with pixel centres at +0.5, there is no offset.
    to_px = np.stack([np.diag([width, height, 1.0]) for width, height in size_wh])
    R = T_world_camera[:, :3, :3]
    P_px_world = np.linalg.inv(to_px) @ K_px @ R.transpose(0, 2, 1)
    coarse = _coarse_depth(scene, HIDING_GRID_WH)
    return Overlap(
        rays=in_picture @ np.linalg.inv(P_px_world).transpose(0, 2, 1),
        inverse_depth=_inverse_depth(scene, coarse),
        centres=T_world_camera[:, :3, 3],
        P_px_world=P_px_world,
        depth=None if coarse is None else np.stack([_farthest_around(depth) for depth in coarse]),
    )


def _inverse_depth(
    scene: TrainingScene, coarse: Float64[ndarray, "view row column"] | None
) -> Float64[ndarray, "view point"]:
    """True ones where a photo has any; otherwise layers within the depths of the others, or of a guess."""
    near, far = guess_depth_range(scene.cameras)
    known = _coarse_depth(scene, GRID_WH)
    inverse = np.full((len(scene.photos), GRID_WH[0] * GRID_WH[1]), np.nan)
    if known is not None and coarse is not None:
        finite = coarse[(coarse > 0) & np.isfinite(coarse)]
        near, far = np.percentile(finite, (5, 95)) if finite.size else (near, far)
        flat = known.reshape(len(known), -1)
        np.divide(1, flat, out=inverse, where=flat > 0)
    # Neighbours in the grid are at different depths, and every depth is spread over the picture.
    column, row = np.meshgrid(np.arange(GRID_WH[0]), np.arange(GRID_WH[1]))
    layer = ((column + 2 * row) % LAYERS).ravel()
    inverse[~np.isfinite(inverse).any(1)] = 1 / (near * (far / near) ** (layer / (LAYERS - 1)))
    return inverse


def _coarse_depth(scene: TrainingScene, grid_wh: tuple[int, int]) -> Float64[ndarray, "view row column"] | None:
    """The depth at the centre of each cell."""
    if scene.depth is None:
        return None
    u, v = _cell_centres(grid_wh)
    return np.stack(
        [
            depth[(v * depth.shape[0]).astype(int), (u * depth.shape[1]).astype(int)].astype(float)
            for depth in scene.depth
        ]
    )


def _farthest_around(depth: Float64[ndarray, "row column"]) -> Float64[ndarray, "row column"]:
    """Beside an edge, and on a slant, what falls into a cell may belong to its neighbour."""
    return np.where(depth > 0, cv2.dilate(depth, np.ones((3, 3), np.uint8)), 0.0)


def _cell_centres(grid_wh: tuple[int, int]) -> tuple[Float64[ndarray, "row column"], Float64[ndarray, "row column"]]:
    """As shares of the picture's width and height."""
    columns, rows = grid_wh
    u, v = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    return u, v
