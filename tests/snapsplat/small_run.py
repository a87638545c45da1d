"""A whole run with a small engine in it: arguments, configuration, photos, cameras and files are real."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from recon.reconstruction import Reconstruction
from recon.views import Views
from snapsplat.cli import app
from tests.recon.small_scene import NAMES, small_reconstruction


class SmallEngine:
    """Answers with a small scene of the photos' names, and keeps what it was asked."""

    asked: tuple[Views, int]
    config: object

    def __init__(self, config: object, device: str):
        assert device == "auto"
        SmallEngine.config = config

    def reconstruct(
        self, scenes: Sequence[Views], seed: int, progress: Callable[[str], None] | None
    ) -> list[Reconstruction]:
        SmallEngine.asked = (scenes[0], seed)
        if progress is not None:
            progress("depth")
        scene = small_reconstruction()
        report = {
            "stages": {},
            "verdict": "usable",
            "share_trusted": 0.5,
            "verdict_because": ["two photos hardly fix a focal length"],
            "quality": 0.5,
            "warnings": ["c.jpg could not be registered."],
        }
        return [replace(scene, names=scenes[0].names, report=report)]


def with_small_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recon.reconstructor.Engine", SmallEngine)


def photos_in(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for seed, name in enumerate(NAMES):
        pixels = np.random.default_rng(seed).integers(0, 256, (64, 96, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / name), pixels)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["reconstruct", *map(str, arguments)])
