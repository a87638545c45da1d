"""A run that is killed again and again ends as one that nobody disturbed."""

import random
from pathlib import Path

from recon.batch.ledger import Entry
from tests.recon.batch.captures import add_captures
from tests.recon.batch.fake_runs import Runs, entries_of, files_of

SCENES = 50
KILLS = 30
EARLY_KILLS = 6


def still_done(before: dict[str, Entry], out: Path) -> dict[str, Entry]:
    """What is done now; what was before is as it was, not done again."""
    entries = entries_of(out) if (out / "ledger.sqlite").exists() else {}
    done = {id: entry for id, entry in entries.items() if entry.state == "done"}
    assert {id: done.get(id) for id in before} == before
    return done


def test_a_run_killed_thirty_times_makes_every_scene_once(tmp_path: Path, runs: Runs):
    captures = add_captures(tmp_path / "captures", SCENES)
    chance = random.Random(1)
    moments = [(chance.choice((0, 0, 1)), chance.uniform(0, 0.02)) for _ in range(KILLS)]
    moments += [(-1, chance.uniform(0, 0.1)) for _ in range(EARLY_KILLS)]
    chance.shuffle(moments)
    done: dict[str, Entry] = {}
    for moment in moments:
        # Packs of one: as many moments to be killed at as there are scenes.
        assert runs(captures, tmp_path / "out", kill=moment, batch_seconds=0.001) == -9, "all was done too soon"
        done = still_done(done, tmp_path / "out")
    assert runs(captures, tmp_path / "out", batch_seconds=0.001) == 0
    assert runs(captures, tmp_path / "undisturbed") == 0
    assert 0 < len(done) < SCENES
    entries = still_done(done, tmp_path / "out")
    assert len(entries) == SCENES
    assert max(entry.attempt for entry in entries.values()) > 1
    assert files_of(tmp_path / "out") == files_of(tmp_path / "undisturbed")
    assert [path.name for path in (tmp_path / "out").glob(".batch-*")] == []
