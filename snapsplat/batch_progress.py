"""How a batch goes, on stdout: one live line on a terminal, else a line for each scene."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from snapsplat.refusals import printable

if TYPE_CHECKING:
    from recon.batch.ledger import Entry
    from recon.batch.prepare import Planned
    from recon.batch.runner import Tally


class BatchProgress:
    """Within its `with` block, hears what a run tells."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(BarColumn(), TextColumn("{task.description}", markup=False), console=self._console)
            self._task = self._bar.add_task("looking at the captures", total=None)

    def __enter__(self) -> "BatchProgress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, planned: "Planned") -> None:
        """What will be done is known."""
        for line in plan_lines(planned):
            self._console.print(line)
        if self._bar is not None:
            scenes = len(planned.agenda.todo) + len(planned.agenda.refused)
            self._bar.update(self._task, total=scenes, description="loading")

    def ended(self, entry: "Entry", tally: "Tally") -> None:
        """A scene has ended."""
        count = tally.done + tally.failed
        if self._bar is not None:
            self._bar.update(self._task, completed=count, description=f"{count}/{tally.total}, {_pace(tally)}")
        if entry.state == "failed":
            self._console.print(printable(f"{entry.id}: {entry.error}"))
        elif self._bar is None:
            quality = "" if entry.quality is None else f", quality {entry.quality:.2f}"
            self._console.print(f"{count}/{tally.total} {entry.id}: {entry.verdict or 'done'}{quality}; {_pace(tally)}")


def plan_lines(planned: "Planned") -> list[str]:
    """What will be done and what it takes, in sentences."""
    agenda, takes = planned.agenda, planned.forecast
    kept = [entry.state for entry in [*agenda.kept, *agenda.touched]]
    before = f"; {kept.count('done')} done before, {kept.count('failed')} failed before" if kept else ""
    lines = [f"{takes.scenes} scenes to make, of {takes.photos} photos, in {takes.packs} batches{before}."]
    if agenda.refused:
        lines.append(f"{len(agenda.refused)} captures cannot be used.")
    if takes.scenes:
        count = len(planned.machine.places)
        workers = f"{count} worker{'s' if count > 1 else ''} on {planned.machine.name}"
        lines.append(
            f"About {_time(takes.seconds)} with {workers}, {takes.peak_bytes / 1e9:.1f} GB of memory each, "
            f"{takes.disk_bytes / 1e9:.1f} GB of disk, which has {planned.free_bytes / 1e9:.0f} GB left."
        )
        lines.append(
            f"By {planned.measured} batches that ran here."
            if planned.measured
            else "Nothing was measured here yet: by the defaults, which are of one thread of a CPU."
        )
    return lines


def tell_plan(planned: "Planned") -> None:
    """All of it, with every capture that cannot be used."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in plan_lines(planned):
        console.print(line)
    for entry in planned.agenda.refused:
        console.print(printable(f"{entry.id}: {entry.error}"))


def _pace(tally: "Tally") -> str:
    count = tally.done + tally.failed
    rate = count / max(tally.seconds, 1e-9) * 60
    left = "" if tally.seconds_left is None else f", {_time(tally.seconds_left)} left"
    failed = f", {tally.failed} failed" if tally.failed else ""
    return f"{rate:.1f} a minute{left}{failed}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
