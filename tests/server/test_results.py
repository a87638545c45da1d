"""Results are found again, leave oldest first, and never while somebody reads them."""

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from render.errors import OutputError
from server.config import ResultsConfig
from server.errors import UnknownRequestError
from server.results import Results
from server.stored import FILES, MANIFEST, Result, stored_files, write_manifest


class Store:
    """A store of which every result is one file, with a clock that is set by hand."""

    def __init__(self, folder: Path, max_bytes: int = 100, keep_seconds: float = 1000.0):
        self.now = 0.0
        self.config = ResultsConfig(max_bytes, keep_seconds)
        self.folder = folder
        self.open()

    def open(self) -> None:
        self.results = Results(self.folder, self.config, lambda: self.now)

    def restart(self) -> None:
        self.results.close()
        self.open()

    def keep(self, name: str, content: bytes = b"x" * 40) -> Result:
        staging = self.results.stage()
        (staging / FILES / "scene.ply").write_bytes(content)
        files = stored_files(staging / FILES, ["scene.ply"])
        result = Result(name, "print", self.now, "cameras", "summary", files)
        write_manifest(staging, result)
        self.results.keep(staging, result)
        self.now += 1
        return result

    @property
    def found(self) -> set[str]:
        return {name for name in "abcdefgh" if self.results.find(name)}

    @property
    def on_disk(self) -> int:
        """How many folders there are, of whatever name."""
        self.results.settle()
        return sum(path.is_dir() for path in self.folder.iterdir())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "results")
    yield store
    store.results.close()


def test_what_is_kept_is_found_and_read(store: Store):
    kept = store.keep("a", b"a scene")
    assert store.results.find("a") == kept
    with store.results.reading("a") as (result, folder):
        assert result == kept
        assert (folder / "scene.ply").read_bytes() == b"a scene"
    assert store.results.find("b") is None
    with pytest.raises(UnknownRequestError, match="no request 'b'"), store.results.reading("b"):
        pass


def test_a_restart_loses_nothing(store: Store):
    kept = [store.keep(name) for name in "ab"]
    store.restart()
    assert [store.results.find(name) for name in "ab"] == kept
    store.keep("c")
    assert store.found == {"b", "c"}


def test_what_was_never_finished_leaves_nothing(store: Store):
    store.keep("a")
    (store.results.stage() / FILES / "scene.ply").write_bytes(b"half a scene")
    assert store.on_disk == 2
    store.restart()
    assert (store.found, store.on_disk) == ({"a"}, 1)


DAMAGES: list[Callable[[Path], object]] = [
    lambda folder: (folder / MANIFEST).unlink(),
    lambda folder: (folder / MANIFEST).write_text('{"files": [{}]}'),
    lambda folder: (folder / MANIFEST).write_text("[]"),
    lambda folder: (folder / MANIFEST).write_bytes(b"\xff"),
    lambda folder: (folder / FILES / "scene.ply").unlink(),
    lambda folder: (folder / FILES / "scene.ply").write_bytes(b""),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_result_goes_and_the_others_stay(store: Store, damage: Callable[[Path], object]):
    store.keep("a")
    with store.results.reading("a") as (_, files):
        damage(files.parent)
    store.keep("b")
    store.restart()
    assert (store.found, store.on_disk) == ({"b"}, 1)


def test_the_oldest_go_where_there_are_too_many_bytes(store: Store):
    for name in "abc":
        store.keep(name)
    assert (store.found, store.on_disk) == ({"b", "c"}, 2)
    store.keep("d", b"x" * 1000)
    assert (store.found, store.on_disk) == ({"d"}, 1)


def test_what_is_too_old_goes(store: Store):
    store.keep("a")
    store.now = 1000.5
    store.keep("b")
    assert (store.found, store.on_disk) == ({"b"}, 1)
    store.now = 3000.0
    store.restart()
    assert (store.found, store.on_disk) == (set(), 0)


def test_what_is_being_read_stays_until_it_was(store: Store):
    store.keep("a", b"the first")
    with store.results.reading("a") as (_, folder):
        with store.results.reading("a"):
            store.now = 5000.0
            assert store.found == set()
        assert (folder / "scene.ply").read_bytes() == b"the first"
        store.keep("a", b"the second")
        assert (folder / "scene.ply").read_bytes() == b"the first"
    assert store.on_disk == 1
    with store.results.reading("a") as (_, folder):
        assert (folder / "scene.ply").read_bytes() == b"the second"


def test_nobody_waits_until_a_folder_is_removed(store: Store, monkeypatch: pytest.MonkeyPatch):
    may_go = threading.Event()
    remove = shutil.rmtree

    def slow(path: Path, ignore_errors: bool) -> None:
        may_go.wait()
        remove(path, ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", slow)
    for name in "abc":
        store.keep(name)
    store.results.discard(store.results.stage())
    assert store.found == {"b", "c"}
    may_go.set()
    assert store.on_disk == 2


def test_a_folder_has_one_server(store: Store):
    with pytest.raises(OutputError, match="is used by another server"):
        store.open()
    store.restart()


def test_a_folder_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be used for results"):
        Store(tmp_path / "file")


def test_a_folder_of_somebodys_own_is_refused_and_stays_as_it_is(tmp_path: Path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds diary\.txt, and no server has used it"):
        Store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_only_what_was_asked_for_is_stored(tmp_path: Path):
    for name in ("depth/1.npy", "depth/0.npy", "scene.ply", "report.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    files = stored_files(tmp_path, ["scene.ply", "depth"])
    assert [file.name for file in files] == ["scene.ply", "depth/0.npy", "depth/1.npy"]
    assert [file.kind for file in files] == ["scene.ply", "depth", "depth"]
    assert not (tmp_path / "report.json").exists()
    with pytest.raises(OutputError, match=r"wrote no preview\.png"):
        stored_files(tmp_path, ["scene.ply", "preview.png"])


@pytest.mark.parametrize("seed", range(10))
def test_bounds_hold_whatever_is_kept_read_and_restarted(store: Store, seed: int):
    chance = random.Random(seed)
    store.config = ResultsConfig(max_bytes=100, keep_seconds=20.0)
    store.restart()
    contents: dict[str, bytes] = {}
    for _ in range(60):
        name = chance.choice("abcdefgh")
        contents[name] = chance.randbytes(chance.randint(0, 60))
        store.keep(name, contents[name])
        assert store.results.find(name) is not None
        store.now += chance.choice([0, 0, 5, 30])
        if chance.random() < 0.2:
            store.restart()
        for kept in store.found:
            with store.results.reading(kept) as (result, folder):
                assert result.finished >= store.now - 20
                assert (folder / "scene.ply").read_bytes() == contents[kept]
        assert store.results.size_bytes <= 100
        assert store.on_disk == len(store.found)
