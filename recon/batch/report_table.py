"""What became of each scene, as a table for other programs: Parquet where pyarrow is there, else CSV."""

import csv
import io
import json
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from recon.batch.ledger import Entry

COLUMNS = (
    "id", "state", "attempt", "verdict", "quality", "seconds", "peak_bytes", "output_bytes", "photos", "grid", "images",
    "config", "code", "error_kind", "error", "ended_at",
)  # fmt: skip


def table_ending() -> str:
    """Of the file's name."""
    return "parquet" if find_spec("pyarrow") is not None else "csv"


def table_of(entries: Sequence[Entry]) -> bytes:
    """The file's content."""
    rows = [_row(entry) for entry in entries]
    return _parquet(rows) if table_ending() == "parquet" else _csv(rows)


def _row(entry: Entry) -> dict[str, Any]:
    own = {name: getattr(entry, name, None) for name in COLUMNS}
    return {**own, "output_bytes": sum(size for size, _ in json.loads(entry.outputs).values())}


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([row[name] for name in COLUMNS] for row in rows)
    return text.getvalue().encode()


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    whole = {"attempt", "peak_bytes", "output_bytes", "photos"}
    real = {"quality", "seconds", "ended_at"}
    kinds = [
        (name, pyarrow.int64() if name in whole else pyarrow.float64() if name in real else pyarrow.string())
        for name in COLUMNS
    ]
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema=pyarrow.schema(kinds)), sink)
    return sink.getvalue()
