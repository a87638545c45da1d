"""`snapsplat convert` to cameras: this project's own file, COLMAP's model, nerfstudio's file, from any of them."""

from dataclasses import replace
from pathlib import Path

import torch
import typer

from data_tools.captures.only_cameras import cameras_at
from render.cameras import Cameras
from render.edit import placement
from render.errors import ConfigError
from render.files.atomic import make_folder
from render.files.cameras_json import write_cameras_json
from render.files.colmap import write_colmap
from render.files.formats import read_scene
from render.files.transforms_json import write_transforms_json
from render.gaussians import Gaussians
from render.turn import moved, moved_poses
from snapsplat.convert_asked import Asked

OWN_ENDING = "cameras.json"


def convert_cameras(source: Path, target: Path, asked: Asked) -> None:
    """Read what is placed, move it, write it; a folder for COLMAP also gets points, where there is a scene.

    Raises:
        ConfigError: an option does not go with cameras.
        InputError, FileFormatError, CamerasError, OutputError: see the formats.
    """
    if asked.edits:
        raise ConfigError("--crop, --max-gaussians and --sh-degree change a scene, not cameras.")
    if asked.text and target.suffix:
        raise ConfigError(f"--text is for COLMAP's model; {target.name} is text.")
    names, cameras = cameras_at(source)
    # Nothing else in what is written goes by the scene.
    scene = source / "scene.ply" if asked.center or not target.suffix else None
    gaussians = read_scene(scene) if scene is not None and scene.is_file() else None
    if asked.center and gaussians is None:
        raise ConfigError(f"--center goes by a scene's Gaussians, and {source} has no scene.ply.")
    cameras, gaussians = _placed(cameras, gaussians, asked)
    make_folder(target.parent)
    if target.name.lower().endswith(OWN_ENDING):
        write_cameras_json(target, names, cameras, [True] * len(names))
    elif target.suffix:
        write_transforms_json(target, names, cameras)
    else:
        write_colmap(target / "sparse" / "0", names, cameras, gaussians, text=asked.text)
        if asked.text and any(" " in name for name in names):
            typer.echo("Warning: in text, COLMAP takes a name to end at its first space; without --text not.", err=True)
    photos = (target.parent if target.suffix else target) / "images"
    typer.echo(f"{len(names)} cameras: {target}. Photos belong into {photos}.")


def _placed(cameras: Cameras, gaussians: Gaussians | None, asked: Asked) -> tuple[Cameras, Gaussians | None]:
    nothing = Gaussians(torch.zeros(0, 3), torch.zeros(0, 4), torch.zeros(0, 3), torch.zeros(0), torch.zeros(0, 1, 3))
    T_new_old = placement(
        nothing if gaussians is None else gaussians, asked.up, centred=asked.center, scale=asked.scale
    )
    if T_new_old is None:
        return cameras, gaussians
    poses = moved_poses(cameras.T_world_camera, T_new_old)
    # What was in metres is so no longer, once lengths are multiplied.
    scale = cameras.scale if asked.scale == 1 else "relative"
    there = None if gaussians is None else moved(gaussians, T_new_old)
    return replace(cameras, T_world_camera=poses, scale=scale), there
