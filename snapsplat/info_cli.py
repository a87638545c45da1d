"""`snapsplat info`."""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snapsplat.refusals import refusals_told

if TYPE_CHECKING:
    from render.files.formats import SceneFormat
    from render.gaussians import Gaussians
    from render.scene_facts import SceneFacts

BAR = 40
"""Characters of the longest bar of a histogram."""


def info(
    scene: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="What reconstruct wrote, or a scene's file of any known format.", show_default=False
        ),
    ],
) -> None:
    """Say what a scene holds: counts, bounds, how opacities and scales are spread, what takes the bytes.

    \b
    snapsplat info out
    snapsplat info scene.spz
    """
    with refusals_told("Stopped.", "Out of memory."):
        from render.files.formats import format_of_content, read_scene, scene_file
        from render.scene_facts import facts_of

        file = scene_file(scene)
        gaussians = read_scene(file)
        known, facts = format_of_content(file), facts_of(gaussians)
        typer.echo(f"{facts.count} Gaussians of degree {facts.sh_degree}")
        for axis, low, high in zip("xyz", facts.low.tolist(), facts.high.tolist(), strict=True):
            typer.echo(f"{axis} from {low:.4g} to {high:.4g}")
        for line in (*_opacities(facts), *_scales(facts), *_bytes(known, gaussians, file.stat().st_size)):
            typer.echo(line)
        for warning in facts.warnings:
            typer.echo(f"Warning: {warning}", err=True)


def _opacities(facts: "SceneFacts") -> list[str]:
    tenths = [f"{i / 10:.1f} to {(i + 1) / 10:.1f}" for i in range(len(facts.opacity_counts))]
    return ["", "Opacity", *_histogram(tenths, facts.opacity_counts)]


def _scales(facts: "SceneFacts") -> list[str]:
    edges = facts.scale_edges.tolist()
    bins = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
    return ["", "Longest scale", *_histogram(bins, facts.scale_counts)]


def _histogram(labels: list[str], counts: tuple[int, ...]) -> list[str]:
    most, width = max(*counts, 1), max(map(len, labels))
    return [
        f"  {label:>{width}} {count:>9} {'#' * round(BAR * count / most)}"
        for label, count in zip(labels, counts, strict=True)
    ]


def _bytes(known: "SceneFormat", scene: "Gaussians", size: int) -> list[str]:
    rest = scene.sh.shape[1] - 1
    times = {"sh_rest": rest * min(len(scene), known.palette or len(scene)), "sh_labels": len(scene) if rest else 0}
    total = {name: round(bytes_ * times.get(name, len(scene))) for name, bytes_ in known.attribute_bytes.items()}
    rows = [f"  {name:>16} {bytes_:>11}" for name, bytes_ in total.items() if bytes_]
    before = " before compression" if known.compressed else ""
    return ["", f"{size} bytes of {known.suffix}; by attribute{before}:", *rows]
