"""Runs with the fake engine, for all tests of a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recon.batch.fake_runs import Runs


@pytest.fixture(scope="session")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marks")


@pytest.fixture(scope="session")
def runs(marks: Path) -> Iterator[Runs]:
    started = Runs(marks)
    yield started
    started.close()
