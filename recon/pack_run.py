"""Scenes of one grid on their way through the network as one pack, to what is handed out of each."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from recon.network.cameras.hypotheses import Solved
from recon.network.cameras.question import Question
from recon.network.fuse import fuse
from recon.network.splat_network import Seen, SplatNetwork
from recon.peak_memory import peak_mib
from recon.placed_photos import PlacedPhotos, placed_photos
from recon.prediction import CameraEstimate, Prediction
from recon.reconstruction import Reconstruction
from recon.verdict import quality, reasons, verdict
from recon.views import Views, pack_views
from render.errors import ReconstructionError, SnapsplatError

StageTold = Callable[[str, float], None]
"""Called with a stage's name and its seconds when it is done."""
CamerasFound = Callable[[int, PlacedPhotos], None]
"""Called with a scene's index when its cameras are known, unless the scene ends there."""


class PackRun:
    """Two parts, each called once, with the solver between them; see `recon.network.splat_network`."""

    def __init__(
        self,
        network: SplatNetwork,
        device: torch.device,
        scenes: Sequence[Views],
        told: StageTold | None,
        cameras_found: CamerasFound | None,
    ):
        self._network = network
        self._device = device
        self._told = told
        self._cameras_found = cameras_found
        self._views = pack_views(scenes).to(device)
        self._members = [torch.nonzero(self._views.scene_index == scene)[:, 0].tolist() for scene in range(len(scenes))]
        self._seen: Seen
        self._placed: list[PlacedPhotos | SnapsplatError]
        self._stages: dict[str, dict[str, float]] = {}

    @torch.no_grad()
    def look(self) -> list[Question]:
        """Until the cameras are to be solved: a question for each scene."""
        self._seen = self._network.look(self._views, self._note)
        return self._seen.questions

    @torch.no_grad()
    def build(self, solved: Sequence[Solved]) -> list[Reconstruction | SnapsplatError]:
        """Once they are solved: an answer for each scene."""
        prediction = self._network.build(self._views, self._seen, solved, self._note)
        return [
            photos if isinstance(photos, SnapsplatError) else self._finish(prediction, scene, photos)
            for scene, photos in enumerate(self._placed)
        ]

    def _note(self, stage: str, seconds: float, found: object) -> None:
        self._stages[stage] = {"seconds": round(seconds, 3), "peak_mib": peak_mib()}
        if self._told is not None:
            self._told(stage, seconds)
        if not isinstance(found, CameraEstimate):
            return
        self._placed = [placed_photos(self._views, found, scene, own) for scene, own in enumerate(self._members)]
        for scene, photos in enumerate(self._placed):
            if self._cameras_found is not None and isinstance(photos, PlacedPhotos):
                self._cameras_found(scene, photos)

    def _finish(self, prediction: Prediction, scene: int, placed: PlacedPhotos) -> Reconstruction | SnapsplatError:
        views, members, network = self._views, self._members[scene], self._network
        origin, warnings = placed.origin, prediction.cameras.warnings[scene]
        since = time.perf_counter()
        fused = fuse(views, prediction, members, network.config.fuse, network.judge, network.config.feedback.rounds)
        gaussians = fused.to("cpu")
        stages = {**self._stages, "fuse": {"seconds": round(time.perf_counter() - since, 3), "peak_mib": peak_mib()}}
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
            "device": str(self._device),
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
