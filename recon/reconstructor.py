"""Photos in files -> Reconstruction: reads, checks, runs the engine. Loaded once, used often."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from recon.config import load_config
from recon.engine import Engine
from recon.images import load_images
from recon.peak_memory import peak_mib
from recon.polish import polish
from recon.reconstruction import Reconstruction
from recon.scene_input import fewest_photos, finished_report, make_input
from recon.verify import held_out_psnr
from render.errors import SnapsplatError, require
from render.files.cameras_json import read_cameras_json


class Reconstructor:
    """Turns photos of one place into a scene, again and again with one loaded model."""

    def __init__(
        self,
        model: str = "small",
        size: int | None = None,
        seed: int | None = None,
        overrides: Sequence[str] = (),
    ):
        """`size` and `seed` stand for the options of these names; `overrides` are Hydra's, and come last.

        Raises:
            ConfigError: an option is unknown, mistyped or out of range.
            BackendError: the device asked for isn't there.
        """
        chosen = [f"network={model}"]
        chosen += [f"size={size}"] if size is not None else []
        chosen += [f"seed={seed}"] if seed is not None else []
        self.config = load_config([*chosen, *overrides])
        self.engine = Engine(self.config.network, self.config.device)

    def reconstruct(
        self,
        photos: Sequence[str | Path],
        cameras: str | Path | None = None,
        *,
        polish_seconds: float | int = 0,
        verify: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Reconstruction:
        """A scene from two to sixteen photos (files, or a folder of them), or a guess from one where depth is learned.

        Args:
            cameras: a `cameras.json` that says what is known of the photos' cameras, any part of it.
            polish_seconds: how long to improve the scene by gradient steps against its own photos, at most.
            verify: also report how well photos that were left out are predicted, if four or more are registered.
            progress: called with the name of each stage when it is done.

        Raises:
            ConfigError: `polish_seconds` is negative.
            InputError: the photos cannot be used.
            CamerasError: the cameras cannot.
            ReconstructionError: no scene can be made of them.
        """
        start = time.perf_counter()
        require(polish_seconds >= 0, "polish", polish_seconds, "0 seconds or more")
        file = read_cameras_json(Path(cameras)) if cameras is not None else None
        images = load_images(photos, fewest_photos(self.config))
        scene = make_input(images, file, self.config.size, start)
        if progress is not None:
            progress("photos")
        (answer,) = self.engine.reconstruct([scene.views], self.config.seed, progress)
        if isinstance(answer, SnapsplatError):
            raise answer
        if progress is not None:
            progress("fuse")
        stages = dict(answer.report["stages"])
        more: dict[str, Any] = {}
        warnings: list[str] = []
        if verify:
            since = time.perf_counter()
            found = held_out_psnr(self.engine, images, answer, self.config.size, self.config.seed)
            scored = [psnr for psnr in found.values() if psnr is not None]
            if not found:
                warnings.append("Nothing was verified: that needs four registered photos or more.")
            more["held_out_psnr"] = {"mean": round(sum(scored) / len(scored), 2) if scored else None, "photos": found}
            stages["verify"] = {"seconds": round(time.perf_counter() - since, 3), "peak_mib": peak_mib()}
            if progress is not None:
                progress("verify")
        if polish_seconds > 0:
            since = time.perf_counter()
            polished = polish(answer, polish_seconds, self.config.seed)
            answer = polished.reconstruction
            if polished.rounds == 0:
                warnings.append(f"{polish_seconds:g} s were too short for one round of polish over the photos.")
            more["gaussians"] = len(answer.gaussians)
            more["polish"] = {
                "rounds": polished.rounds,
                "held_out_rays_psnr_before": round(polished.psnr_before, 2),
                "held_out_rays_psnr_after": round(polished.psnr_after, 2),
            }
            stages["polish"] = {"seconds": round(time.perf_counter() - since, 3), "peak_mib": peak_mib()}
            if progress is not None:
                progress("polish")
        seconds = time.perf_counter() - start
        told = {**answer.report, **more, "stages": stages}
        report = finished_report(told, scene, self.config.size, self.config.seed, seconds, warnings)
        return replace(answer, report=report)
