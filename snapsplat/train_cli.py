"""`snapsplat train` and `snapsplat evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from render.errors import SnapsplatError
from render.extras import check_installed
from snapsplat.refusals import refusals_told
from snapsplat.scene_options import Model

if TYPE_CHECKING:
    from recon.evaluation.evaluate import Scores
    from recon.training.config import TrainConfig
    from recon.training.scenes import SceneSource
    from recon.training.train import Sources


def train(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="OUT", help="Folder of this run; the same one goes on.", show_default=False
        ),
    ],
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="Options of the configuration: stage=judge captures=my/captures start=runs/judge/best.safetensors",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a learned stage on random rooms, made while it runs, or on one's own captures; Ctrl-C stops it, the same
    command goes on.

    OUT/best.safetensors are the weights that did best on photos never trained on; OUT/log is for TensorBoard.

    \b
    snapsplat train -o runs/depth stage=depth loop.minutes=120
    snapsplat train -o runs/mine stage=judge captures=my/captures
    snapsplat reconstruct photos/ -o out network.fuse.judge_weights=runs/mine/best.safetensors
    """
    with refusals_told("Stopped; the same command goes on from the last save.", "Out of memory; try a smaller batch."):
        for needed in ("lightning", "tensorboard"):
            _require(needed)
        from recon.training.config import load_train_config
        from recon.training.train import train as train_stage

        config = load_train_config(options or [])
        best = train_stage(config, output, _captures(config) if config.captures else _rooms, typer.echo)
        figures = ", ".join(f"{name} {value:.4f}" for name, value in best.items())
        typer.echo(f"Best: {figures}" if best else "Nothing was validated yet: loop.validate_every steps come first.")


def _rooms(views: int, size_wh: tuple[int, int]) -> "tuple[SceneSource, SceneSource]":
    _require("moderngl")
    from data_tools.rooms.source import RoomsSource

    return RoomsSource("train", views, size_wh), RoomsSource("validation", views, size_wh)


def _captures(config: "TrainConfig") -> "Sources":
    from data_tools.captures.training import captures_to_train_on

    def captures(views: int, size_wh: tuple[int, int]) -> "tuple[SceneSource, SceneSource]":
        stage = config.stage
        return captures_to_train_on(Path(config.captures), views, stage.fewest, max(size_wh), stage.NEEDS_DEPTH)

    return captures


def _require(package: str) -> None:
    check_installed("Training needs", package, "train")


def evaluate(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Folder of one capture with cameras, or of several, as `snapsplat data inspect` reads them.",
            show_default=False,
        ),
    ],
    model: Model = "small",
    photos: Annotated[int, typer.Option(metavar="N", min=2, help="So many photos make each scene.")] = 4,
    targets: Annotated[int, typer.Option(metavar="N", min=1, help="So many others are predicted.")] = 2,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Which photos are chosen.")] = 0,
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the configuration.", show_default=False),
    ] = None,
) -> None:
    """Make scenes from some photos of captures, their cameras given, and score what they predict of others."""
    with refusals_told("Stopped.", "Out of memory; try fewer photos.", {"network": "--model"}):
        import numpy as np

        from data_tools.captures.source import Captures
        from recon.config import load_config
        from recon.engine import Engine
        from recon.evaluation.evaluate import Scores, evaluate_scene
        from recon.training.choose import choose_views

        config = load_config([f"network={model}", *(options or [])])
        engine = Engine(config.network, config.device)
        captures = Captures.at(path, long_side=4 * config.size)
        rows: list[Scores] = []
        typer.echo("| scene | PSNR | SSIM | cover | AbsRel | Gaussians |\n|---|---|---|---|---|---|")
        for i in range(len(captures)):
            name = captures.captures[i].name
            try:
                scene = captures[i]
                chosen = choose_views(scene, photos, np.random.default_rng([seed, i]), targets)
                found = evaluate_scene(engine, scene, *chosen, config.size)
            except SnapsplatError as error:
                found = error
            if isinstance(found, Scores):
                rows.append(found)
                typer.echo(f"| {name} | {_cells(found)} |")
            else:
                typer.echo(f"| {name} | - | - | - | - | - |")
                typer.echo(f"{name}: {found}", err=True)
        if rows:
            means = ((r.psnr, r.ssim) for r in rows)
            psnr, ssim = (float(np.mean(column)) for column in zip(*means, strict=True))
            typer.echo(f"| **mean of {len(rows)}** | {psnr:.2f} | {ssim:.3f} | | | |")


def _cells(scores: "Scores") -> str:
    absrel = "-" if scores.depth is None else f"{scores.depth.absrel:.3f}"
    return f"{scores.psnr:.2f} | {scores.ssim:.3f} | {scores.coverage:.2f} | {absrel} | {scores.gaussians}"
