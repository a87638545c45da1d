"""Progress by stage: a line each, whether or not anybody watches."""

import logging

import pytest
from rich.console import Console

import snapsplat.progress
from snapsplat.progress import StageProgress


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapsplat.progress, "_compiled_before", lambda: True)


def test_the_first_run_says_why_it_takes_longer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapsplat.progress, "_compiled_before", lambda: False)
    with StageProgress():
        pass
    assert "compiles its kernels" in capsys.readouterr().err


def test_a_line_for_each_stage_that_is_done(capsys: pytest.CaptureFixture[str]):
    with StageProgress() as progress:
        progress("photos")
        progress("[depth]")
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split() for line in err.splitlines()] == [["photos", "0.00", "s"], ["[depth]", "0.00", "s"]]


def test_on_a_terminal_a_sign_of_work_comes_and_goes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("TERM", "xterm")
    with StageProgress() as progress:
        progress("photos")
    err = capsys.readouterr().err
    assert "reconstructing" in err
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert err.index(hidden) < err.index("photos") < err.rindex(shown)


def test_what_the_renderer_logs_is_shown_while_the_work_lasts(capsys: pytest.CaptureFixture[str]):
    logger = logging.getLogger("render.rasterize.api")
    with StageProgress():
        logger.info("Gaussians on cpu are drawn by the numba rasterizer.")
    logger.info("Later.")
    assert capsys.readouterr().err.strip() == "Gaussians on cpu are drawn by the numba rasterizer."
