from collections.abc import Iterator
from pathlib import Path

import pytest

from data_tools.rooms import stock


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without furniture and photos, whatever this one has."""
    monkeypatch.setenv("SNAPSPLAT_CACHE", str(tmp_path))
    stock.forget()
    yield
    stock.forget()
