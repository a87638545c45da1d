"""Options of the service, and what its command answers."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import yaml
from typer.testing import CliRunner

import configs
from render.errors import ConfigError
from server.config import EngineConfig, LimitsConfig, ResultsConfig
from server.errors import EngineError
from server.service_config import load_service_config
from snapsplat.cli import app


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_the_tree_has_every_option_and_its_default():
    config = load_service_config()
    assert (config.engine, config.limits, config.results) == (EngineConfig(), LimitsConfig(), ResultsConfig())
    assert config.batcher.device_bytes > 10**8
    tree = yaml.safe_load((Path(configs.__file__).parent / "serve.yaml").read_text())
    for name in ("engine", "batcher", "limits", "results", "security"):
        assert set(tree[name]) == set(getattr(config, name).__dict__)


def test_the_memory_of_a_cpu_has_room_for_uploads_beside_batches(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.service_config.memory_bytes", lambda _: 8 * 2**30)
    batcher = load_service_config(["engine.device=cpu"]).batcher
    assert batcher.device_bytes + batcher.max_bytes < 0.9 * 8 * 2**30
    with pytest.raises(ConfigError, match=f"batcher.max_bytes is {9 * 2**30}; it must be less than"):
        load_service_config(["engine.device=cpu", f"batcher.max_bytes={9 * 2**30}"])


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("batcher.max_job=3", "max_job"),
        ("batcher.max_jobs=0", "max_jobs is 0"),
        ("engine.device=tpu", "device is 'tpu'"),
        ("engine.models=small", "models"),
        ("engine.models=[]", r"models is \(\)"),
        ("batcher.device_bytes=0", "device_bytes is 0"),
        ("drain_seconds=-1", "drain_seconds is -1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(override: str, named: str):
    with pytest.raises(ConfigError, match=named):
        load_service_config([override])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--listen", "0.0.0.0:50051"], "which others can reach"),
        (["serve", "batcher.max_jobs=0"], "max_jobs is 0"),
        (["serve", "engine.models=[huge]"], "huge"),
        (["plan", "--photos", "99"], "photos is 99; it must be from 1 to 16"),
    ],
)
def test_the_command_refuses_in_a_sentence(arguments: list[str], sentence: str):
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, sentence in result.output) == (2, True), result.output


def test_workers_that_cannot_start_end_the_command_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def serve(*_: object) -> None:
        raise EngineError("The worker was not ready after 600 seconds.")

    monkeypatch.setattr("server.start.serve", serve)
    result = CliRunner().invoke(app, ["serve", f"folder={tmp_path}", "engine.device=cpu"])
    told = "The networks cannot run here: The worker was not ready after 600 seconds."
    assert (result.exit_code, told in result.output) == (8, True), result.output


def test_a_plan_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["plan", "--photos", "8", "--size", "512"])
    assert result.exit_code == 0
    assert " s and " in result.output
    assert "Nothing was measured here yet" in result.output
