"""`snapsplat convert` and `snapsplat info`."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from snapsplat.refusals import refusals_told

if TYPE_CHECKING:
    from render.files.formats import SceneFormat
    from render.gaussians import Gaussians
    from render.scene_facts import SceneFacts

BAR = 40
"""Characters of the longest bar of a histogram."""
STOPPED = "Stopped; no file was left half written."
OUT_OF_MEMORY = "Out of memory; --max-gaussians or --crop do not help before the file is read."


@dataclass(frozen=True)
class _Asked:
    """Options of one call."""

    up: Literal["-y", "y", "z"]
    center: bool
    scale: float
    sh_degree: int | None
    crop: str | None
    max_gaussians: int | None
    text: bool

    @property
    def edits(self) -> bool:
        """Whether any option changes a scene."""
        return (self.up, self.center, self.scale, self.sh_degree, self.crop, self.max_gaussians) != (
            *("-y", False, 1.0),
            *(None, None, None),
        )


def convert(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="A scene, or a folder that a run has left.", show_default=False),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="File to write; its ending says the format: .ply, .compressed.ply, .splat, .spz, .glb. Of a folder "
            "IN also its cameras: a name that ends with .json becomes nerfstudio's transforms.json, one without an "
            "ending a folder with COLMAP's model.",
            show_default=False,
        ),
    ],
    up: Annotated[
        Literal["-y", "y", "z"],
        typer.Option(metavar="AXIS", help="Axis that shall point up: y, z, or -y, which it is."),
    ] = "-y",
    center: Annotated[bool, typer.Option("--center", help="Move the median of all centres to the origin.")] = False,
    scale: Annotated[float, typer.Option(metavar="S", help="Multiply all lengths.")] = 1.0,
    sh_degree: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Harmonics up to 0, 1, 2 or 3: higher ones are cut, missing ones 0.",
            show_default=False,
        ),
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,Z,X,Y,Z",
            help="Keep what has its centre between these two corners, in the axes and unit of IN.",
            show_default=False,
        ),
    ] = None,
    max_gaussians: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Keep the N Gaussians of the highest opacity.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="COLMAP's model as text.")] = False,
) -> None:
    """Write a scene in another format, or the cameras of a run for other programs.

    The scene is cropped, decimated, centred, scaled and turned, in this order; its harmonics turn with it.

    \b
    snapsplat convert out/scene.ply scene.spz
    snapsplat convert out/scene.ply scene.splat --up y --center --max-gaussians 200000
    snapsplat convert out colmap
    snapsplat convert out nerfstudio/transforms.json
    """
    with refusals_told(STOPPED, OUT_OF_MEMORY):
        from render.errors import require

        require(scale > 0 and scale < 1e9, "--scale", scale, "a number above 0")
        require(sh_degree is None or 0 <= sh_degree <= 3, "--sh-degree", sh_degree, "0, 1, 2 or 3")
        require(max_gaussians is None or max_gaussians > 0, "--max-gaussians", max_gaussians, "1 or more")
        asked = _Asked(up, center, scale, sh_degree, crop, max_gaussians, text)
        if source.is_dir() and target.suffix.lower() in ("", ".json"):
            _convert_cameras(source, target, asked)
        else:
            _convert_scene(source / "scene.ply" if source.is_dir() else source, target, asked)


def _convert_scene(source: Path, target: Path, asked: _Asked) -> None:
    from render.edit import inside, placed, strongest, with_degree
    from render.errors import ConfigError
    from render.files.formats import format_of, read_scene, write_scene

    known = format_of(target)
    if asked.text:
        raise ConfigError("--text is for COLMAP's model; a scene is written as its ending says.")
    if known.suffix == ".glb" and asked.up != "-y":
        raise ConfigError(f"--up is {asked.up!r}; a .glb has y up by itself, and is written without --up.")
    corners = None if asked.crop is None else _corners(asked.crop)
    scene = read_scene(source)
    before = len(scene)
    if corners is not None:
        scene = scene[inside(scene, corners[:3], corners[3:])]
    if asked.max_gaussians is not None:
        scene = strongest(scene, asked.max_gaussians)
    scene = placed(scene, asked.up, centred=asked.center, scale=asked.scale)
    if asked.sh_degree is not None:
        scene = with_degree(scene, asked.sh_degree)
    write_scene(target, scene)
    if scene.sh_degree > known.sh_degree:
        typer.echo(f"Warning: {known.suffix} keeps harmonics up to degree {known.sh_degree} alone.", err=True)
    degree = min(scene.sh_degree, known.sh_degree)
    typer.echo(f"{len(scene)} of {before} Gaussians of degree {degree}, {target.stat().st_size} bytes: {target}")


def _convert_cameras(source: Path, target: Path, asked: _Asked) -> None:
    from render.errors import ConfigError
    from render.files.colmap import write_colmap
    from render.files.formats import read_scene
    from render.files.posed import placed_cameras
    from render.files.transforms_json import write_transforms_json

    if asked.edits:
        raise ConfigError("Options that change a scene do not change cameras, which are written as they are.")
    names, cameras = placed_cameras(source / "cameras.json")
    if target.suffix:
        if asked.text:
            raise ConfigError("--text is for COLMAP's model; transforms.json is text.")
        write_transforms_json(target, names, cameras)
    else:
        write_colmap(target / "sparse" / "0", names, cameras, read_scene(source / "scene.ply"), text=asked.text)
    typer.echo(f"{len(names)} cameras: {target}. Photos belong into {_beside(target) / 'images'}.")


def _beside(target: Path) -> Path:
    return target.parent if target.suffix else target


def _corners(crop: str) -> tuple[float, ...]:
    from render.errors import ConfigError

    try:
        corners = tuple(float(word) for word in crop.split(","))
    except ValueError:
        corners = ()
    if len(corners) != 6 or not all(low <= high for low, high in zip(corners[:3], corners[3:], strict=True)):
        raise ConfigError(f"--crop is {crop!r}; six numbers are right, of the lower corner and then of the upper one.")
    return corners


def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scene of any known format.", show_default=False)],
) -> None:
    """Say what a scene holds: counts, bounds, how opacities and scales are spread, what takes the bytes.

    \b
    snapsplat info out/scene.ply
    """
    with refusals_told(STOPPED, "Out of memory."):
        from render.files.formats import format_of_content, read_scene
        from render.scene_facts import facts_of

        scene = read_scene(file)
        known, facts = format_of_content(file), facts_of(scene)
        typer.echo(f"{facts.count} Gaussians of degree {facts.sh_degree}")
        for axis, low, high in zip("xyz", facts.low.tolist(), facts.high.tolist(), strict=True):
            typer.echo(f"{axis} from {low:.4g} to {high:.4g}")
        for line in (*_opacities(facts), *_scales(facts), *_bytes(known, scene, file.stat().st_size)):
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
    each = {name: bytes_ * (rest if name == "sh_rest" else 1) for name, bytes_ in known.attribute_bytes.items()}
    rows = [f"  {name:>16} {round(bytes_ * len(scene)):>11}" for name, bytes_ in each.items() if bytes_]
    before = " before compression" if known.compressed else ""
    return ["", f"{size} bytes of {known.suffix}; by attribute{before}:", *rows]
