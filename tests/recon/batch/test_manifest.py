"""Lists of captures: three ways to write one down, and what is said of rows that cannot be."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from recon.batch.manifest import COLUMNS, read_captures
from recon.batch.scene import Scene
from recon.batch.scene_options import RunOptions
from recon.batch.scenes import make_scenes
from render.errors import ConfigError, InputError
from tests.recon.batch.captures import add_capture

ROWS: list[dict[str, Any]] = [
    {"id": "kitchen", "images": "kitchen/photos", "size": 128},
    {"id": "garden", "images": ["a.jpg", "b.jpg"], "cameras": "garden.json", "seed": 3, "model": "classical"},
    {"id": "attic", "images": "/elsewhere/attic", "options": "network.depth.rounds=2"},
]


def write(folder: Path, ending: str, rows: list[dict[str, Any]]) -> Path:
    file = folder / f"list.{ending}"
    flat = [{**row, "images": _joined(row["images"])} if "images" in row else row for row in rows]
    if ending == "csv":
        names = list(dict.fromkeys(name for row in rows for name in row))
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(flat)
    elif ending == "jsonl":
        file.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        lists = [
            {**row, "images": [row["images"]] if isinstance(row["images"], str) else row["images"]} for row in rows
        ]
        columns = {name: [row.get(name) for row in lists] for name in COLUMNS}
        pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file


def _joined(images: str | list[str]) -> str:
    return images if isinstance(images, str) else ";".join(images)


def scenes_of(captures: Path | str, options: RunOptions | None = None) -> list[Scene]:
    return make_scenes(read_captures(str(captures)), options or RunOptions())


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_all_kinds_of_manifest_say_the_same(tmp_path: Path, ending: str):
    attic, garden, kitchen = scenes_of(write(tmp_path, ending, ROWS), RunOptions(size=96))
    assert [scene.id for scene in (attic, garden, kitchen)] == ["attic", "garden", "kitchen"]
    assert kitchen.images == (str(tmp_path / "kitchen/photos"),)
    assert garden.images == (str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg"))
    assert garden.cameras == str(tmp_path / "garden.json")
    assert attic.images == ("/elsewhere/attic",)
    assert [scene.options.config.size for scene in (attic, garden, kitchen)] == [96, 96, 128]
    assert garden.options.config.seed == 3
    assert not garden.options.config.network.depth.corrected
    assert attic.options.config.network.depth.rounds == 2
    assert len({scene.options.digest for scene in (attic, garden, kitchen)}) == 3


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"id": "a", "images": "a", "size": 9}, "size is 9; it must be from 64 to 1024 pixels"),
        ({"id": "a", "images": "a", "size": "large"}, "size is 'large'; a whole number is expected"),
        ({"id": "a", "images": "a", "seed": 1.5}, "seed is 1.5; a whole number is expected"),
        ({"id": "a", "images": "a", "model": "huge"}, "one of classical, small is expected"),
        ({"id": "a", "images": "a", "options": "depth"}, "options is 'depth'; such as 'network.depth.rounds=2'"),
        ({"id": "a", "images": "a", "options": "device=cuda"}, "the device is the whole run's"),
        ({"id": "a", "images": "a", "sise": 96}, "column 'sise' is not known; there are id, images"),
        ({"id": "a"}, "images is None; a folder, or a list of photos, is expected"),
        ({"images": "a"}, "id is None; a text is expected"),
        ({"id": "../a", "images": "a"}, "id is '../a', which has '/'"),
        ({"id": "..", "images": "a"}, "id is '..', which is empty, or begins or ends with a space, or ends with a dot"),
        ({"id": ".a", "images": "a"}, "id is '.a', which begins with a dot"),
        ({"id": "a\n", "images": "a"}, r"which has '\n'"),
        ({"id": "Ledger.sqlite", "images": "a"}, "is the name of a file that the batch writes"),
        ({"id": "x" * 151, "images": "a"}, "has 151 bytes, and 150 are the most"),
        ({"id": "KITCHEN", "images": "a"}, "is also that of"),
        ({"id": "a", "images": ["a", "b\0"]}, r"b\x00' has a character that no path and no URL has"),
        ({"id": "a", "images": "s3://b/\udcff"}, r"'s3://b/\udcff' has a character that no path and no URL has"),
        ({"id": "a", "images": "a", "cameras": "\ud800"}, r"\ud800' has a character that no path and no URL has"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_line(tmp_path: Path, row: dict[str, Any], sentence: str):
    with pytest.raises(ConfigError) as caught:
        scenes_of(write(tmp_path, "jsonl", [*ROWS, row]))
    assert f"{tmp_path / 'list.jsonl'}, line 4: " in str(caught.value)
    assert sentence in str(caught.value)


def test_weights_that_were_written_anew_are_others(tmp_path: Path):
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"one")
    options = RunOptions(overrides=(f"network.depth.corrector_weights={file}",))
    before = options.scene().digest
    assert options.scene().digest == before
    file.write_bytes(b"other")
    assert options.scene().digest != before


def test_all_wrong_rows_are_told_at_once(tmp_path: Path):
    rows = [{"id": f"s{i}", "images": "a", "size": 1} for i in range(12)]
    with pytest.raises(ConfigError) as caught:
        scenes_of(write(tmp_path, "csv", rows))
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert "line 2: " in lines[0]
    assert lines[-1] == "And 2 more rows."


@pytest.mark.parametrize(
    ("ending", "content", "sentence"),
    [
        ("csv", b"id,images\na,b,c\n", "line 2 has more cells than the first line has columns"),
        ("jsonl", b"\n{]", "line 2 is not JSON"),
        ("jsonl", b"[1]", "line 1 is a list"),
        ("csv", b"id\n\xff", "not UTF-8"),
        ("parquet", b"PAR1", "is not Parquet"),
    ],
)
def test_a_malformed_manifest_is_refused(tmp_path: Path, ending: str, content: bytes, sentence: str):
    file = tmp_path / f"list.{ending}"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=sentence) as caught:
        scenes_of(file)
    assert str(caught.value).startswith(str(file))


def test_folders_and_globs_name_captures_and_take_their_cameras(tmp_path: Path):
    add_capture(tmp_path / "plain")
    add_capture(tmp_path / "room" / "images")
    (tmp_path / "room" / "cameras.json").write_text("{}")
    (tmp_path / ".hidden").mkdir()
    for captures in (tmp_path, f"{tmp_path}/*", f"{tmp_path}/[pr]*"):
        plain, room = scenes_of(captures)
        assert (plain.id, plain.images, plain.cameras) == ("plain", (str(tmp_path / "plain"),), None)
        assert (room.id, room.images) == ("room", (str(tmp_path / "room" / "images"),))
        assert room.cameras == str(tmp_path / "room" / "cameras.json")
    assert scenes_of(f"{tmp_path}/*/images") == [room]


@pytest.mark.parametrize("captures", ["nothing", "nothing*", "nothing.csv"])
def test_a_list_that_is_not_there_is_told(tmp_path: Path, captures: str):
    with pytest.raises(InputError, match="nothing"):
        scenes_of(tmp_path / captures)
