"""Kernels are compiled anew when any source has changed, and kept otherwise."""

from pathlib import Path

import pytest

from render.kernel_cache import drop_stale_kernels


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """With one source file, one kept kernel, and a neighbour that its kernels take constants from."""
    for name in ("package", "neighbour"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "constants.py").write_text("TOLERANCE = 0.02\n")
    kept = tmp_path / "package" / "__pycache__"
    kept.mkdir()
    drop_stale_kernels(tmp_path / "package", tmp_path / "neighbour")
    (kept / "kernel.nbi").write_text("compiled")
    return tmp_path / "package"


@pytest.mark.parametrize("changed", [None, "package", "neighbour"])
def test_what_is_stale_goes(package: Path, changed: str | None) -> None:
    neighbour = package.parent / "neighbour"
    if changed is not None:
        (package.parent / changed / "constants.py").write_text("TOLERANCE = 0.01\n")
    drop_stale_kernels(package, neighbour)
    assert (package / "__pycache__" / "kernel.nbi").exists() == (changed is None)


def test_a_source_that_has_gone_stops_nothing(package: Path) -> None:
    (package / "gone.py").symlink_to(package / "nowhere.py")
    (package / ".#open_in_an_editor.py").symlink_to("somebody@somewhere")
    drop_stale_kernels(package)
    assert (package / "__pycache__" / "kernel.nbi").exists()


def test_what_cannot_be_written_is_left_alone(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    (package / "constants.py").write_text("TOLERANCE = 0.01\n")
    monkeypatch.setattr(Path, "unlink", refused)
    drop_stale_kernels(package)
    assert (package / "__pycache__" / "kernel.nbi").exists()
