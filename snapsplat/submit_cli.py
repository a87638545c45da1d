"""`snapsplat submit`: a scene from a server. Nothing here loads torch, unless cameras are given."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from render.errors import ConfigError, require
from render.extras import check_installed
from snapsplat.refusals import refusals_told
from snapsplat.scene_options import Seed, Size

if TYPE_CHECKING:
    from snapsplat.client.received import Answer

FILES = ("scene.ply", "cameras.json", "depth", "confidence", "preview.png", "report.json")
"""What `snapsplat reconstruct` writes."""
TYPED = {
    "options.size_px": "--size",
    "options.seed": "--seed",
    "options.model": "--model",
    **{name: f"--{name}" for name in ("size", "seed", "server", "key", "insecure")},
}
"""What a refusal calls an option, the server's or this client's -> the option."""
VERDICTS = {1: "good", 2: "usable", 3: "poor"}
"""Of proto/snapsplat/v1/result.proto."""


def submit(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTOS", help="Photos of one place that overlap, or a folder of them."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Folder to write; it may exist.", show_default=False)
    ],
    server: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where `snapsplat serve` listens.")],
    cameras: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="cameras.json with what is known of the cameras; it is kept.", show_default=False
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which network; else the server's first.", show_default=False)
    ] = None,
    size: Size = None,
    seed: Seed = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A further file in OUT, of those that the server offers; may be given again. scene.spz or another "
            "format's ending, points.ply, depth_png, depth_exr, colmap, transforms.json.",
            show_default=False,
        ),
    ] = None,
    priority: Annotated[
        str, typer.Option(metavar="low|normal|high", help="Who goes first where there is a queue.")
    ] = "normal",
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="For everything, waiting and new tries included.")
    ] = 3600,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Holds the token that the server asks for.", show_default=False)
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM: who vouches for the server's certificate.", show_default=False),
    ] = None,
    cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM: the client's own certificate.", show_default=False)
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM: its private key.", show_default=False)] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Encrypt nothing, though the server is another machine.")
    ] = False,
) -> None:
    """Have a scene of photos made by a server: the files that `snapsplat reconstruct` writes, in OUT.

    \b
    snapsplat submit photos/ -o out --server localhost:50051
    """
    stopped = "Stopped, here and on the server; what was in the output folder before is untouched."
    files = (*FILES, *(also or []))
    asked = {f"file_kinds[{place}]": "--also" for place in range(len(FILES), len(files))}
    with refusals_told(stopped, "Out of memory.", TYPED | asked):
        check_installed("This needs", "grpc", "serve", "grpcio")
        from snapsplat.client.order import Priority
        from snapsplat.client.sync import Client
        from snapsplat.progress import StageProgress

        require(priority in get_args(Priority), "--priority", priority, "low, normal or high")
        token = None if token_file is None else _token(token_file)
        with (
            Client(server, root_certificate=ca, certificate=cert, key=key, token=token, insecure=insecure) as client,
            StageProgress("waiting for the server", compiles=False) as progress,
        ):
            answer = client.submit(
                photos,
                output,
                files,
                timeout=timeout,
                progress=progress,
                queued=lambda position, seconds: progress.say(f"{position} before it, {seconds:.0f} s to wait"),
                cameras=cameras,
                model=model,
                size=size,
                seed=seed,
                priority=cast(Priority, priority),
            )
            progress("download")
        _tell(answer, output)


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or error
        raise ConfigError(f"--token-file {file} cannot be read ({what}).") from error


def _agreement(output: Path) -> str:
    """Of the photos with each other; nothing where the server's report does not say it."""
    try:
        share = float(json.loads((output / "report.json").read_text())["share_trusted"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""
    return f"; another photo agrees with the depth of {share:.0%} of what the photos show"


def _tell(answer: "Answer", output: Path) -> None:
    summary = answer.summary
    for warning in answer.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    typer.echo(f"{summary.registered} of {summary.photos} photos registered, {summary.gaussians} Gaussians.")
    missing = [photo.name for photo in answer.cameras.photos if not photo.HasField("camera")]
    if missing:
        typer.echo(f"Not registered: {', '.join(missing)}")
    if summary.verdict in VERDICTS:
        typer.echo(f"Verdict: {VERDICTS[summary.verdict]} (quality {summary.quality:.2f}){_agreement(output)}.")
    if summary.verdict_because:
        typer.echo(f"Not better, because {'; '.join(summary.verdict_because)}.")
    typer.echo(f"Request  {answer.request_id}")
    for what, name in (("Scene", "scene.ply"), ("Preview", "preview.png"), ("Report", "report.json")):
        typer.echo(f"{what:<8} {output / name}")
