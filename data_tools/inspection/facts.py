"""What a scene holds, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int
from numpy import ndarray

from data_tools.inspection.consistency import Consistency, check_consistency
from recon.training.depth_range import guess_depth_range
from recon.training.overlap import Overlap, overlap_of
from recon.training.scenes import TrainingScene

PAIRS_AT_MOST = 60_000
"""Neighbours are looked for among all photos for as many photos as this allows, spread over their order."""
PERCENTILES = (5, 50, 95)


@dataclass(frozen=True)
class DepthFacts:
    """What is known of depth."""

    known: float
    """Share of all pixels whose depth is known; the sky's is."""
    range: tuple[float, float, float]
    """5%, 50% and 95% of the known depths, the sky aside, in the cameras' unit; zeros where there are none."""
    consistency: Consistency | None
    """How it agrees with the cameras; None where no photos overlap that could tell."""


@dataclass(frozen=True)
class SceneFacts:
    """What `snapsplat data inspect` tells of a scene. Neighbours: of each photo, the other one that sees the most of
    its points, as `recon/training/overlap.py` has it."""

    sizes_wh: tuple[tuple[int, int], ...]
    """Width and height of each photo."""
    focal_px: tuple[float, float, float]
    """Lowest, median and highest, of photos of those sizes."""
    view_degrees_wh: tuple[float, float]
    """Median angle of view across and down."""
    neighbour_degrees: float
    """Median angle between the optical axes of a photo and its neighbour."""
    neighbour_baseline: float
    """Median distance of their centres, in the cameras' unit."""
    overlaps: tuple[float, ...]
    """Of each photo looked at, the share of its points that its neighbour sees, in [0, 1]."""
    depth: DepthFacts | None
    """None where nothing is known."""
    guessed_range: tuple[float, float]
    """Near and far depth as the cameras suggest."""


def describe(scene: TrainingScene, sizes_wh: Sequence[tuple[int, int]]) -> SceneFacts:
    """Measure a scene of one photo or more.

    Args:
        sizes_wh: width and height of each photo as its file has it; the scene may hold smaller ones.
    """
    K_px, loaded_wh = scene.cameras.K_px.numpy(), scene.cameras.size_wh.numpy()
    enlarged = np.max(sizes_wh, 1) / loaded_wh.max(1)
    focal_px = K_px[:, 0, 0] * enlarged
    degrees = 2 * np.rad2deg(np.arctan2(loaded_wh / 2, np.stack([K_px[:, 0, 0], K_px[:, 1, 1]], 1)))
    overlap = overlap_of(scene)
    views, neighbours, shares = _neighbours(overlap)
    axes = scene.cameras.T_world_camera[:, :3, 2].numpy()
    cosine = (axes[views] * axes[neighbours]).sum(1).clip(-1, 1)
    baselines = np.linalg.norm(overlap.centres[views] - overlap.centres[neighbours], axis=1)
    return SceneFacts(
        sizes_wh=tuple(sizes_wh),
        focal_px=(float(focal_px.min()), float(np.median(focal_px)), float(focal_px.max())),
        view_degrees_wh=(float(np.median(degrees[:, 0])), float(np.median(degrees[:, 1]))),
        neighbour_degrees=_median(np.rad2deg(np.arccos(cosine))),
        neighbour_baseline=_median(baselines),
        overlaps=tuple(shares.tolist()),
        depth=_depth_facts(scene),
        guessed_range=guess_depth_range(scene.cameras),
    )


def _neighbours(
    overlap: Overlap,
) -> tuple[Int[ndarray, "some"], Int[ndarray, "some"], Float64[ndarray, "some"]]:
    """Photos, the best neighbour of each, and what it sees of it; nothing where there is but one photo."""
    count = len(overlap)
    if count < 2:
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    some = np.linspace(0, count - 1, min(count, max(1, PAIRS_AT_MOST // count))).astype(int)
    of, by = np.repeat(some, count), np.tile(np.arange(count), len(some))
    shares = np.where(of == by, -1.0, overlap.shares(of, by)).reshape(len(some), count)
    return some, shares.argmax(1), shares.max(1)


def _depth_facts(scene: TrainingScene) -> DepthFacts | None:
    if scene.depth is None:
        return None
    every = np.concatenate([depth.ravel() for depth in scene.depth])
    finite = every[(every > 0) & np.isfinite(every)]
    low, middle, high = np.percentile(finite, PERCENTILES) if finite.size else (0.0, 0.0, 0.0)
    return DepthFacts(
        known=float((every > 0).mean()),
        range=(float(low), float(middle), float(high)),
        consistency=check_consistency(scene),
    )


def _median(values: Float64[ndarray, "some"]) -> float:
    return float(np.median(values)) if values.size else 0.0
