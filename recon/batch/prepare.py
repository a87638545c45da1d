"""What a run would do: its list, checked, against the ledger. Nothing is written here."""

import contextlib
import fnmatch
import shutil
from dataclasses import dataclass
from pathlib import Path

from recon.batch.config import BatchConfig
from recon.batch.forecast import Forecast, forecast
from recon.batch.ledger import Entry, Ledger
from recon.batch.machine import Machine, find_machine
from recon.batch.manifest import read_captures
from recon.batch.scene import Scene
from recon.batch.scene_options import RunOptions
from recon.batch.scenes import make_scenes
from recon.batch.share import WHOLE, Share
from recon.batch.todo import Agenda, make_agenda
from recon.cost_file import KeptCosts
from render.errors import ConfigError


@dataclass(frozen=True)
class Wanted:
    """What is asked of a run, beside how it is to go about it."""

    captures: str
    """Folder of folders, glob, or manifest."""
    out: Path
    options: RunOptions
    share: Share = WHOLE
    only: tuple[str, ...] = ()
    """Ids, or patterns of them; empty: all."""
    retry_failed: bool = False


@dataclass(frozen=True)
class Planned:
    """What a run would do."""

    agenda: Agenda
    forecast: Forecast
    machine: Machine
    measured: int
    """On how many batches the forecast rests, of the network that most scenes have."""
    free_bytes: int
    """Of the disk."""


def find_scenes(wanted: Wanted) -> list[Scene]:
    """Those of the list that are this run's, when all of it was checked.

    Raises:
        ConfigError, InputError, BackendError: the list, or an option, cannot be used.
    """
    scenes = make_scenes(read_captures(wanted.captures, wanted.out), wanted.options)
    ids = {scene.id for scene in scenes}
    meant = set() if wanted.only else ids
    for pattern in wanted.only:
        # An id may have brackets in it, too.
        found = {pattern} & ids or {id for id in ids if fnmatch.fnmatchcase(id, pattern)}
        if not found:
            raise ConfigError(f"--only is {pattern!r}, which is the id of no scene in {wanted.captures}.")
        meant |= found
    return [scene for scene in scenes if scene.id in meant and wanted.share.has(scene.id)]


def plan(wanted: Wanted, config: BatchConfig, machine: Machine | None = None) -> Planned:
    """What a run would do now, on this machine unless told otherwise.

    Raises:
        SnapsplatError: it would be refused.
    """
    scenes, machine = find_scenes(wanted), machine or find_machine(config)
    agenda = make_agenda(scenes, _entries(wanted.share.ledger(wanted.out)), wanted.out, wanted.retry_failed)
    return planned(agenda, machine, config, KeptCosts(machine.name), wanted.out)


def planned(agenda: Agenda, machine: Machine, config: BatchConfig, costs: KeptCosts, out: Path) -> Planned:
    """What is to be done, with what it takes."""
    models = [one.scene.options.model for one in agenda.todo]
    measured = costs.model(max(models, key=models.count)).measured if models else 0
    takes = forecast(agenda.todo, costs, len(machine.places), config.batch_seconds, machine.most_bytes)
    there = next(place for place in (out, *out.absolute().parents) if place.exists())
    return Planned(agenda, takes, machine, measured, shutil.disk_usage(there).free)


def _entries(file: Path) -> dict[str, Entry]:
    if not file.exists():
        return {}
    with contextlib.closing(Ledger(file)) as ledger:
        return ledger.entries()
