"""`snapsplat data`: what networks are trained on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from render.errors import SnapsplatError, require
from snapsplat.exit_codes import exit_code
from snapsplat.refusals import EXIT_CODES_HELP, printable, refusals_told

if TYPE_CHECKING:
    from recon.training.scenes import TrainingScene

LOOKED_AT_PX = 512
"""Long side, in pixels, of what is decoded of a photo to look at it."""

data_app = typer.Typer(help="Scenes to train on: look at them, make some.", no_args_is_help=True, rich_markup_mode=None)


@data_app.callback()
def _data() -> None:
    pass


@data_app.command(epilog=EXIT_CODES_HELP, short_help="Say what captures hold, and whether they are good to train on.")
def inspect(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Folder of one capture, or of several: photos with a COLMAP model, transforms.json or cameras.json.",
            show_default=False,
        ),
    ],
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Write one sheet of photos and depth there.", show_default=False),
    ] = None,
) -> None:
    """Say of each capture what it holds, and whether it is good to train on.

    A capture that cannot be read is told, and the others are looked at all the same; the exit code is then that of the
    first such refusal.
    """
    with refusals_told("Stopped.", "Out of memory; look at one capture at a time."):
        from data_tools.captures.find import find_captures
        from data_tools.inspection.report import OVERLAP_MEANS
        from data_tools.inspection.sheet import scene_rows, write_sheet

        if pictures is not None:
            require(pictures.suffix.lower() == ".png", "--pictures", str(pictures), "a file that ends in .png")
        folders = find_captures(path)
        refused: list[SnapsplatError] = []
        rows = []
        for folder in folders:
            try:
                scene = _inspected(folder)
            except SnapsplatError as error:
                refused.append(error)
                typer.echo(printable(str(error)), err=True)
            else:
                rows += scene_rows(scene) if pictures is not None else []
        if len(refused) < len(folders):
            typer.echo(OVERLAP_MEANS)
        if pictures is not None and rows:
            write_sheet(pictures, rows)
            typer.echo(f"Pictures: {pictures}")
    if refused:
        raise typer.Exit(exit_code(type(refused[0])))


@data_app.command(epilog=EXIT_CODES_HELP, short_help="Write random scenes with true cameras and depth.")
def rooms(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write; it may exist.", show_default=False)],
    scenes: Annotated[int, typer.Option(metavar="N", help="How many scenes.", min=1)] = 100,
    views: Annotated[int, typer.Option(metavar="V", help="How many photos of each.", min=1, max=64)] = 8,
    seed: Annotated[int, typer.Option(metavar="N", help="Other seeds give other scenes.", min=0)] = 0,
    split: Annotated[
        Literal["train", "validation"], typer.Option(help="The two share no model, no texture and no photo.")
    ] = "train",
) -> None:
    """Write random scenes: rooms, tables, streets, drawn without a screen, each a folder of photos, depth and cameras.

    Training makes the same scenes as it goes; this is for looking at them, and for other programs. What is there
    already is not made again. `python -m data_tools.rooms.furniture` and `python -m data_tools.rooms.pictures` fetch
    models and photos to furnish them with.
    """
    with refusals_told("Stopped; the scenes that are whole stay.", "Out of memory."):
        from rich.progress import track

        from data_tools.rooms.source import RoomsSource
        from data_tools.rooms.write import write_scenes

        source = RoomsSource(split, views, seed=seed)
        for _ in track(write_scenes(out, source, scenes), "Scenes", total=scenes, transient=True):
            pass
        typer.echo(f"{scenes} scenes of {views} photos: {out}")


def _inspected(folder: Path) -> "TrainingScene":
    """Print what one capture holds."""
    from data_tools.captures.find import read_capture
    from data_tools.captures.load import load_scene
    from data_tools.inspection.facts import describe
    from data_tools.inspection.judge import judge
    from data_tools.inspection.report import report

    capture = read_capture(folder)
    scene = load_scene(capture, LOOKED_AT_PX)
    facts = describe(scene, [photo.lens.size_wh for photo in capture.photos])
    for line in report(f"{capture.name}: {capture.kind}", facts, judge(scene, facts), metric=capture.metric):
        typer.echo(printable(line))
    for sentence in capture.left_out:
        typer.echo(printable(f"  {sentence}"))
    return scene
