"""A server among several of a host: a folder of its own, nothing left of it, and none of the dead."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from render.errors import ConfigError
from render.files.lock import locked
from server import replica
from server.results import LOCK
from server.service_config import ServiceConfig, load_service_config


def folder_of(of_host: Path, name: str) -> Path:
    (of_host / name / "result").mkdir(parents=True)
    (of_host / name / LOCK).touch()
    return of_host / name


def test_it_removes_its_folder_and_those_of_the_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    dead, alive, elsewhere = folder_of(tmp_path / "a", "0"), folder_of(tmp_path / "a", "1"), folder_of(tmp_path, "b")
    monkeypatch.setattr(replica, "configure_logs", lambda: None)

    @contextlib.asynccontextmanager
    async def start(config: ServiceConfig, listen: str) -> AsyncIterator[Any]:
        folder_of(tmp_path / "a", Path(config.folder).name)
        yield SimpleNamespace(folder=Path(config.folder), listen=listen)

    async def main() -> None:
        async with replica.replica([f"folder={tmp_path}", "engine.device=cpu"], "a", "2", start) as server:
            assert (server.folder, server.listen) == (tmp_path / "a" / "2", "a:0")
            assert (dead.exists(), alive.exists(), server.folder.exists()) == (False, True, True)
        assert sorted(tmp_path.glob("*/*/*")) == [alive / LOCK, alive / "result"]
        assert elsewhere.exists()

    with locked(alive / LOCK, "It lives."):
        asyncio.run(main())


def test_paths_are_where_the_command_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here = tmp_path / "o'brien, x=1"
    here.mkdir()
    monkeypatch.chdir(here)
    options = replica.anywhere(["security.tokens=/etc/tokens", "engine.models=[classical]"])
    monkeypatch.chdir(os.sep)
    config = replica.replica_config([*options, "engine.device=cpu"])
    assert config.folder == str(here / load_service_config(["engine.device=cpu"]).folder)
    assert config.security.tokens == "/etc/tokens"
    assert config.engine.models == ("classical",)


@pytest.mark.parametrize("options", [["folder=kept"], ["folder=/kept", "security.tokens=tokens"]])
def test_a_path_that_is_another_in_each_process_is_refused(options: list[str]):
    name, _, value = options[-1].partition("=")
    with pytest.raises(ConfigError, match=f"{name} is '{value}'; it must be an absolute path"):
        replica.replica_config([*options, "engine.device=cpu"])
