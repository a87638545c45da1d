"""The command line. It reads arguments and tells results and refusals; the work is done below."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snapsplat.batch_cli import batch, merge
from snapsplat.convert_cli import convert
from snapsplat.cores import keep_to_granted_cores
from snapsplat.data_cli import data_app
from snapsplat.info_cli import info
from snapsplat.mesh_cli import mesh
from snapsplat.overrides import split_overrides
from snapsplat.plan_cli import plan
from snapsplat.ray_option import RayCommand
from snapsplat.refusals import EXIT_CODES_HELP, refusals_told
from snapsplat.scene_options import Model, Seed, Size
from snapsplat.serve_cli import serve
from snapsplat.submit_cli import submit
from snapsplat.token_cli import token
from snapsplat.train_cli import evaluate, train
from snapsplat.view_cli import view

if TYPE_CHECKING:
    from recon.reconstruction import Reconstruction

app = typer.Typer(
    help="Photos in, a 3D Gaussian scene out, in one forward pass: no poses and no GPU needed.",
    epilog=EXIT_CODES_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data_app, name="data")


def main() -> None:
    """Entry point of the `snapsplat` command."""
    keep_to_granted_cores()
    app()


def _print_version(asked: bool) -> bool:
    if asked:
        typer.echo(f"snapsplat {version('snapsplat')}")
        raise typer.Exit
    return asked


@app.callback()
def _snapsplat(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(epilog=EXIT_CODES_HELP, short_help="Make a scene of photos.")
def reconstruct(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Folder to write; it may exist.", show_default=False)
    ],
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTOS|KEY=VALUE",
            help="Two to sixteen photos of one place that overlap (JPEG, PNG, WebP, TIFF, BMP), or a folder of them. "
            "After them, options of the configuration: network.depth.rounds=2",
            show_default=False,
        ),
    ] = None,
    cameras: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="cameras.json with the focal lengths and poses that are known, any part of them; they are kept.",
            show_default=False,
        ),
    ] = None,
    model: Model = "small",
    size: Size = None,
    seed: Seed = None,
    polish: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Improve the scene by gradient steps against its own photos, for so long at most.",
            show_default=False,
        ),
    ] = 0,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Leave photos out, up to four in turn, and report how well the others predict them.",
        ),
    ] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A further file in OUT; may be given again. scene.spz or another format's ending, points.ply, "
            "depth_png, depth_exr, colmap, transforms.json, preview.mp4, scene.html, mesh.glb.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a scene of photos: OUT/scene.ply, beside it cameras, depth, a preview and a report.

    \b
    snapsplat reconstruct photos/ -o out
    snapsplat reconstruct a.jpg b.jpg c.jpg -o out --cameras cameras.json
    """
    stopped = "Stopped; what was in the output folder before is untouched."
    options = {"network": "--model", "size": "--size", "seed": "--seed", "polish": "--polish"}
    # What is typed as KEY=VALUE has its name already.
    typed = {key: option for key, option in options.items() if not any(p.startswith(f"{key}=") for p in photos or [])}
    with refusals_told(stopped, "Out of memory; try a smaller --size or fewer photos.", typed):
        from recon.images import find_photos, unread_photos
        from recon.output_folder import check_output_folder
        from snapsplat.further_files import check_further_files, write_further_files
        from snapsplat.progress import StageProgress

        check_further_files(also or [])
        paths, overrides = split_overrides(photos or [])
        files = find_photos(paths, 1)  # Whether one is enough, the options say.
        passed_over = unread_photos(paths)
        check_output_folder(output)
        with StageProgress() as progress:
            from recon.reconstructor import Reconstructor

            reconstructor = Reconstructor(model, size, seed, overrides)
            progress("loading")
            scene = reconstructor.reconstruct(files, cameras, polish_seconds=polish, verify=verify, progress=progress)
            scene.save(output)
            progress("files")
            failed = write_further_files(scene, output, also or [], progress)
        if passed_over:
            names = ", ".join(file.name for file in passed_over)
            typer.echo(f"Warning: Left out, since no such format is read; save as JPEG or PNG: {names}.", err=True)
        _tell(scene, output)
        for error in failed[1:]:
            typer.echo(str(error), err=True)
        if failed:
            raise failed[0]


app.command(cls=RayCommand, epilog=EXIT_CODES_HELP, short_help="Make a scene of each of many captures.")(batch)
app.command(epilog=EXIT_CODES_HELP, short_help="Put the ledgers of a batch's shards together.")(merge)
app.command(epilog=EXIT_CODES_HELP, short_help="Look at a scene.")(view)
app.command(epilog=EXIT_CODES_HELP, short_help="Make a mesh of a scene.")(mesh)
app.command(epilog=EXIT_CODES_HELP, short_help="Have a server make a scene.")(submit)
app.command(epilog=EXIT_CODES_HELP, short_help="Train a learned stage.")(train)
app.command(epilog=EXIT_CODES_HELP, short_help="Score a network on captures.")(evaluate)
app.command(epilog=EXIT_CODES_HELP, short_help="Let somebody call a server.")(token)


app.command(cls=RayCommand, epilog=EXIT_CODES_HELP, short_help="Run the service.")(serve)
app.command(epilog=EXIT_CODES_HELP, short_help="Say what a scene would cost.")(plan)
app.command(epilog=EXIT_CODES_HELP, short_help="Write a scene in another format.")(convert)
app.command(epilog=EXIT_CODES_HELP, short_help="Say what a scene holds.")(info)


def _tell(scene: "Reconstruction", output: Path) -> None:
    for warning in scene.report.get("warnings", []):
        typer.echo(f"Warning: {warning}", err=True)
    missing = [n for n, origin in zip(scene.names, scene.origin, strict=True) if origin == "not registered"]
    typer.echo(
        f"{len(scene.names) - len(missing)} of {len(scene.names)} photos registered, {len(scene.gaussians)} Gaussians."
    )
    if missing:
        typer.echo(f"Not registered: {', '.join(missing)}")
    typer.echo(
        f"Verdict: {scene.report['verdict']} (quality {scene.report['quality']:.2f}); another photo agrees with the "
        f"depth of {scene.report['share_trusted']:.0%} of what the photos show."
    )
    if scene.report["verdict_because"]:
        typer.echo(f"Not better, because {'; '.join(scene.report['verdict_because'])}.")
    polish = scene.report.get("polish")
    if polish is not None:
        before, after = (polish[f"held_out_rays_psnr_{when}"] for when in ("before", "after"))
        gained = (
            "nothing gained, the forward pass was kept" if after <= before else f"{before:.1f} dB -> {after:.1f} dB"
        )
        typer.echo(f"Polish: {polish['rounds']} rounds over the photos; on rays that were held back: {gained}.")
    held_out = scene.report.get("held_out_psnr", {"mean": None})["mean"]
    if held_out is not None:
        typer.echo(f"Photos left out are predicted with {held_out:.1f} dB.")
    for what, name in (("Scene", "scene.ply"), ("Preview", "preview.png"), ("Report", "report.json")):
        typer.echo(f"{what:<8} {output / name}")
