"""`snapsplat mesh`."""

from pathlib import Path
from typing import Annotated

import typer

from snapsplat.refusals import refusals_told


def mesh(
    scene: Annotated[Path, typer.Argument(metavar="OUT", help="What reconstruct wrote.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="File to write: .glb, .ply or .obj.", show_default=False),
    ],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTOS", help="The scene's photos, for colours; without them, the scene's.", show_default=False
        ),
    ] = None,
    voxel: Annotated[
        float | None,
        typer.Option(
            metavar="LENGTH",
            help="Side of a voxel, in the scene's unit; without it, 1.5 pixels at the median depth.",
            show_default=False,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(metavar="C", help="Depth that is less sure is left out, from 0 to 1.")
    ] = 0.3,
    drawn: Annotated[
        bool, typer.Option("--drawn", help="Fuse the depth that the Gaussians show instead of the photos' own.")
    ] = False,
    watertight: Annotated[
        bool, typer.Option("--watertight", help="Close it: open parts get a back, two voxels behind.")
    ] = False,
) -> None:
    """Fuse a run's depth into one mesh, coloured by vertex, in the scene's frame and unit.

    \b
    snapsplat mesh out photos/ -o mesh.glb
    snapsplat mesh out -o print.ply --watertight
    """
    with refusals_told("Stopped; no file was written.", "Out of memory; try a larger --voxel."):
        from data_tools.meshes.needed import check_mesh_packages

        check_mesh_packages()
        from data_tools.meshes.depth_views import check_run, read_depth_views
        from data_tools.meshes.mesh_file import check_suffix, write_mesh
        from data_tools.meshes.tidy import closed, tidied
        from data_tools.meshes.tsdf import fuse
        from render.errors import require
        from render.files.atomic import check_parent
        from snapsplat.run_photos import photos_of_run

        check_suffix(output)
        check_parent(output)
        require(voxel is None or 0 < voxel < 1e9, "--voxel", voxel, "a length above 0")
        require(0 <= confidence <= 1, "--confidence", confidence, "from 0 to 1")
        check_run(scene)
        views = read_depth_views(scene, confidence, photos_of_run(scene, photos or []), drawn)
        surface = tidied(fuse(views, voxel))
        if watertight:
            surface = closed(surface)
        write_mesh(output, surface)
        counts = f"{len(surface.vertices)} vertices, {len(surface.faces)} triangles"
        typer.echo(f"Mesh     {output}: {counts}, of voxels of {surface.voxel:.3g}")
