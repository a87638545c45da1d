"""Options of training: YAML and dataclasses are one, and typos are refused by name."""

from pathlib import Path

import pytest

import configs
from recon.training.config import STAGES, TrainConfig, load_train_config
from render.errors import ConfigError


def test_defaults_in_yaml_are_those_of_the_dataclasses() -> None:
    assert load_train_config() == TrainConfig()


def test_every_stage_loads_with_its_own_defaults() -> None:
    names = {path.stem for path in (Path(configs.__file__).parent / "stage").glob("*.yaml")}
    assert names == STAGES.keys()
    for name in names:
        assert load_train_config([f"stage={name}"]).stage == STAGES[name]()


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("stage=poses", "poses"),
        ("stage.sise=3", "sise"),
        ("stage.size=100", r"stage\.size is 100"),
        ("loop.batch=0", r"loop\.batch is 0"),
        ("loop.batch=many", "batch"),
        ("workers=-1", "workers is -1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(override: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_train_config([override])
