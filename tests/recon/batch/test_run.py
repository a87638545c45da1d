"""Whole runs with an engine that only pretends: what bad captures do to others, and what running again does."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from recon.batch.config import BatchConfig
from recon.batch.folders import is_whole
from recon.batch.ledger import Entry, Ledger
from recon.batch.merge import merge
from recon.batch.prepare import Wanted, plan
from recon.batch.run import ledger_locked, run
from recon.batch.scene_options import RunOptions
from recon.batch.share import Share
from render.errors import OutputError
from tests.recon.batch.captures import add_capture, add_captures
from tests.recon.batch.fake_runs import Runs, entries_of, files_of


def untimed(entries: dict[str, Entry]) -> dict[str, Entry]:
    """What does not depend on a clock or a memory; reports, which have times, by their names alone."""
    return {
        id: replace(entry, seconds=None, peak_bytes=None, ended_at=None, outputs=str(sorted(entry.made)))
        for id, entry in entries.items()
    }


def changed_since(before: dict[str, Entry], after: dict[str, Entry]) -> set[str]:
    return {id for id, entry in after.items() if entry != before.get(id)}


def test_each_bad_capture_ends_with_its_sentence_and_the_others_are_untouched(tmp_path: Path, runs: Runs):
    captures = add_captures(tmp_path / "captures", 6)
    (captures / "empty").mkdir()
    add_capture(captures / "unreadable")
    (captures / "unreadable" / "a.png").write_bytes(b"no photo")
    add_capture(captures / "cut").joinpath("a.png").write_bytes((captures / "scene-000" / "a.png").read_bytes()[:900])
    add_capture(captures / "one", names=["a.png"])
    shutil.copy(add_capture(captures / "twice") / "a.png", captures / "twice" / "b.png")
    for word in ("apart", "bug", "die", "too_large"):
        add_capture(captures / word, names=[f"{word}.png", "z.png"])
    add_capture(captures / "crowd", names=["crowded.png", "z.png"])
    assert runs(captures, tmp_path / "out", workers=2) == 1
    entries = entries_of(tmp_path / "out")
    sentences = {
        "empty": "holds no photo",
        "unreadable": "a.png is not a photo that can be read",
        "cut": "a.png is damaged or cut short",
        "twice": "are the same picture",
        "apart": "No two photos show the same.",
        "bug": "A mistake in the code: ZeroDivisionError('a bug'); the log says where.",
        "die": "Its worker died twice, the second time with this scene alone (exit code 7).",
        "too_large": "Out of memory; try a smaller size or fewer photos.",
    }
    failed = {id: entry.error for id, entry in entries.items() if entry.state == "failed"}
    assert failed.keys() == sentences.keys()
    assert all(sentence in (failed[id] or "") for id, sentence in sentences.items())
    assert not any((tmp_path / "out" / id).exists() for id in failed)
    assert {entry.state for id, entry in entries.items() if id not in failed} == {"done"}
    good = tmp_path / "good"
    shutil.copytree(captures, good, ignore=lambda _, names: [name for name in names if name in failed])
    assert runs(good, tmp_path / "alone") == 0
    assert files_of(tmp_path / "out") == files_of(tmp_path / "alone")
    assert "ZeroDivisionError" in (tmp_path / "out" / "batch.log").read_text()
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<tr class=") == len(entries)
    assert "No two photos show the same." in page
    # Again: failures stay, until they are to be tried again.
    assert runs(captures, tmp_path / "out") == 1
    assert entries_of(tmp_path / "out") == entries
    assert runs(captures, tmp_path / "out", retry_failed=True, only=["apart"]) == 1
    assert changed_since(entries, entries_of(tmp_path / "out")) == {"apart"}
    assert entries_of(tmp_path / "out")["apart"].attempt == entries["apart"].attempt + 1


def test_names_that_are_not_utf_8_are_rows_like_any_other(tmp_path: Path, runs: Runs):
    odd = os.fsdecode(b"\xff")
    captures, out = tmp_path / odd, tmp_path / f"out{odd}"
    add_capture(captures / "good", names=[f"a{odd}.png", "z.png"])
    add_capture(captures / "bad", names=["z.png"]).joinpath(f"a{odd}.png").write_bytes(b"no photo")
    (captures / "empty").mkdir()
    (captures / "empty" / f"{odd}.txt").touch()
    assert runs(captures, out) == 1
    entries = entries_of(out)
    assert {id: entry.state for id, entry in entries.items()} == {"bad": "failed", "empty": "failed", "good": "done"}
    assert "It holds \\udcff.txt." in (entries["empty"].error or "")
    assert "a\\udcff.png is not a photo that can be read" in (entries["bad"].error or "")
    assert runs(captures, out) == 1
    assert entries_of(out) == entries


def test_a_worker_that_dies_once_costs_a_second_try_and_no_scene(tmp_path: Path, runs: Runs):
    captures = add_captures(tmp_path / "captures", 4)
    add_capture(captures / "died", names=["die_once.png", "z.png"])
    assert runs(captures, tmp_path / "out") == 0
    assert entries_of(tmp_path / "out")["died"].attempt == 2
    assert "ended (exit code 7); another takes its place" in (tmp_path / "out" / "batch.log").read_text()


def test_a_worker_that_falls_silent_is_given_up(tmp_path: Path, runs: Runs):
    captures = add_captures(tmp_path / "captures", 2)
    add_capture(captures / "hangs", names=["hang.png", "z.png"])
    assert runs(captures, tmp_path / "out", hang_seconds=2.0, hang_factor=1.0) == 1
    entries = entries_of(tmp_path / "out")
    assert {id for id, entry in entries.items() if entry.state == "failed"} == {"hangs"}
    assert entries["hangs"].error == "Its worker died twice, the second time with this scene alone (it hung)."


def test_a_full_disk_ends_the_run_and_is_no_fault_of_scenes(tmp_path: Path, runs: Runs):
    captures, out = add_captures(tmp_path / "captures", 6), tmp_path / "out"
    out.mkdir()
    (out / "batch.log").symlink_to("/dev/full")
    assert runs(captures, out, full="-scene-002", batch_seconds=0.001) == 6
    entries = entries_of(out)
    assert [id for id, entry in entries.items() if entry.state == "failed"] == ["scene-002"]
    assert entries["scene-002"].error_kind == "DiskFull"
    assert "No space left on device" in (entries["scene-002"].error or "")
    assert "No space left on device" in (out / "report.html").read_text()
    assert {entry.state for entry in entries.values()} <= {"failed", "done", "waiting"}, "nobody is at them"
    assert runs(captures, out) == 0
    after = entries_of(out)
    assert {entry.state for entry in after.values()} == {"done"}
    assert all(after[id] == entry for id, entry in entries.items() if entry.state == "done")


def test_a_ledger_on_a_full_disk_says_so_and_has_all_or_nothing(tmp_path: Path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.put(entry := Entry("a", "done", 1, "a", 2, None, "", ""))
    ledger._database.execute("PRAGMA max_page_count=8")
    with pytest.raises(OutputError, match="disk is full"):
        ledger.put(replace(entry, attempt=2), replace(entry, id="b", error="x" * 100_000))
    assert ledger.entries() == {"a": entry}
    ledger.close()


def test_a_ledger_is_one_process_alone(tmp_path: Path):
    with ledger_locked(Share(0, 2).ledger(tmp_path)) as lock:
        Ledger(Share(0, 2).ledger(tmp_path)).close()
        for run_it in (lambda: merge(tmp_path), lambda: ledger_locked(Share(0, 2).ledger(tmp_path))):
            with pytest.raises(OutputError, match=r"Another run writes .*ledger.0of2.sqlite; wait for it, or end it"):
                run_it()
    assert lock.closed
    assert merge(tmp_path) == []


def test_shards_merged_equal_one_run_and_the_next_run_does_nothing(tmp_path: Path, runs: Runs):
    captures = add_captures(tmp_path / "captures", 12)
    (captures / "empty").mkdir()
    assert runs(captures, tmp_path / "whole") == 1
    for shard in range(3):
        runs(captures, tmp_path / "parts", shard=f"{shard}/3")
    counts = [len(entries_of(tmp_path / "parts", Share(shard, 3))) for shard in range(3)]
    assert sum(counts) == 13
    assert min(counts) > 0
    merge(tmp_path / "parts")
    entries = entries_of(tmp_path / "parts")
    assert untimed(entries) == untimed(entries_of(tmp_path / "whole"))
    assert files_of(tmp_path / "parts") == files_of(tmp_path / "whole")
    assert runs(captures, tmp_path / "parts") == 1
    assert entries_of(tmp_path / "parts") == entries


def test_merging_goes_by_what_ended_last_and_is_there(tmp_path: Path, runs: Runs):
    captures, out = add_captures(tmp_path / "captures", 3), tmp_path / "out"
    assert runs(captures, out, shard="0/2") == runs(captures, out, shard="1/2") == 0
    merge(out)
    assert runs(captures, out, seed=5, only=["scene-000"]) == 0
    newer = entries_of(out)["scene-000"]
    # As a clock that is slow on the machine of the later run has it.
    ledger = Ledger(Share().ledger(out))
    ledger.put(replace(newer, ended_at=1.0))
    ledger.close()
    shutil.rmtree(out / "scene-001")
    merged = {entry.id: entry for entry in merge(out)}
    assert merged["scene-000"] == replace(newer, ended_at=1.0)
    assert {id: entry.state for id, entry in merged.items()} == {
        "scene-000": "done",
        "scene-001": "waiting",
        "scene-002": "done",
    }
    assert runs(captures, out) == 0
    assert merge(out) == list(entries_of(out).values())
    assert {entry.state for entry in merge(out)} == {"done"}


def test_an_id_may_look_like_a_pattern_and_out_lie_among_the_captures(tmp_path: Path, runs: Runs):
    captures = tmp_path / "captures"
    add_capture(captures / "room[1]")
    add_capture(captures / "room1")
    assert runs(captures, captures / "out", only=["room[1]"]) == 0
    assert entries_of(captures / "out").keys() == {"room[1]"}
    assert runs(captures, captures / "out") == 0
    assert runs(captures / "room*", captures / "out") == 0
    assert entries_of(captures / "out").keys() == {"room[1]", "room1"}
    add_capture(captures / "room[1]" / "x")
    assert runs(captures / "room[1]", tmp_path / "inside") == 0
    assert entries_of(tmp_path / "inside").keys() == {"x"}


def test_the_order_of_captures_does_not_matter(tmp_path: Path, runs: Runs):
    captures = add_captures(tmp_path / "captures", 5)
    rows = [f"{folder.name},{folder}" for folder in sorted(captures.iterdir())]
    for name, order in (("forth", rows), ("back", rows[::-1])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["id,images", *order]))
        assert runs(tmp_path / f"{name}.csv", tmp_path / name) == 0
    assert files_of(tmp_path / "forth") == files_of(tmp_path / "back")
    assert untimed(entries_of(tmp_path / "forth")) == untimed(entries_of(tmp_path / "back"))


def test_what_has_changed_is_made_anew_and_nothing_else(tmp_path: Path, runs: Runs):
    captures, out = add_captures(tmp_path / "captures", 7), tmp_path / "out"
    assert runs(captures, out) == 0
    before = entries_of(out)
    photo = captures / "scene-000" / "a.png"
    photo.write_bytes((captures / "scene-003" / "a.png").read_bytes())
    touched = captures / "scene-001" / "a.png"
    touched.write_bytes(touched.read_bytes())
    (out / "scene-002" / "scene.ply").unlink()
    add_capture(captures / "new")
    (captures / "scene-004" / "cameras.json").write_text('{"cameras": []}')
    shutil.rmtree(captures / "scene-005")
    (captures / "scene-005").mkdir()
    assert runs(captures, out) == 0
    after = entries_of(out)
    remade = {id for id, entry in after.items() if entry.attempt != (before[id].attempt if id in before else 0)}
    assert remade == {"scene-000", "scene-002", "scene-004", "new"}
    assert after["scene-005"] == before["scene-005"], "its photos are gone, what was made of them is not"
    assert (out / "scene-005" / "scene.ply").is_file()
    assert "What was made of it stays" in (out / "batch.log").read_text()
    assert (out / "scene-002" / "scene.ply").is_file()
    assert runs(captures, out, seed=5, only=["scene-006"]) == 0
    assert changed_since(after, entries_of(out)) == {"scene-006"}


def test_photos_that_are_seen_and_cannot_be_used_do_cost_what_was_made_of_others(tmp_path: Path, runs: Runs):
    captures, out = add_captures(tmp_path / "captures", 1), tmp_path / "out"
    assert runs(captures, out) == 0
    for i in range(16):
        shutil.copy(captures / "scene-000" / "a.png", captures / "scene-000" / f"{i}.png")
    assert runs(captures, out) == 1
    assert "18 photos were given" in (entries_of(out)["scene-000"].error or "")
    assert not (out / "scene-000").exists()


@pytest.mark.parametrize("file", ["notes.txt", "depth/a.png.npy", "scene.ply"])
def test_what_somebody_else_put_into_a_folder_or_changed_there_is_not_removed(tmp_path: Path, runs: Runs, file: str):
    captures, out = add_captures(tmp_path / "captures", 2), tmp_path / "out"
    assert runs(captures, out) == 0
    theirs = out / "scene-000" / file
    theirs.write_bytes(b"mine")
    (out / "scene-001" / "scene.ply").write_bytes(b"")
    files = files_of(out)
    wanted = Wanted(str(captures), out, RunOptions(size=64, seed=5))
    for run_it in (lambda: plan(wanted, BatchConfig()), lambda: run(wanted, BatchConfig(), print, print)):
        with pytest.raises(OutputError, match=r"is not as the ledger beside it knows it.*; move it away") as caught:
            run_it()
        assert str(theirs) in str(caught.value)
    assert files_of(out) == files
    theirs.rename(tmp_path / "kept")
    assert runs(captures, out, seed=5) == 0
    assert all(is_whole(out / id, entry.made) for id, entry in entries_of(out).items())


def test_a_folder_that_no_run_made_is_left_alone(tmp_path: Path):
    captures = add_captures(tmp_path / "captures", 2)
    with pytest.raises(OutputError, match="exists, and the ledger beside it did not make it"):
        run(Wanted(str(captures), captures, RunOptions()), BatchConfig(), lambda *_: None, lambda _: None)
    assert sorted(path.name for path in captures.iterdir() if path.is_dir()) == ["scene-000", "scene-001"]
    assert sorted(path.name for path in (captures / "scene-000").iterdir()) == ["a.png", "b.png"]
