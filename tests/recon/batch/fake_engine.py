"""An engine that makes tiny scenes at once, the same of the same photos; the names of photos say what goes wrong."""

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from recon.network.splat_network import NetworkConfig
from recon.reconstruction import Reconstruction
from recon.views import Views
from render.errors import ReconstructionError, SnapsplatError
from tests.recon.small_scene import small_reconstruction_of

SECONDS = 0.01
"""That a pack keeps the device busy."""
MARKS = "FAKE_ENGINE_MARKS"
"""Environment variable: a folder in which those who die once leave a mark."""


class FakeEngine:
    """See `recon.batch.pipeline.BatchEngine`."""

    def __init__(self, _config: NetworkConfig, _device: str):
        self.packs: list[int] = []

    def reconstruct(self, scenes: Sequence[Views], seed: int) -> list[Reconstruction | SnapsplatError]:
        time.sleep(SECONDS)
        self.packs.append(len(scenes))
        words = [views.names[0].partition(".")[0] for views in scenes]
        if "die" in words:
            os._exit(7)
        if "die_once" in words and not (mark := Path(os.environ[MARKS]) / "died").exists():
            mark.touch()
            os._exit(7)
        if "hang" in words:
            time.sleep(600)
        if "bug" in words:
            raise ZeroDivisionError("a bug")
        if "crowded" in words and len(scenes) > 1:
            raise MemoryError
        if "too_large" in words:
            raise MemoryError
        return [_answer(views, seed, word) for views, word in zip(scenes, words, strict=True)]


def _answer(views: Views, seed: int, word: str) -> Reconstruction | SnapsplatError:
    if word == "apart":
        return ReconstructionError("No two photos show the same.")
    digest = hashlib.sha256(views.pixels.numpy().tobytes() + str(seed).encode()).digest()
    report = {"stages": {}, "verdict": "usable", "quality": round(digest[4] / 256, 2), "warnings": []}
    return small_reconstruction_of(views, int.from_bytes(digest[:4]), report)
