"""`snapsplat batch`: the files of `snapsplat reconstruct`, a plan without a trace, refusals before anything runs."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from recon.batch.ledger import Entry
from recon.batch.run import write_reports
from recon.batch.share import Share
from recon.reconstructor import Reconstructor
from snapsplat.cli import app
from tests.recon.batch.captures import add_capture

BANANA = Path(__file__).parents[2] / "examples" / "banana"


def batch(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["batch", *map(str, arguments)])


def without_times(file: Path) -> dict:
    report = json.loads(file.read_text())
    report.pop("seconds")
    assert report.pop("stages")
    return report


def test_a_scene_is_what_reconstruct_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    captures, out, alone = tmp_path / "captures", tmp_path / "out", tmp_path / "alone"
    for name in sorted(BANANA.glob("*.jpg"))[:2]:
        (captures / "banana").mkdir(parents=True, exist_ok=True)
        shutil.copy(name, captures / "banana")
    (captures / "empty").mkdir()
    result = batch(captures, "-o", out, "--size", 64, "--seed", 3)
    assert result.exit_code == 11, result.output
    assert "1 of 2 scenes done." in result.stdout
    assert "1 of 2 scenes were not made." in result.stderr
    Reconstructor(size=64, seed=3).reconstruct([captures / "banana"]).save(alone)
    files = sorted(path.relative_to(alone) for path in alone.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(out / "banana") for path in (out / "banana").rglob("*") if path.is_file())
    for file in files:
        if file.name != "report.json":
            assert (out / "banana" / file).read_bytes() == (alone / file).read_bytes(), file
    assert without_times(out / "banana" / "report.json") == without_times(alone / "report.json")
    assert "data:image/jpeg;base64," in (out / "report.html").read_text()


def test_a_plan_says_what_it_takes_and_leaves_no_trace(tmp_path: Path):
    add_capture(tmp_path / "captures" / "a")
    (tmp_path / "captures" / "empty").mkdir()
    result = batch(tmp_path / "captures", "-o", tmp_path / "out", "--dry-run", "--workers", 2)
    assert result.exit_code == 0, result.output
    assert "1 scenes to make, of 2 photos, in 1 batches." in result.stdout
    assert "with 2 workers" in result.stdout
    assert "empty: " in result.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--size", 3], 2, "size is 3; it must be from 64 to 1024 pixels"),
        (["network.depht=1"], 2, "were not understood"),
        (["--only", "b"], 2, "--only is 'b', which is the id of no scene in"),
        (["--shard", "8/8"], 2, "--shard is '8/8'; I/N with I from 0 to N - 1 is expected"),
        (["--workers", 0], 2, "--workers is 0; it must be 1 or more"),
        (["more"], 2, "2 CAPTURES were given; one folder, manifest, or glob is expected"),
        (["-o", __file__], 6, "is a file, and a folder is expected"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: list[object], code: int, sentence: str
):
    add_capture(tmp_path / "captures" / "a")
    result = batch(tmp_path / "captures", "-o", tmp_path / "out", *arguments)
    assert result.exit_code == code, result.output
    assert sentence in result.stderr
    assert not (tmp_path / "out").exists()


def test_merging_needs_ledgers_of_shards(tmp_path: Path):
    result = CliRunner().invoke(app, ["merge", str(tmp_path)])
    assert result.exit_code == 3
    assert "holds no ledger of a shard" in result.stderr
    result = CliRunner().invoke(app, ["merge", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "none'; it must be a folder that exists." in result.stderr


def test_the_report_takes_no_markup_from_captures(tmp_path: Path):
    entry = Entry("a&b", "failed", 1, "x", 2, None, "", "", error="<script>alert(1)</script> is no photo.")
    write_reports([entry], tmp_path, Share())
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert "a&amp;b" in page
    assert "&lt;script&gt;" in page
