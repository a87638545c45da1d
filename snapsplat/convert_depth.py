"""`snapsplat convert` of a run's depth: a 16-bit PNG or an OpenEXR file for each photo."""

from pathlib import Path

import typer

from render.errors import ConfigError, InputError
from render.files.atomic import make_folder
from render.files.cameras_json import read_cameras_json
from render.files.depth_maps import WRITERS, read_depth_npy, write_depth
from snapsplat.convert_asked import EVERY_PHOTO, Asked


def convert_depth(source: Path, target: Path, asked: Asked) -> None:
    """Write each map of `source`/depth where `target` says, its name in the place of {}.

    Raises:
        ConfigError: an option does not go with depth, or no depth has this ending.
        InputError: there is no depth.
        FileFormatError, CamerasError, OutputError: see the formats.
    """
    if asked.edits or asked.moves or asked.text:
        raise ConfigError("Options that change a scene do not change depth, which is written in the unit that it has.")
    if target.suffix.lower() not in WRITERS:
        raise ConfigError(f"Depth is written to names that end with {' or '.join(WRITERS)}; {target.name} does not.")
    names = [name for name in read_cameras_json(source / "cameras.json").rows if _map(source, name).is_file()]
    if not names:
        raise InputError(f"{source / 'depth'} holds no depth of a photo of cameras.json; a run leaves it there.")
    make_folder(target.parent)
    too_far = pixels = 0
    for name in names:
        depth = read_depth_npy(_map(source, name))
        pixels += depth.size
        too_far += write_depth(target.with_name(target.name.replace(EVERY_PHOTO, Path(name).name)), depth)
    if too_far:
        typer.echo(
            f"Warning: {too_far} of {pixels} pixels lie beyond 65.535 and are 0, not known; .exr has them.", err=True
        )
    typer.echo(f"Depth of {len(names)} photos: {target}")


def _map(source: Path, name: str) -> Path:
    return source / "depth" / f"{Path(name).name}.npy"
