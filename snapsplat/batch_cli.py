"""`snapsplat batch` and `snapsplat merge`: many scenes overnight."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from render.errors import ConfigError, require
from snapsplat.errors import BatchError
from snapsplat.overrides import split_overrides
from snapsplat.refusals import printable, refusals_told
from snapsplat.scene_options import Model, Seed, Size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.batch.ledger import Entry

LISTED = 10
"""Failures that are told at the end; the report has all."""


def batch(
    captures: Annotated[
        list[str],
        typer.Argument(
            metavar="CAPTURES [KEY=VALUE]",
            help="A folder of folders of photos, a glob in quotes, or a manifest (.csv, .jsonl, .parquet) with the "
            "columns id, images, cameras, model, size, seed, options. After it, options of the configuration.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="Folder to write, a folder a scene.", show_default=False),
    ],
    model: Model = "small",
    size: Size = None,
    seed: Seed = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Make these alone; may be repeated, and may be a pattern.", show_default=False),
    ] = None,
    shard: Annotated[
        str,
        typer.Option(metavar="I/N", help="One of N parts of the list, I from 0, with a ledger of its own."),
    ] = "0/1",
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="Processes; one for each device unless given.", show_default=False),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]",
            help="Workers are actors of the Ray cluster at ADDRESS, HOST:PORT; without one, of that which RAY_ADDRESS "
            "names or this machine is in, or else of one of this machine alone, which 'local' always is.",
            show_default=False,
        ),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and what it takes.")] = False,
) -> None:
    """Make a scene of every capture: OUT/ID/ as `snapsplat reconstruct` writes it, OUT/ledger.sqlite, OUT/report.html.

    The same command goes on where it was stopped or killed. What is done is not done again, unless its photos, cameras
    or options have changed; what failed stays so until --retry-failed.

    \b
    snapsplat batch captures/ -o out
    snapsplat batch 'captures/*/images' -o out --size 512
    snapsplat batch scenes.csv -o out --shard 3/8 device=cuda
    snapsplat batch scenes.csv -o /shared/out --ray 10.0.0.1:6379
    """
    stopped = "Stopped; what is done is kept, and the same command goes on from here."
    with (
        refusals_told(stopped, "Out of memory; try fewer --workers."),
        _stopped_by_sigterm(),
        contextlib.ExitStack() as stack,
    ):
        from recon.batch.config import BatchConfig
        from recon.batch.prepare import Wanted, plan
        from recon.batch.run import run
        from recon.batch.scene_options import RunOptions
        from recon.batch.share import Share
        from snapsplat.batch_progress import BatchProgress, tell_plan

        places, overrides = _split(captures)
        options = RunOptions(model, size, seed, overrides)
        wanted = Wanted(places, output, options, Share.parse(shard), tuple(only or ()), retry_failed)
        config = BatchConfig(workers=workers, device=options.scene().config.device)
        fleet = None
        if ray is not None:
            from recon.batch.ray_fleet import ray_fleet

            fleet = stack.enter_context(ray_fleet(ray or None, config))
        if dry_run:
            tell_plan(plan(wanted, config, fleet and fleet.machine))
            return
        with BatchProgress() as progress:
            entries = run(wanted, config, progress.ended, progress.begin, fleet=fleet)
        _tell(entries, wanted.share.file(output, "report", "html"))


def merge(
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder with the ledgers of shards.", show_default=False)
    ],
) -> None:
    """Put the ledgers that `snapsplat batch --shard` left in OUT into OUT/ledger.sqlite, and report on all scenes.

    Shards that wrote elsewhere are to be copied into OUT first, scenes and ledgers.
    """
    with refusals_told("Stopped.", "Out of memory."):
        from recon.batch.merge import merge as merged
        from recon.batch.share import WHOLE

        require(output.is_dir(), "OUT", str(output), "a folder that exists")
        _tell(merged(output), WHOLE.file(output, "report", "html"))


def _split(arguments: list[str]) -> tuple[str, tuple[str, ...]]:
    """CAPTURES and Hydra overrides.

    Raises:
        ConfigError: CAPTURES is not one.
    """
    places, overrides = split_overrides(arguments)
    if len(places) != 1:
        raise ConfigError(
            f"{len(places)} CAPTURES were given; one folder, manifest, or glob is expected, a glob in quotes."
        )
    return places[0], tuple(overrides)


def _tell(entries: "Sequence[Entry]", report: Path) -> None:
    """How it ended.

    Raises:
        BatchError: not all scenes are done.
    """
    done = sum(entry.state == "done" for entry in entries)
    typer.echo(f"{done} of {len(entries)} scenes done. Report: {report}")
    missing = [entry for entry in entries if entry.state != "done"]
    for entry in missing[:LISTED]:
        typer.echo(printable(f"{entry.id}: {entry.error or entry.state}"), err=True)
    if missing:
        more = f" (and {len(missing) - LISTED} more, in the report)" if len(missing) > LISTED else ""
        raise BatchError(f"{len(missing)} of {len(entries)} scenes were not made{more}.")


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """As by Ctrl-C: it is what ends a job on a cluster."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
