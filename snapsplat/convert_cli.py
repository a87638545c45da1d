"""`snapsplat convert`: its options, and what the name of OUT asks for."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from snapsplat.refusals import refusals_told

STOPPED = "Stopped; no file was left half written."
OUT_OF_MEMORY = "Out of memory; --max-gaussians or --crop do not help before the file is read."


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A scene, a folder that a run has left, or cameras: cameras.json, transforms.json, or a folder with "
            "one of them or with COLMAP's model.",
            show_default=False,
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="What to write, by its ending: a scene (.ply, .compressed.ply, .splat, .spz, .sog, .glb, .usda, "
            ".usdc), the points of one (points.ply, or NAME.points.ply), cameras (cameras.json; any other .json is "
            "nerfstudio's transforms.json; no ending is a folder for COLMAP's model), or depth (.png, .exr), where {} "
            "in the name stands for each photo's.",
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
            help="Keep the N Gaussians that add most to the pictures of IN's cameras; without any, those of the "
            "highest opacity.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="COLMAP's model as text.")] = False,
) -> None:
    """Write a scene, its cameras or its depth for other programs.

    The scene is cropped, decimated, centred, scaled and turned, in this order; its harmonics turn with it, and so do
    IN's cameras, which are then written as NAME.cameras.json beside OUT. IN's are in NAME.cameras.json beside it, or
    else in cameras.json.

    \b
    snapsplat convert out/scene.ply scene.spz
    snapsplat convert out scene.splat --up y --center --max-gaussians 200000
    snapsplat convert out points.ply
    snapsplat convert out colmap
    snapsplat convert colmap nerfstudio/transforms.json
    snapsplat convert out depth/{}.exr
    """
    with refusals_told(STOPPED, OUT_OF_MEMORY):
        from render.errors import require
        from render.files.formats import is_scene
        from snapsplat.convert_asked import EVERY_PHOTO, Asked
        from snapsplat.convert_cameras import convert_cameras
        from snapsplat.convert_depth import convert_depth
        from snapsplat.convert_scene import convert_scene

        require(scale > 0 and scale < 1e9, "--scale", scale, "a number above 0")
        require(sh_degree is None or 0 <= sh_degree <= 3, "--sh-degree", sh_degree, "0, 1, 2 or 3")
        require(max_gaussians is None or max_gaussians > 0, "--max-gaussians", max_gaussians, "1 or more")
        asked = Asked(up, center, scale, sh_degree, crop, max_gaussians, text)
        if EVERY_PHOTO in target.name:
            convert_depth(source, target, asked)
        elif target.suffix.lower() in ("", ".json") and not is_scene(source):
            convert_cameras(source, target, asked)
        else:
            convert_scene(source, target, asked)
