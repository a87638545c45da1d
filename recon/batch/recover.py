"""What a run that was killed has left: what it had made whole is kept, what it had begun is begun anew."""

from dataclasses import replace
from pathlib import Path

from recon.batch.folders import is_whole, put_in_place
from recon.batch.ledger import Entry, Ledger


def recover(ledger: Ledger, out: Path) -> None:
    """To be called before a run begins, by the only process that has the ledger, while what was staged is there.

    Raises:
        OutputError: a scene cannot be put in its place, or the ledger cannot be written.
    """
    left = [entry for entry in ledger.entries().values() if entry.state in ("running", "written")]
    ledger.put(*(_recovered(entry, out) for entry in left))


def _recovered(entry: Entry, out: Path) -> Entry:
    folder, staged = out / entry.id, out / entry.staged if entry.staged else None
    if staged is not None and is_whole(staged, entry.made) and not folder.exists():
        put_in_place(staged, folder)
    if entry.state == "written" and is_whole(folder, entry.made):
        return replace(entry, state="done", staged=None, ended_at=folder.stat().st_mtime)
    return replace(entry, state="waiting", staged=None, outputs="{}")
