"""`snapsplat data`: what networks are trained on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from render.errors import SnapsplatError, require
from snapsplat.exit_codes import exit_code
from snapsplat.refusals import EXIT_CODES_HELP, refusals_told

if TYPE_CHECKING:
    from recon.training.scenes import TrainingScene

LOOKED_AT_PX = 512
"""Long side, in pixels, of what is decoded of a photo to look at it."""

data_app = typer.Typer(help="Scenes to train on: look at them.", no_args_is_help=True, rich_markup_mode=None)


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
                typer.echo(_printable(str(error)), err=True)
            else:
                rows += scene_rows(scene) if pictures is not None else []
        if len(refused) < len(folders):
            typer.echo(OVERLAP_MEANS)
        if pictures is not None and rows:
            write_sheet(pictures, rows)
            typer.echo(f"Pictures: {pictures}")
    if refused:
        raise typer.Exit(exit_code(type(refused[0])))


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
        typer.echo(_printable(line))
    for sentence in capture.left_out:
        typer.echo(_printable(f"  {sentence}"))
    return scene


def _printable(text: str) -> str:
    """Names come from files of strangers: what would steer a terminal is left out."""
    return "".join(character if character.isprintable() else "?" for character in text)
