"""Scenes as folders on disk, in the form that `snapsplat data inspect` and training read."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from recon.training.scenes import SceneSource, TrainingScene
from render.errors import OutputError
from render.files.atomic import write_atomically
from render.files.cameras_json import write_cameras_json


def write_scenes(out: Path, source: SceneSource, scenes: int) -> Iterator[Path]:
    """Write the first `scenes` of a source into `out`, a folder each, and tell of each when it is there.

    A scene whose folder exists is left as it is: a run that was stopped goes on where it was.

    Raises:
        OutputError: a folder cannot be written.
    """
    for index in range(scenes):
        folder = out / f"{index:06d}"
        if not folder.exists():
            write_scene(folder, source[index])
        yield folder


def write_scene(folder: Path, scene: TrainingScene) -> None:
    """Photos as PNG, depth as float32 in `.npy`, cameras.json; under a temporary name first.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror or error}).") from error
    try:
        names = [f"{view:04d}.png" for view in range(len(scene.photos))]
        for kind in ("images", "depth"):
            (part / kind).mkdir()
        for name, photo in zip(names, scene.photos, strict=True):
            content = io.BytesIO()
            Image.fromarray(photo).save(content, "PNG")
            write_atomically(part / "images" / name, content.getvalue())
        for name, depth in zip(names, scene.depth or (), strict=scene.depth is not None):
            content = io.BytesIO()
            np.save(content, depth)
            write_atomically((part / "depth" / name).with_suffix(".npy"), content.getvalue())
        write_cameras_json(part / "cameras.json", names, scene.cameras, [True] * len(names))
        # mkdtemp makes folders that only their owner may enter; this one is as open as those in it.
        part.chmod((part / "images").stat().st_mode)
        part.rename(folder)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
