"""Decoded photos and what is known of their cameras -> what the engine takes, and what a report says of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recon.complaints import complaints
from recon.config import ReconstructConfig
from recon.images import MIN_PHOTOS, ImageSet
from recon.known_cameras import match_cameras
from recon.peak_memory import peak_mib
from recon.views import Views, make_views
from render.files.cameras_json import CamerasFile


@dataclass(frozen=True)
class SceneInput:
    """One scene, ready for the engine."""

    views: Views
    warnings: tuple[str, ...]
    """Sentences about photos and cameras."""
    seconds: float
    """That decoding and laying out took."""
    peak_mib: float
    """Largest resident memory of the process until then."""


def fewest_photos(config: ReconstructConfig) -> int:
    """How many photos a scene needs: one does where depth is learned."""
    depth = config.network.depth
    return 1 if depth.corrected or depth.corrector_weights else MIN_PHOTOS


def make_input(images: ImageSet, cameras: CamerasFile | None, size: int, since: float) -> SceneInput:
    """Lay the photos out on a working grid of `size`; `since` is when reading them began, by `time.perf_counter`.

    Raises:
        InputError: the photos cannot be used.
        CamerasError: the cameras cannot.
    """
    known, warnings = match_cameras(cameras, images) if cameras is not None else (None, [])
    warnings += complaints(images)
    views = make_views(images, size, known, cameras is not None and cameras.scale == "metric")
    return SceneInput(views, tuple(warnings), time.perf_counter() - since, peak_mib())


def finished_report(
    report: dict[str, Any], scene: SceneInput, size: int, seed: int, seconds: float, warnings: Sequence[str] = ()
) -> dict[str, Any]:
    """The engine's report of a scene with all that the engine does not know; `warnings` come before its own."""
    photos = {"seconds": round(scene.seconds, 3), "peak_mib": scene.peak_mib}
    return {
        **report,
        "seed": seed,
        "size": size,
        "stages": {"photos": photos, **report["stages"]},
        "seconds": round(seconds, 3),
        "warnings": [*scene.warnings, *warnings, *report["warnings"]],
    }
