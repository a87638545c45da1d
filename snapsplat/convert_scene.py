"""`snapsplat convert` to a scene or to its points, and the cameras that move along."""

from pathlib import Path

import typer

from render.cameras import Cameras
from render.contribution import contributions
from render.edit import inside, placement, strongest, with_degree
from render.errors import ConfigError
from render.files import usd
from render.files.cameras_json import moved_cameras_file
from render.files.formats import format_of, read_scene, write_scene
from render.files.point_cloud import ENDING, write_point_cloud
from render.files.posed import placed_cameras
from render.turn import moved
from snapsplat.convert_asked import Asked


def convert_scene(source: Path, target: Path, asked: Asked) -> None:
    """Read, change, write; say what was kept.

    Raises:
        ConfigError: an option does not go with what is written.
        FileFormatError, CamerasError, OutputError: see the formats.
    """
    suffix, degree = _kind(target)
    if asked.text:
        raise ConfigError("--text is for COLMAP's model; a scene is written as its ending says.")
    if suffix in (".glb", *usd.ENDINGS) and asked.up != "-y":
        raise ConfigError(f"--up is {asked.up!r}; a {suffix} has y up by itself, and is written without --up.")
    corners = None if asked.crop is None else _corners(asked.crop)
    scene = read_scene(source)
    before = len(scene)
    if corners is not None:
        scene = scene[inside(scene, corners[:3], corners[3:])]
    cameras = _cameras_beside(source) if asked.max_gaussians is not None and len(scene) > asked.max_gaussians else None
    if asked.max_gaussians is not None:
        scene = strongest(scene, asked.max_gaussians, None if cameras is None else contributions(scene, cameras))
    T_new_old = placement(scene, asked.up, centred=asked.center, scale=asked.scale)
    scene = scene if T_new_old is None else moved(scene, T_new_old)
    if asked.sh_degree is not None:
        scene = with_degree(scene, asked.sh_degree)
    if suffix == ENDING:
        points = write_point_cloud(target, scene)
        typer.echo(f"{points} points, of {len(scene)} Gaussians those of opacity 0.5 and more: {target}")
    else:
        (usd.write_usd if suffix in usd.ENDINGS else write_scene)(target, scene)
        if scene.sh_degree > degree:
            typer.echo(f"Warning: {suffix} keeps harmonics up to degree {degree} alone.", err=True)
        kept = min(scene.sh_degree, degree)
        typer.echo(f"{len(scene)} of {before} Gaussians of degree {kept}, {target.stat().st_size} bytes: {target}")
    if T_new_old is not None and (file := _cameras_json(source)) is not None:
        name = target.name[: -len(suffix)].rstrip(".") or "scene"
        beside = target.with_name(f"{name}.cameras.json")
        moved_cameras_file(file, beside, T_new_old)
        typer.echo(f"Cameras, moved alike: {beside}")


def _kind(target: Path) -> tuple[str, int]:
    """Ending, and the highest degree of harmonics that is kept."""
    name = target.name.lower()
    if name.endswith(ENDING):
        return ENDING, 3
    if target.suffix.lower() in usd.ENDINGS:
        return target.suffix.lower(), 3
    known = format_of(target)
    return known.suffix, known.sh_degree


def _cameras_json(scene: Path) -> Path | None:
    beside = scene.with_name("cameras.json")
    return beside if beside.is_file() else None


def _cameras_beside(scene: Path) -> Cameras | None:
    file = _cameras_json(scene)
    return None if file is None else placed_cameras(file)[1]


def _corners(crop: str) -> tuple[float, ...]:
    try:
        corners = tuple(float(word) for word in crop.split(","))
    except ValueError:
        corners = ()
    if len(corners) != 6 or not all(low <= high for low, high in zip(corners[:3], corners[3:], strict=True)):
        raise ConfigError(f"--crop is {crop!r}; six numbers are right, of the lower corner and then of the upper one.")
    return corners
