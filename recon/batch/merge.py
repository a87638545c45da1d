"""The ledgers of shards -> one, from which a later run goes on."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from recon.batch.folders import checksums, is_whole
from recon.batch.ledger import Entry, Ledger
from recon.batch.run import ledger_locked, own_ledger, write_reports
from recon.batch.share import WHOLE
from render.errors import InputError

SHARDS = "ledger.*of*.sqlite"


def merge(out: Path) -> list[Entry]:
    """Put what all ledgers of shards in `out` say into its own, and write the reports of all; the shards' stay.

    Of a scene that several know, what ended last counts, but for what was done and is not there any more. Scenes that
    are on their way are none of a finished run's, and are to be begun anew.

    Raises:
        InputError: there are none.
        FileFormatError: one is no ledger.
        OutputError: `out` cannot be written, or a run has one of the ledgers.
    """
    files = sorted(out.glob(SHARDS))
    if not files:
        raise InputError(
            f"{out} holds no ledger of a shard; {SHARDS} is expected, as `snapsplat batch --shard` leaves."
        )
    with contextlib.ExitStack() as stack:
        for file in files:
            # Of a shard that runs, scenes would be begun anew under its hands.
            stack.enter_context(ledger_locked(file))
        ledger, _ = stack.enter_context(own_ledger(WHOLE, out))
        entries = ledger.entries()
        for file in files:
            with contextlib.closing(Ledger(file)) as shard:
                ledger.keep_configs(shard.configs())
                entries = _newest([*entries.values(), *shard.entries().values()], out)
        ledger.put(*entries.values())
        write_reports(list(entries.values()), out, WHOLE)
    return list(entries.values())


def _newest(entries: Sequence[Entry], out: Path) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.state == "done" and not is_whole(out / entry.id, entry.made):
            # Made anew by a run that is not among these, or not copied here: its folder stays known by its files.
            entry = replace(entry, state="waiting", ended_at=None)
        known = found.get(entry.id)
        if known is not None and known.state == entry.state == "done" and known.outputs != entry.outputs:
            # Clocks of several machines do not agree, and files of two runs may have the same sizes.
            if checksums(out / entry.id) == entry.made:
                found[entry.id] = entry
        elif known is None or _rank(entry) > _rank(known):
            found[entry.id] = entry
    return found


def _rank(entry: Entry) -> tuple[bool, float]:
    return entry.state in ("done", "failed"), entry.ended_at or 0.0
