"""One model on one device: lists of Views in, lists of Reconstructions out.

Knows neither files nor the wire. Scenes of one grid run as one pack: a batch is a longer view axis.
"""

import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from recon.images import one_is_too_few
from recon.network.fuse import fuse
from recon.network.splat_network import NetworkConfig, SplatNetwork
from recon.prediction import Prediction
from recon.reconstruction import Reconstruction
from recon.verdict import quality, reasons, verdict
from recon.views import Views, pack_views
from render.cameras import Cameras
from render.errors import BackendError, CamerasError, ReconstructionError, SnapsplatError

StageProgress = Callable[[str], None]
"""Called with a stage's name when it is done."""


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
        self, scenes: Sequence[Views], seed: int = 0, progress: StageProgress | None = None
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
            answers.update(zip(chosen, self._run([scenes[i] for i in chosen], seed, progress), strict=True))
        return [answers[i] for i in range(len(scenes))]

    @torch.no_grad()
    def _run(
        self, scenes: list[Views], seed: int, progress: StageProgress | None
    ) -> list[Reconstruction | SnapsplatError]:
        """Scenes of one grid as one pack."""
        views = pack_views(scenes).to(self.device)
        stages: dict[str, dict[str, float]] = {}

        def note(stage: str, seconds: float) -> None:
            stages[stage] = {"seconds": round(seconds, 3), "peak_mib": peak_mib()}
            if progress is not None:
                progress(stage)

        prediction = self.network(views, seed, note)
        return [self._finish(views, prediction, scene, stages) for scene in range(len(scenes))]

    def _finish(
        self, views: Views, prediction: Prediction, scene: int, stages: dict[str, dict[str, float]]
    ) -> Reconstruction | SnapsplatError:
        members = torch.nonzero(views.scene_index == scene)[:, 0].tolist()
        origin = tuple(prediction.cameras.origin[v] for v in members)
        warnings = prediction.cameras.warnings[scene]
        registered = sum(o != "not registered" for o in origin)
        if registered < min(2, len(members)):
            reason = " ".join(warnings) or "Fewer than two photos could be registered."
            return (CamerasError if prediction.cameras.given_refused[scene] else ReconstructionError)(reason)
        since = time.perf_counter()
        network = self.network
        fused = fuse(views, prediction, members, network.config.fuse, network.judge, network.config.feedback.rounds)
        gaussians = fused.to("cpu")
        stages = {**stages, "fuse": {"seconds": round(time.perf_counter() - since, 3), "peak_mib": peak_mib()}}
        if len(gaussians) == 0:
            return ReconstructionError("No part of any photo could be placed in space; are the given cameras right?")
        trusted = prediction.depth.confidence[members] > 0
        # One pose fixes no scale: metres are metres only between two cameras.
        metric = views.metric[scene] and origin.count("given") >= 2
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
            "registered": registered,
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
            cameras=original_cameras(views, prediction.cameras.cameras, members, metric),
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


def original_cameras(views: Views, on_grid: Cameras, members: list[int], metric: bool) -> Cameras:
    """Cameras on the grid -> in pixels of the original photos; what was given comes out bit for bit."""
    cameras = views.to_originals(on_grid.to("cpu"))[members]
    K = cameras.K_px.clone()
    for i, v in enumerate(members):
        given = views.known[v].K_px
        if given is not None:
            K[i] = given
    return replace(cameras, K_px=K, scale="metric" if metric else "relative")


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
