"""`snapsplat convert` to a scene or to its points, and the cameras that move along."""

from pathlib import Path

import typer

from render.contribution import contributions
from render.edit import inside, placement, strongest, with_degree
from render.errors import ConfigError
from render.files import usd
from render.files.atomic import check_parent
from render.files.cameras_json import moved_cameras_file, read_cameras_json
from render.files.formats import OF_RUN, WRITTEN, format_of, read_scene, scene_file, write_scene
from render.files.point_cloud import ENDING, is_point_cloud, write_point_cloud
from render.files.posed import placed_cameras
from render.turn import moved
from snapsplat.convert_asked import Asked


def convert_scene(source: Path, target: Path, asked: Asked) -> None:
    """Read, change, write; say what was kept.

    Raises:
        ConfigError: an option does not go with what is written, or no scene is written with this ending.
        BackendError, FileFormatError, CamerasError, OutputError: see the formats.
    """
    suffix, degree = _kind(target)
    check_parent(target)
    source = scene_file(source)
    if asked.text:
        raise ConfigError("--text is for COLMAP's model; a scene is written as its ending says.")
    if suffix in (".glb", *usd.ENDINGS) and asked.up != "-y":
        raise ConfigError(f"--up is {asked.up!r}; a {suffix} has y up by itself, and is written without --up.")
    corners = None if asked.crop is None else _corners(asked.crop)
    file = _cameras_json(source)
    if asked.moves:
        _check_cameras(file, target)
    scene = read_scene(source)
    before = len(scene)
    if corners is not None:
        scene = scene[inside(scene, corners[:3], corners[3:])]
    if asked.max_gaussians is not None and len(scene) > asked.max_gaussians:
        added = None if file is None else contributions(scene, placed_cameras(file)[1])
        scene = strongest(scene, asked.max_gaussians, added)
    T_new_old = placement(scene, asked.up, centred=asked.center, scale=asked.scale)
    scene = scene if T_new_old is None else moved(scene, T_new_old)
    if asked.sh_degree is not None:
        scene = with_degree(scene, asked.sh_degree)
    if suffix == ENDING:
        points = write_point_cloud(target, scene)
        typer.echo(f"{points} points, of {len(scene)} Gaussians those of opacity 0.5 and more: {target}")
    else:
        write_scene(target, scene)
        if scene.sh_degree > degree:
            typer.echo(f"Warning: {suffix} keeps harmonics up to degree {degree} alone.", err=True)
        kept = min(scene.sh_degree, degree)
        typer.echo(f"{len(scene)} of {before} Gaussians of degree {kept}, {target.stat().st_size} bytes: {target}")
    if T_new_old is not None and file is not None:
        beside = _beside(target, suffix)
        moved_cameras_file(file, beside, T_new_old)
        typer.echo(f"Cameras, moved alike: {beside}")


def _kind(target: Path) -> tuple[str, int]:
    """Ending, and the highest degree of harmonics that is kept."""
    if is_point_cloud(target):
        return ENDING, 3
    if not target.name.lower().endswith(WRITTEN):
        what = (
            "no scene is written with this ending"
            if target.suffix
            else "the ending is missing, which says what to write"
        )
        raise ConfigError(f"{target}: {what}; {', '.join(WRITTEN)} are known.")
    if target.suffix.lower() in usd.ENDINGS:
        usd.load_usd(target)
        return target.suffix.lower(), 3
    known = format_of(target)
    return known.suffix, known.sh_degree


def _beside(scene: Path, suffix: str) -> Path:
    """Where the cameras of a scene that was moved are."""
    return scene.with_name(f"{scene.name[: -len(suffix)].rstrip('.') or 'scene'}.cameras.json")


def _cameras_json(scene: Path) -> Path | None:
    """The file of the cameras in the scene's own frame; `scene.ply` is a run's, and so is the `cameras.json` there."""
    files = [_beside(scene, format_of(scene).suffix), scene.with_name("cameras.json")]
    if scene.name == OF_RUN:
        files.reverse()
    return next((file for file in files if file.is_file()), None)


def _check_cameras(file: Path | None, target: Path) -> None:
    """Before anything is written: cameras that shall move have to be sound, and those of a run stay its scene's."""
    if file is not None:
        read_cameras_json(file)
    of_run = target.with_name("cameras.json")
    if target.name == OF_RUN and of_run.is_file():
        raise ConfigError(f"{of_run} has the cameras of the {OF_RUN} there; a moved scene needs another name.")


def _corners(crop: str) -> tuple[float, ...]:
    try:
        corners = tuple(float(word) for word in crop.split(","))
    except ValueError:
        corners = ()
    if len(corners) != 6 or not all(low <= high for low, high in zip(corners[:3], corners[3:], strict=True)):
        raise ConfigError(f"--crop is {crop!r}; six numbers are right, of the lower corner and then of the upper one.")
    return corners
