"""The promise of `snapsplat train`: one's own photos in, better weights out; and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import safetensors.torch
from click.testing import Result
from typer.testing import CliRunner

from data_tools.captures.source import Captures
from data_tools.captures.training import held_out
from data_tools.room import Room, room
from recon.config import load_config
from recon.engine import Engine
from recon.evaluation.evaluate import Scores, evaluate_scene
from recon.network.judge_net import JudgeNet
from render.files.cameras_json import write_cameras_json
from snapsplat.cli import app
from tests.snapsplat.foreground import FOREGROUND

SIZE = 96
SMALL = ["stage=judge", f"stage.size={SIZE}", "stage.first=3", "stage.scenes=3", "loop.batch=1", "loop.warmup=2"]


def write_photos_and_cameras(folder: Path, of: Room) -> Path:
    (folder / "images").mkdir(parents=True)
    names = [f"{view}.png" for view in range(len(of.photos))]
    for name, photo in zip(names, of.photos, strict=True):
        cv2.imwrite(str(folder / "images" / name), photo[..., ::-1])
    write_cameras_json(folder / "cameras.json", names, of.cameras, [True] * len(names))
    return folder


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photos with cameras, without depth."""
    return write_photos_and_cameras(tmp_path_factory.mktemp("captures") / "mine", room(6, (192, 144), 164.0))


def train(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def test_ones_own_photos_make_weights_that_predict_the_one_held_out_better(capture: Path, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    start.write_bytes(safetensors.torch.save(JudgeNet().state_dict()))
    options = [f"captures={capture}", f"start={start}", "loop.steps=20", "loop.learning_rate=0.02", "loop.average=0.5"]
    result = train("-o", tmp_path / "run", *SMALL, *options, "loop.validate_every=10")
    assert result.exit_code == 0, result.output
    told = [float(found) for found in re.findall(r"negative_psnr -(\d+\.\d+)", result.output)]
    assert len(told) == 4
    assert told[3] == max(told) > told[0] + 1

    # As a run uses them: photos that were trained on make a scene, which predicts the one that was not.
    scene = Captures.at(capture)[0]
    hidden = [*held_out(len(scene.photos))]
    contexts = [v for v in range(len(scene.photos)) if v not in hidden]
    before, after = (
        predicted(evaluate_scene(with_judge(weights), scene, contexts, hidden, SIZE))
        for weights in (start, tmp_path / "run" / "best.safetensors")
    )
    assert after > before + 0.5


def with_judge(weights: Path) -> Engine:
    return Engine(load_config([f"network.fuse.judge_weights={weights}"]).network, "cpu")


def predicted(scores: object) -> float:
    assert isinstance(scores, Scores), scores
    return scores.psnr


def test_a_stage_that_needs_depth_refuses_a_capture_without(capture: Path, tmp_path: Path) -> None:
    result = train("-o", tmp_path / "run", "stage=depth", f"captures={capture}")
    assert result.exit_code == 3
    assert result.stderr == "mine has no depth, and this stage learns from true depth; stage=judge needs none.\n"
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["captures=gone"], 3, "gone does not exist"),
        (["captures={mine}", "start=gone.safetensors"], 2, "start is 'gone.safetensors', which cannot be read"),
        (["captures={mine}", "start=released"], 2, "Weights named 'judge' are not released yet"),
        (["captures={mine}", "stage.first=0"], 2, "stage.first is 0"),
    ],
)
def test_refusals_are_sentences(capture: Path, tmp_path: Path, options: list[str], code: int, sentence: str) -> None:
    result = train("-o", tmp_path / "run", *SMALL, *(option.format(mine=capture) for option in options))
    assert result.exit_code == code, result.output
    assert sentence in result.stderr


def test_an_output_folder_that_is_a_file_is_refused(capture: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    result = train("-o", tmp_path / "run", *SMALL, f"captures={capture}")
    assert result.exit_code == 6
    assert "run is a file, and a folder is expected" in result.stderr


def test_a_photo_that_is_damaged_ends_training_with_a_sentence(tmp_path: Path) -> None:
    mine = write_photos_and_cameras(tmp_path / "mine", room(6, (96, 72), 82.0))
    (mine / "images" / "1.png").write_bytes(b"no photo")
    result = train("-o", tmp_path / "run", *SMALL, f"captures={mine}")
    assert result.exit_code == 3, result.output
    assert "1.png" in result.stderr


def test_ctrl_c_ends_it_within_seconds_while_it_waits_for_samples(capture: Path, tmp_path: Path) -> None:
    options = [f"captures={capture}", "workers=1", "stage.validation=1", "stage.first=1000", "stage.scenes=1000"]
    command = [sys.executable, "-c", FOREGROUND, "train", "-o", str(tmp_path / "run")]
    process = subprocess.Popen(
        [*command, *SMALL[:2], *options, "loop.batch=1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert "step 0" in next(line for line in process.stdout if line.startswith("step"))
        time.sleep(1)
        since = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # As a terminal does it: every process of the group.
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("Stopped"):
                break
        taken = time.monotonic() - since
        process.communicate(timeout=120)  # Taking torch down is slow on a machine that does other things as well.
    finally:
        process.kill()
    assert said[-1] == "Stopped; the same command goes on from the last save.\n"
    assert "Traceback" not in "".join(said)
    assert taken < 5
    assert process.returncode == 130


def test_weights_that_are_not_there_are_refused_before_a_photo_is_read(tmp_path: Path) -> None:
    for n in range(2):
        cv2.imwrite(str(tmp_path / f"{n}.png"), np.zeros((64, 96, 3), np.uint8))
    options = ["network.fuse.judge_weights=gone.safetensors"]
    result = CliRunner().invoke(app, ["reconstruct", str(tmp_path), "-o", str(tmp_path / "out"), *options])
    assert result.exit_code == 2
    assert "network.fuse.judge_weights is 'gone.safetensors', which cannot be read" in result.stderr
