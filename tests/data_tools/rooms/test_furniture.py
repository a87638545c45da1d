import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from data_tools.rooms import furniture
from data_tools.rooms.cache import cache_folder, split_of
from data_tools.rooms.categories import category_of
from data_tools.rooms.decimate import triangles_of
from data_tools.rooms.furniture_store import MANIFEST, load_furniture, manifest_bytes
from data_tools.rooms.pack import write_pack
from data_tools.rooms.sh3f import licence_of, open_library
from render.errors import ConfigError, FileFormatError
from tests.data_tools.rooms.libraries import BOX, CC0, CC_BY, GPL, row, write_library

BOXES = tuple(row(name=f"Chair {name}", model="/test/box/box.obj") for name in "ab") + (row("/test/box/none.obj"),)


@pytest.fixture
def cache(tmp_path) -> Path:
    """Two libraries of one box each, converted."""
    folder = tmp_path / "cache"
    (folder / "furniture").mkdir(parents=True)
    pieces = []
    for name, licence in (("First", CC_BY), ("Second", CC0), ("Third", GPL)):
        with open_library(write_library(tmp_path / f"{name}.sh3f", licence, BOXES)) as library:
            pieces += furniture.convert_library(library, folder)
    (folder / MANIFEST).write_bytes(manifest_bytes(pieces))
    return folder


def test_furniture_is_read_back_with_its_licence(cache):
    train = load_furniture(split_of("box"), cache)
    assert [piece.licence for piece in train] == ["CC-BY-3.0", "CC0"]
    assert train[0].name == "first-box"
    assert train[0].category == "chair"
    assert train[0].credit == "Somebody"
    assert train[0].size_m == pytest.approx((0.5, 0.8, 0.3), rel=1e-5)
    mesh = train.mesh(train[0])
    assert triangles_of(mesh) == train[0].triangles == 12
    assert train.mesh(train[0]) is mesh


def test_a_library_of_another_licence_is_left_out_and_said_so(cache, capsys, tmp_path):
    assert not list((cache / "furniture").glob("third*"))
    with open_library(write_library(tmp_path / "Own.sh3f", CC0, LICENSE__txt=GPL)) as library:
        assert list(furniture.convert_library(library, cache)) == []
    with open_library(write_library(tmp_path / "Stranger.sh3f", GPL)) as library:
        assert list(furniture.convert_library(library, cache)) == []
    assert "Stranger: left out, since its licence" in capsys.readouterr().out


def test_paths_of_an_archive_lead_nowhere_outside(tmp_path, capsys):
    paths = ("/../../evil.obj", "../evil.obj", "/etc/evil.obj", "test/../../box/evil.obj", "C:\\evil.obj")
    library_file = write_library(tmp_path / "a.sh3f", CC0, (*(row(path) for path in paths), row()))
    with zipfile.ZipFile(library_file, "a") as archive:
        archive.writestr("../evil.obj", BOX)
    cache = tmp_path / "deep" / "cache"
    (cache / "furniture").mkdir(parents=True)
    with open_library(library_file) as library:
        (piece,) = furniture.convert_library(library, cache)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a-box.npz", "a.sh3f"]
    assert piece.name == "a-box"
    assert capsys.readouterr().out.count("is not in the library") == len(paths)


def test_a_piece_can_be_sent_to_another_process(cache):
    train = load_furniture(split_of("box"), cache)
    again = pickle.loads(pickle.dumps(train))
    assert triangles_of(again.mesh(again[1])) == 12


def test_a_pack_is_read_like_the_cache(cache, tmp_path, monkeypatch):
    pack = tmp_path / "pack.npz"
    assert write_pack(pack, 1_000_000, cache) == 2
    assert pack.stat().st_size < 1_000_000
    monkeypatch.setenv("SNAPSPLAT_CACHE", str(pack))
    packed = load_furniture(split_of("box"))
    assert list(packed) == list(load_furniture(split_of("box"), cache))
    assert packed.mesh(packed[0]).size == pytest.approx((0.5, 0.8, 0.3), rel=1e-3)


