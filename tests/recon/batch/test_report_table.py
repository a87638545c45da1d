"""The table of a run, with pyarrow and without."""

import csv
import io

import pytest

from recon.batch import report_table
from recon.batch.ledger import Entry

ENTRY = Entry(
    id="a", state="failed", attempt=2, images="a, b", photos=3, grid="96x64", config="c", code="0", error="No."
)


def test_without_pyarrow_it_is_csv(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(report_table, "find_spec", lambda _: None)
    assert report_table.table_ending() == "csv"
    (row,) = csv.DictReader(io.StringIO(report_table.table_of([ENTRY]).decode()))
    assert tuple(row) == report_table.COLUMNS
    assert (row["id"], row["state"], row["attempt"], row["images"], row["quality"]) == ("a", "failed", "2", "a, b", "")


def test_with_pyarrow_it_is_parquet():
    parquet = pytest.importorskip("pyarrow.parquet")
    (row,) = parquet.read_table(io.BytesIO(report_table.table_of([ENTRY]))).to_pylist()
    assert (row["id"], row["attempt"], row["quality"], row["error"]) == ("a", 2, None, "No.")
