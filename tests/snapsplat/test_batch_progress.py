"""What a batch says while it runs: a line a scene where nobody watches, one live line on a terminal."""

from dataclasses import replace

import pytest

from recon.batch.ledger import Entry
from recon.batch.runner import Tally
from snapsplat.batch_progress import BatchProgress

DONE = Entry("a", "done", 1, "x", 2, None, "", "", verdict="usable", quality=0.5)
FAILED = replace(DONE, id="b\x1b[2J", state="failed", error="x holds no photo.")


def tally(done: int, failed: int) -> Tally:
    return Tally(4, 40.0, done, failed, 10.0 * (done + failed))


def test_each_scene_is_a_line_with_pace_and_time_left(capsys: pytest.CaptureFixture[str]):
    with BatchProgress() as progress:
        progress.ended(DONE, tally(1, 0))
        progress.ended(FAILED, tally(1, 1))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1/4 a: usable, quality 0.50; ")
    assert " a minute, " in first
    assert first.endswith(" left")
    # What a name would do to a terminal, it does not.
    assert second == "b?[2J: x holds no photo."


def test_a_terminal_has_one_live_line_and_the_failures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with BatchProgress() as progress:
        progress.ended(DONE, tally(1, 0))
        progress.ended(FAILED, tally(1, 1))
    out = capsys.readouterr().out
    assert "2/4, " in out
    assert "1 failed" in out
    assert "x holds no photo." in out
    assert "a: usable" not in out


def test_time_left_is_by_cost_and_not_by_count():
    half = replace(tally(2, 0), since=-1e6)
    assert half.seconds_left == pytest.approx(half.seconds, rel=1e-3)
    assert Tally(4, 40.0).seconds_left is None
