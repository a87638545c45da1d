"""A whole run: list, ledger, workers, reports."""

import contextlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import TextIO

from recon.batch.config import BatchConfig
from recon.batch.crew import Crew
from recon.batch.fleet import Fleet
from recon.batch.folders import drop_staging, make_staging
from recon.batch.journal import log_ended, logged_to
from recon.batch.ledger import Entry, Ledger
from recon.batch.packs import Packs
from recon.batch.pipeline import MakeEngine
from recon.batch.prepare import Planned, Wanted, find_scenes, planned
from recon.batch.recover import recover
from recon.batch.report_page import page_of
from recon.batch.report_table import table_ending, table_of
from recon.batch.runner import Runner, Tally, Watch
from recon.batch.share import Share
from recon.batch.todo import make_agenda
from recon.batch.worker import OwnFleet, library_engine
from recon.cost_file import KeptCosts
from recon.output_folder import check_output_folder, refused
from render.errors import SnapsplatError
from render.files.atomic import make_folder, write_atomically
from render.files.lock import locked


def run(
    wanted: Wanted,
    config: BatchConfig,
    watch: Watch,
    begin: Callable[[Planned], None],
    make_engine: MakeEngine = library_engine,
    context: BaseContext | None = None,
    fleet: Fleet | None = None,
) -> list[Entry]:
    """Make what is not made yet; gives the entry of every scene of the list that is this run's.

    Args:
        watch: hears of every scene that ends.
        begin: hears, before anything runs, what will be done.
        make_engine: what workers run; other processes find it by its name.
        context: how workers are started; spawned by default.
        fleet: where workers come from that are none of this machine's; the two before are for those that are.

    Raises:
        ConfigError, InputError: the list, or an option, cannot be used.
        OutputError: OUT cannot be written, its disk is full, or another run has it.
        BackendError: a worker cannot work here.
    """
    scenes, out = find_scenes(wanted), wanted.out
    fleet = fleet or OwnFleet(config, make_engine, context or multiprocessing.get_context("spawn"))
    machine = fleet.machine
    check_output_folder(out)
    make_folder(out)
    ids = {scene.id for scene in scenes}

    def ended(entry: Entry, tally: Tally) -> None:
        log_ended(entry)
        watch(entry, tally)

    with own_ledger(wanted.share, out) as (ledger, staging), logged_to(wanted.share.file(out, "batch", "log")):
        agenda = make_agenda(scenes, ledger.entries(), out, wanted.retry_failed)
        costs = KeptCosts(machine.name)
        begin(planned(agenda, machine, config, costs, out))
        ledger.keep_configs({scene.options.digest: json.dumps(scene.options.content) for scene in scenes})
        ledger.put(*agenda.touched)
        packs = Packs(agenda.todo, costs, config.batch_seconds, machine.most_bytes, len(machine.places))
        runner = Runner(out, staging, ledger, agenda, packs, costs, ended)
        try:
            _work(runner, config, fleet, staging)
        except BaseException:
            # Why it ended is what is to be told, not that a report cannot be written either.
            with contextlib.suppress(SnapsplatError):
                _close(ledger, costs, out, wanted.share)
            raise
        entries = _close(ledger, costs, out, wanted.share)
    return [entry for id, entry in entries.items() if id in ids]


def write_reports(entries: Sequence[Entry], out: Path, share: Share) -> None:
    """The page and the table.

    Raises:
        OutputError: they cannot be written.
    """
    write_atomically(share.file(out, "report", "html"), page_of(entries, out))
    write_atomically(share.file(out, "report", table_ending()), table_of(entries))


def ledger_locked(file: Path) -> TextIO:
    """A ledger is this process' alone until what is returned is closed.

    Raises:
        OutputError: another process has it, or the folder cannot be written.
    """
    try:
        return locked(file.with_name(f".{file.name}.lock"), f"Another run writes {file}; wait for it, or end it.")
    except OSError as error:
        raise refused(file.parent, error) from error


@contextlib.contextmanager
def own_ledger(share: Share, out: Path) -> Iterator[tuple[Ledger, Path]]:
    """The ledger, this process' alone, and a folder for what is not whole yet."""
    file = share.ledger(out)
    with ledger_locked(file), contextlib.closing(Ledger(file)) as ledger:
        recover(ledger, out)
        drop_staging(out, share.part)
        try:
            yield ledger, make_staging(out, share.part)
        finally:
            drop_staging(out, share.part)


def _close(ledger: Ledger, costs: KeptCosts, out: Path, share: Share) -> dict[str, Entry]:
    """What no worker is at any more waits; the reports say so."""
    costs.save()
    recover(ledger, out)
    entries = ledger.entries()
    write_reports(list(entries.values()), out, share)
    return entries


def _work(runner: Runner, config: BatchConfig, fleet: Fleet, staging: Path) -> None:
    crew = Crew(
        fleet.machine.places[: runner.to_make],
        lambda device: fleet.start(device, staging),
        lambda orders: max(config.hang_seconds, config.hang_factor * runner.forecast_seconds(orders)),
    )
    try:
        runner.run(crew)
        crew.end()
    finally:
        crew.kill()
