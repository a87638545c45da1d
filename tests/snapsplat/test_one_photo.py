"""A whole run from one photo, where depth is learned: all files, and no praise."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.network.depth.correction import Correction
from tests.snapsplat.small_run import run


def test_one_photo_becomes_a_scene_that_is_called_a_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def untrained(planes: int, _weights: str) -> Correction:
        torch.manual_seed(0)
        return Correction(planes).eval()

    monkeypatch.setattr(Correction, "pretrained", untrained)
    photo, out = tmp_path / "a.png", tmp_path / "out"
    cv2.imwrite(str(photo), room(1, (96, 64), 80.0).photos[0])
    options = ("network.depth.corrected=true", "--size", 96, "--polish", 0.01, "--verify")
    result = run(photo, *options, "-o", out)
    assert result.exit_code == 0, result.output
    assert "1 of 1 photos registered" in result.stdout
    assert "Verdict: poor" in result.stdout
    assert "Not better, because the depth is a guess from one photo." in result.stdout
    assert "Warning: a.png is alone: its depth is a guess" in result.stderr
    assert (out / "scene.ply").is_file()
    assert np.load(out / "depth" / "a.png.npy").min() > 0
    assert json.loads((out / "cameras.json").read_text())["cameras"][0]["registered"]
