"""One model on one device: lists of Views in, lists of Reconstructions out.

Knows neither files nor the wire. Scenes of one grid run as one pack: a batch is a longer view axis.
"""

import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from recon.images import one_is_too_few
from recon.network.fuse import fuse
from recon.network.splat_network import NetworkConfig, SplatNetwork
from recon.placed_photos import PlacedPhotos, placed_photos
from recon.prediction import CameraEstimate, Prediction
from recon.reconstruction import Reconstruction
from recon.verdict import quality, reasons, verdict
from recon.views import Views, pack_views
from render.errors import BackendError, ReconstructionError, SnapsplatError

StageProgress = Callable[[str], None]
"""Called with a stage's name when it is done."""
CamerasFound = Callable[[int, PlacedPhotos], None]
"""Called with a scene's index when its cameras are known, unless the scene ends there."""


class Engine:
    """Holds the network; `reconstruct` may be called as often as one likes."""

    def __init__(self, config: NetworkConfig, device: str = "auto"):
        """`device` is cpu, cuda or auto.

        Raises:
            BackendError: CUDA was asked for and there is none.
        """
        if device == "cuda" and not torch.cuda.is_available():
            raise BackendError("device is cuda, but torch sees no CUDA device here; use cpu or auto.")
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(device)
        self.network = SplatNetwork(config).eval().to(self.device)

    def reconstruct(
        self,
        scenes: Sequence[Views],
        seed: int = 0,
        progress: StageProgress | None = None,
        cameras_found: CamerasFound | None = None,
    ) -> list[Reconstruction | SnapsplatError]:
        """One answer for each scene, in order. A scene that fails answers with its error; the others are untouched."""
        answers: dict[int, Reconstruction | SnapsplatError] = {}
        by_grid: dict[tuple[int, int], list[int]] = {}
        for i, views in enumerate(scenes):
            if len(views) == 1 and self.network.depth.correction is None:
                answers[i] = one_is_too_few(views.names[0])
            else:
                by_grid.setdefault(views.size_wh, []).append(i)
        for chosen in by_grid.values():
            found = self._run([scenes[i] for i in chosen], seed, progress, _renumbered(cameras_found, chosen))
            answers.update(zip(chosen, found, strict=True))
        return [answers[i] for i in range(len(scenes))]

    @torch.no_grad()
    def _run(
        self, scenes: list[Views], seed: int, progress: StageProgress | None, cameras_found: CamerasFound | None
    ) -> list[Reconstruction | SnapsplatError]:
        """Scenes of one grid as one pack."""
        views = pack_views(scenes).to(self.device)
        members = [torch.nonzero(views.scene_index == scene)[:, 0].tolist() for scene in range(len(scenes))]
        stages: dict[str, dict[str, float]] = {}
        placed: list[PlacedPhotos | SnapsplatError] = []

        def note(stage: str, seconds: float, found: object) -> None:
            stages[stage] = {"seconds": round(seconds, 3), "peak_mib": peak_mib()}
            if progress is not None:
                progress(stage)
            if not isinstance(found, CameraEstimate):
                return
            placed.extend(placed_photos(views, found, scene, chosen) for scene, chosen in enumerate(members))
            for scene, photos in enumerate(placed):
                if cameras_found is not None and isinstance(photos, PlacedPhotos):
                    cameras_found(scene, photos)

        prediction = self.network(views, seed, note)
        return [
            photos
            if isinstance(photos, SnapsplatError)
            else self._finish(views, prediction, scene, members[scene], photos, stages)
            for scene, photos in enumerate(placed)
        ]

    def _finish(
        self,
        views: Views,
        prediction: Prediction,
        scene: int,
        members: list[int],
        placed: PlacedPhotos,
        stages: dict[str, dict[str, float]],
    ) -> Reconstruction | SnapsplatError:
        origin, warnings = placed.origin, prediction.cameras.warnings[scene]
        since = time.perf_counter()
        network = self.network
        fused = fuse(views, prediction, members, network.config.fuse, network.judge, network.config.feedback.rounds)
        gaussians = fused.to("cpu")
        stages = {**stages, "fuse": {"seconds": round(time.perf_counter() - since, 3), "peak_mib": peak_mib()}}
        if len(gaussians) == 0:
            return ReconstructionError("No part of any photo could be placed in space; are the given cameras right?")
        trusted = prediction.depth.confidence[members] > 0
        crops = [views.photo_size_wh[v].tolist() for v in members]
        shown = views.valid[members] & ~prediction.depth.empty[members] & ~prediction.depth.sky[members]
        share_trusted = round(float(trusted.sum() / shown.sum().clamp_min(1)), 3)
        photo_pixels = sum(w * h for w, h in crops)
        facts = prediction.cameras.facts[scene]
        focal_known = all(
            views.known[v].K_px is not None or views.focal_prior_px[v]
            for v, o in zip(members, origin, strict=True)
            if o != "not registered"
        )
        # Rounded before it is judged: what is said is what counts.
        judged = (origin, share_trusted, facts.get("reprojection_error_px_median"), focal_known)
        found, one_place = round(quality(*judged), 2), facts.get("degenerate") == "one place"
        word = verdict(origin, found, one_place)
        report: dict[str, Any] = {
            "verdict": word,
            "verdict_because": [] if word == "good" else reasons(*judged, one_place),
            "quality": found,
            "photos": len(members),
            "registered": sum(o != "not registered" for o in origin),
            "gaussians": len(gaussians),
            "grid_wh": list(views.size_wh),
            "device": str(self.device),
            "cameras": dict(zip((views.names[v] for v in members), origin, strict=True)),
            "matching": facts,
            "share_trusted": share_trusted,
            "share_empty": round(float(prediction.depth.empty[members].sum() / photo_pixels), 3),
            "share_sky": round(float(prediction.depth.sky[members].sum() / photo_pixels), 3),
            "stages": stages,
            "warnings": list(warnings),
        }
        return Reconstruction(
            gaussians=gaussians,
            cameras=placed.cameras,
            origin=origin,
            names=tuple(views.names[v] for v in members),
            depth=tuple(
                prediction.depth.depth[v, :h, :w].cpu().clone() for v, (w, h) in zip(members, crops, strict=True)
            ),
            confidence=tuple(
                prediction.depth.confidence[v, :h, :w].cpu().clone() for v, (w, h) in zip(members, crops, strict=True)
            ),
            photos=tuple(views.photo_bytes(v) for v in members),
            gain=prediction.depth.gain[members].cpu().clone(),
            report=report,
        )


def _renumbered(found: CamerasFound | None, chosen: list[int]) -> CamerasFound | None:
    """For some of the scenes, those that run together."""
    return None if found is None else lambda scene, photos: found(chosen[scene], photos)


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