def test_a_pack_of_no_size_is_refused(cache, tmp_path):
    with pytest.raises(ConfigError, match="megabytes"):
        write_pack(tmp_path / "pack.npz", 0, cache)


def test_an_empty_cache_names_the_command(tmp_path):
    with pytest.raises(ConfigError, match=r"python -m data_tools\.rooms\.furniture"):
        load_furniture("train", tmp_path)
    with pytest.raises(ConfigError, match="'test'"):
        load_furniture("test", tmp_path)


def test_broken_caches_are_told_from_empty_ones(cache, tmp_path):
    train = load_furniture(split_of("box"), cache)
    (cache / "furniture" / "first-box.npz").unlink()
    with pytest.raises(FileFormatError, match="first-box"):
        train.mesh(train[0])
    for content in ("[1]", '[{"name": "x"}]', "no json"):
        (cache / "furniture" / "manifest.json").write_text(content)
        with pytest.raises(FileFormatError, match=r"manifest\.json"):
            load_furniture("train", cache)
    (tmp_path / "pack.npz").write_bytes(b"no archive")
    with pytest.raises(FileFormatError, match=r"pack\.npz"):
        load_furniture("train", tmp_path / "pack.npz")


def test_splits_are_fixed_for_good():
    # A cache made tomorrow must not move what training has seen to the other side.
    assert [split_of(name) for name in ("chair", "sofa", "table", "bed")] == ["train", "train", "train", "validation"]
    many = [split_of(f"model {n} x") for n in range(2000)]
    assert 0.09 < many.count("validation") / len(many) < 0.15


def test_numbered_models_stay_together(tmp_path):
    (tmp_path / "furniture").mkdir()
    objs = {f"sofa{n}__obj": BOX for n in range(8)}
    models = tuple(row(f"/test/box/sofa{n}.obj") for n in range(8))
    with open_library(write_library(tmp_path / "a.sh3f", CC0, models, **objs)) as library:
        pieces = list(furniture.convert_library(library, tmp_path))
    assert len({piece.name for piece in pieces}) == 8
    assert len({piece.split for piece in pieces}) == 1


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SNAPSPLAT_CACHE", raising=False)
    assert cache_folder() == tmp_path / "snapsplat" / "rooms"
    monkeypatch.setenv("SNAPSPLAT_CACHE", str(tmp_path / "other"))
    assert cache_folder() == tmp_path / "other"


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        (CC0, "CC0"),
        (CC_BY, "CC-BY-3.0"),
        ("Creative Commons Attribution 3.0 US, http://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("http://creativecommons.org/licenses/by-sa/3.0/", "other"),
        ("Creative Commons Attribution 3.0 ShareAlike", "other"),
        (GPL, "other"),
        ("All rights reserved", "other"),
        ("", "other"),
    ],
)  # fmt: skip
def test_licences_are_told_apart(text, licence):
    assert licence_of(text) == licence


def test_categories_are_guessed_from_titles():
    assert category_of("Folding chair", "Living room", False) == "chair"
    assert category_of("Desk lamp", "Office", False) == "lamp"
    assert category_of("Bench", "Exterior", False) == "chair"
    assert category_of("Double window", "Doors and windows", True) == "window"
    assert category_of("Frigate", "Miscellaneous", False) == "other"


def test_another_file_is_refused_by_its_checksum(tmp_path):
    (tmp_path / "other.deb").write_bytes(b"!<arch>\n")
    with pytest.raises(FileFormatError, match="sha256"):
        furniture.make_cache(tmp_path / "cache", tmp_path / "other.deb")
    command = [sys.executable, "-m", "data_tools.rooms.furniture", str(tmp_path / "none.deb")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert "none.deb: cannot be read" in run.stderr
