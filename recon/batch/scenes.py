"""Rows of a list -> scenes, each checked before any is made; what is wrong is said of all rows at once."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from recon.batch.manifest import COLUMNS, Row
from recon.batch.places import check_place, is_remote
from recon.batch.scene import Scene, check_id, folded
from recon.batch.scene_options import RunOptions, SceneOptions
from render.errors import ConfigError, SnapsplatError

SAID = 10
"""Wrong rows that are told; of more, how many there are."""


def make_scenes(rows: Sequence[Row], options: RunOptions) -> list[Scene]:
    """In the order of their ids, which does not depend on that of the rows.

    Raises:
        ConfigError: a row lacks something, has what nobody knows, or has an id that cannot be or is another row's.
    """
    options.scene()  # What is wrong with the run's own is no row's fault.
    scenes: dict[str, Scene] = {}
    wheres: dict[str, str] = {}
    wrong: list[str] = []
    for row in rows:
        try:
            scene = _scene(row, options)
            first = wheres.setdefault(folded(scene.id), row.where)
            if first is not row.where:
                raise ConfigError(f"id {scene.id!r} is also that of {first}; each scene needs its own.")
            scenes[scene.id] = scene
        except SnapsplatError as error:
            wrong.append(f"{row.where}: {error}")
    if wrong:
        more = [f"And {len(wrong) - SAID} more rows."] if len(wrong) > SAID else []
        raise ConfigError("\n".join([*wrong[:SAID], *more]))
    return [scenes[id] for id in sorted(scenes)]


def _scene(row: Row, options: RunOptions) -> Scene:
    values = row.values
    unknown = sorted(set(values) - set(COLUMNS))
    if unknown:
        raise ConfigError(f"column {unknown[0]!r} is not known; there are {', '.join(COLUMNS)}.")
    id = _text(values, "id")
    check_id(id)
    images = values.get("images")
    images = [images] if isinstance(images, str) else images
    if not isinstance(images, list) or not images or not all(isinstance(one, str) and one for one in images):
        raise ConfigError(f"images is {values.get('images')!r}; a folder, or a list of photos, is expected.")
    cameras = _text(values, "cameras") if "cameras" in values else None
    for place in (*images, *([] if cameras is None else [cameras])):
        check_place(place)
    return Scene(
        id=id,
        images=tuple(_resolved(one, row.base) for one in images),
        cameras=None if cameras is None else _resolved(cameras, row.base),
        options=_options(values, options),
    )


def _options(values: dict[str, Any], options: RunOptions) -> SceneOptions:
    own: dict[str, Any] = {}
    if "model" in values:
        own["model"] = _text(values, "model")
    for name in ("size", "seed"):
        if name in values:
            own[name] = _whole(values, name)
    given = values.get("options", [])
    overrides = given.split() if isinstance(given, str) else given
    if not isinstance(overrides, list) or not all(isinstance(one, str) and "=" in one for one in overrides):
        raise ConfigError(f"options is {given!r}; such as 'network.depth.rounds=2' is expected, a space between two.")
    return options.scene(**own, overrides=overrides)


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ConfigError(f"{name} is {value!r}; a text is expected.")
    return str(value)


def _whole(values: dict[str, Any], name: str) -> int:
    value = values[name]
    convert: Callable[[Any], int] = int
    try:
        number = convert(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    # 384.0 is what a column with gaps is made of.
    if number is None or isinstance(value, bool) or (isinstance(value, float) and value != number):
        raise ConfigError(f"{name} is {value!r}; a whole number is expected.")
    return number


def _resolved(place: str, base: str) -> str:
    """Relative to where the manifest is."""
    if is_remote(place) or not base or Path(place).is_absolute():
        return place
    return f"{base}/{place}" if is_remote(base) else str(Path(base) / place)
