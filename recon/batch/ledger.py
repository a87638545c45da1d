"""The ledger: one SQLite file that says how far every scene is, and what it was made of. One process writes it."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from recon.output_folder import disk_is_full
from render.errors import FileFormatError, OutputError, SnapsplatError

State = Literal["waiting", "running", "written", "done", "failed"]
"""`written`: its files are whole, but perhaps not yet in their place."""
DISK_FULL = "DiskFull"
"""Kind of error: no fault of the scene's, so it is made when there is room."""
FORMAT = 1
"""Of the tables; `PRAGMA user_version`."""
_TABLES = """
CREATE TABLE scenes (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, attempt INTEGER NOT NULL, images TEXT NOT NULL, photos INTEGER,
    grid TEXT, config TEXT NOT NULL, code TEXT NOT NULL, inputs TEXT NOT NULL, outputs TEXT NOT NULL, staged TEXT,
    seconds REAL, peak_bytes INTEGER, quality REAL, verdict TEXT, error_kind TEXT, error TEXT, ended_at REAL
);
CREATE TABLE configs (digest TEXT PRIMARY KEY, content TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Entry:
    """What the ledger says of one scene; the fields are the columns of its table `scenes`, in their order."""

    id: str
    state: State
    attempt: int
    """How often it was begun."""
    images: str
    """Where its photos were."""
    photos: int | None
    grid: str | None
    """`384x288`."""
    config: str
    """Digest of the configuration, weights included; the table `configs` has it whole."""
    code: str
    """Version of the package."""
    inputs: str = "[]"
    """JSON: `[[name, bytes, stamp, sha256 or null], ...]`, photos in their order, then the cameras."""
    outputs: str = "{}"
    """JSON: path in the scene's folder -> [bytes, sha256]; empty until it is made."""
    staged: str | None = None
    """Folder, within that of the batch, in which the files are until they are in their place."""
    seconds: float | None = None
    """Reading, its share of the device's time, and writing."""
    peak_bytes: int | None = None
    """Most memory of the device, or of a CPU's process, while its batch ran."""
    quality: float | None = None
    verdict: str | None = None
    error_kind: str | None = None
    """Class of the error, or `WorkerDied`, `Bug`, `DiskFull`."""
    error: str | None = None
    """The sentence."""
    ended_at: float | None = None
    """Unix time."""

    @property
    def made(self) -> dict[str, tuple[int, str]]:
        """`outputs`, read."""
        return {name: (size, sha256) for name, (size, sha256) in json.loads(self.outputs).items()}

    def failed(self, kind: str, sentence: str) -> "Entry":
        """There is no scene."""
        return replace(self, state="failed", error_kind=kind, error=storable(sentence))

    def made_of(
        self, inputs: Sequence[tuple[str, int, str, str]], outputs: dict[str, tuple[int, str]], staged: str
    ) -> "Entry":
        """Its files are whole, in `staged`."""
        return replace(self, state="written", inputs=json.dumps(inputs), outputs=json.dumps(outputs), staged=staged)


def kind_of(error: SnapsplatError) -> str:
    """As the ledger calls it."""
    return DISK_FULL if disk_is_full(error) else type(error).__name__


def storable(text: str) -> str:
    """Without what UTF-8 has no bytes for, as are names of files that are not UTF-8."""
    return text.encode(errors="backslashreplace").decode()


_COLUMNS = tuple(field.name for field in fields(Entry))
_PUT = f"INSERT OR REPLACE INTO scenes ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


class Ledger:
    """Open until `close`."""

    def __init__(self, file: Path):
        """Made where it is missing.

        Raises:
            FileFormatError: it is no ledger, or one of another version.
            OutputError: it cannot be opened.
        """
        self.file = file
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise self._refused(error) from error

    def _prepare(self) -> None:
        # A ledger that loses its last rows to a power cut does those scenes again; one that is damaged is worse.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        tables = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if found == 0 and tables == 0:
            self._database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version={FORMAT};COMMIT;")
        elif found != FORMAT:
            raise FileFormatError(self.file, f"this is a ledger of format {found}; format {FORMAT} is read.")

    def _refused(self, error: sqlite3.Error) -> FileFormatError | OutputError:
        if isinstance(error, sqlite3.OperationalError):
            return OutputError(f"The ledger {self.file} cannot be read or written ({error}).")
        return FileFormatError(self.file, f"this is no ledger ({error}).")

    def entries(self) -> dict[str, Entry]:
        """All of them, by id."""
        rows = self._run(f"SELECT {', '.join(_COLUMNS)} FROM scenes ORDER BY id")
        return {row[0]: Entry(*row) for row in rows}

    def configs(self) -> dict[str, str]:
        """Digest -> JSON."""
        return dict(self._run("SELECT digest, content FROM configs"))

    def put(self, *entries: Entry) -> None:
        """All of them or none.

        Raises:
            OutputError: the disk is full.
        """
        self._run_many(_PUT, map(astuple, entries))

    def keep_configs(self, contents: dict[str, str]) -> None:
        """By digest, so that the ledger alone says what was run."""
        self._run_many("INSERT OR IGNORE INTO configs VALUES (?, ?)", contents.items())

    def close(self) -> None:
        """All is on the disk."""
        self._database.close()

    def _run(self, statement: str) -> list[Any]:
        try:
            with self._lock:
                return self._database.execute(statement).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._refused(error) from error

    def _run_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        try:
            with self._lock:
                self._database.execute("BEGIN")
                try:
                    self._database.executemany(statement, rows)
                    self._database.execute("COMMIT")
                except BaseException:
                    # SQLite has done so itself where the disk is full.
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
                    raise
        except sqlite3.DatabaseError as error:
            raise self._refused(error) from error
