"""What training in a folder refuses before it begins, and what it begins with."""

from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from data_tools.room import room
from recon.network.judge_net import JudgeNet
from recon.training.config import TrainConfig
from recon.training.judge_samples import JudgeSampler, to_bytes
from recon.training.judge_task import JudgeTaskConfig
from recon.training.loop import LoopConfig
from recon.training.only_one import only_one
from recon.training.options_file import KEPT, NAME
from recon.training.scenes import SceneSource, TrainingScene
from recon.training.train import train
from render.errors import ConfigError, FileFormatError, OutputError

CONFIG = TrainConfig(
    stage=JudgeTaskConfig(size=96, first=1, scenes=1, validation=5),
    workers=0,
    loop=LoopConfig(steps=2, batch=1, warmup=1, validate_every=1),
)


class OneScene:
    """Whose samples are there already."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> TrainingScene:
        raise IndexError(index)


def sources(views: int, size_wh: tuple[int, int]) -> tuple[SceneSource, SceneSource]:
    assert views == CONFIG.stage.views
    assert max(size_wh) == 192
    return OneScene(), OneScene()


@pytest.fixture(scope="module")
def sample() -> bytes:
    true = room(4, (192, 128), 165.0)
    return to_bytes(JudgeSampler(96)(TrainingScene("corner", tuple(true.photos), true.cameras, None), 0))


@pytest.fixture
def folder(tmp_path: Path, sample: bytes) -> Path:
    for name in ("samples", "validation"):
        (tmp_path / "run" / name).mkdir(parents=True)
        (tmp_path / "run" / name / "000000_0.npz").write_bytes(sample)
    return tmp_path / "run"


def weights(file: Path, **changed: torch.Tensor) -> str:
    net = JudgeNet()
    net.all[4].bias.data[0] = 1.0  # type: ignore[union-attr]
    file.write_bytes(safetensors.torch.save({**net.state_dict(), **changed}))
    return str(file)


def test_it_begins_with_the_weights_it_is_given(folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    start = weights(tmp_path / "start.safetensors")
    loop = replace(CONFIG.loop, steps=1, learning_rate=1e-12)
    train(replace(CONFIG, start=start, loop=loop), folder, sources, said.append)
    kept = safetensors.torch.load_file(folder / "best.safetensors")
    assert float(kept["all.4.bias"][0]) == pytest.approx(1.0, abs=1e-6)
    assert said[0].startswith("step 0: negative_psnr")
    drawn, classical = (float(words.split()[-1]) for words in said[0].split(","))
    assert -drawn != classical


def test_it_goes_on_for_longer_but_not_as_something_else(folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    train(CONFIG, folder, sources, said.append)
    train(replace(CONFIG, loop=replace(CONFIG.loop, steps=3, validate_every=2)), folder, sources, said.append)
    assert "Going on from step 2 of 3." in said
    for other, named in (
        (replace(CONFIG, stage=replace(CONFIG.stage, size=128)), r"stage\.size is 128, and the training in .* with 96"),
        (replace(CONFIG, stage=replace(CONFIG.stage, views=8)), r"stage\.views is 8"),
        (replace(CONFIG, start=weights(tmp_path / "other.safetensors")), r"start is '.*other\.safetensors'"),
    ):
        with pytest.raises(ConfigError, match=named):
            train(other, folder, lambda *_: (OneScene(), OneScene()), said.append)
    assert "stage.size" in KEPT


def test_a_folder_without_remembered_options_goes_on(folder: Path) -> None:
    train(CONFIG, folder, sources, [].append)
    (folder / NAME).unlink()
    said: list[str] = []
    train(replace(CONFIG, loop=replace(CONFIG.loop, steps=3)), folder, sources, said.append)
    assert said[0] == "Going on from step 2 of 3."
    (folder / NAME).write_text("[1, 2]")
    with pytest.raises(FileFormatError, match=r"config\.yaml: it holds something else"):
        train(CONFIG, folder, sources, said.append)


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("gone.safetensors", r"start is '.*gone\.safetensors', which cannot be read"),
        ("released", "'judge' are not released yet"),
    ],
)
def test_weights_that_are_not_there_are_refused(folder: Path, tmp_path: Path, start: str, sentence: str) -> None:
    chosen = start if start == "released" else str(tmp_path / start)
    with pytest.raises(ConfigError, match=sentence):
        train(replace(CONFIG, start=chosen), folder, sources, [].append)
    assert not (folder / NAME).exists()


def test_weights_of_another_network_are_refused(folder: Path, tmp_path: Path) -> None:
    wide = weights(tmp_path / "wide.safetensors", **{"all.4.bias": torch.zeros(3)})
    with pytest.raises(ConfigError, match=r"not weights of 'judge': all\.4\.bias is \(3,\) where \(2,\) is expected"):
        train(replace(CONFIG, start=wide), folder, sources, [].append)
    more = weights(tmp_path / "more.safetensors", another=torch.zeros(3))
    with pytest.raises(ConfigError, match=r"another is not of it\."):
        train(replace(CONFIG, start=more), folder, sources, [].append)
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(FileFormatError, match="it holds no weights"):
        train(replace(CONFIG, start=str(tmp_path / "text.safetensors")), folder, sources, [].append)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(OutputError, match=r"run is a file, and a folder is expected"):
        train(CONFIG, tmp_path / "run", sources, [].append)


def test_a_folder_that_another_trains_in_is_refused_and_left_alone(folder: Path) -> None:
    with only_one(folder), pytest.raises(OutputError, match="is being trained in by another process"):
        train(CONFIG, folder, sources)
    assert not (folder / NAME).exists()
    train(CONFIG, folder, sources)
    train(CONFIG, folder, sources)
