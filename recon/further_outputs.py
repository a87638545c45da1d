"""Reconstruction -> files beside those of every run, for other programs; docs/outputs.md has their names."""

from pathlib import Path

from recon.reconstruction import Reconstruction
from render.files import usd
from render.files.atomic import make_folder
from render.files.colmap import write_colmap
from render.files.depth_maps import WRITERS, write_depth
from render.files.formats import WRITTEN, write_scene
from render.files.point_cloud import write_point_cloud
from render.files.transforms_json import write_transforms_json

SCENES = tuple(f"scene{suffix}" for suffix in WRITTEN if suffix != ".ply")
"""Of the scene again; every run has its scene.ply."""
POINTS, COLMAP, NERFSTUDIO = "points.ply", "colmap", "transforms.json"
DEPTHS = {f"depth_{suffix[1:]}": suffix for suffix in WRITERS}
"""Folders with a file for each photo, and how the files' names end."""
FURTHER_KINDS = (*SCENES, POINTS, *DEPTHS, COLMAP, NERFSTUDIO)


def check_further(kind: str) -> None:
    """Find out before the work whether one of `FURTHER_KINDS` can be written here.

    Raises:
        BackendError: a package is missing.
    """
    if Path(kind).suffix in usd.ENDINGS:
        usd.load_usd(Path(kind))


def write_further(kind: str, scene: Reconstruction, path: Path) -> None:
    """Write one of `FURTHER_KINDS`, a file or a folder, to `path`, whose name it is.

    Raises:
        BackendError: a package is missing.
        FileFormatError: a value is one that no file may hold. OutputError: the folder cannot be written.
    """
    if kind == POINTS:
        write_point_cloud(path, scene.gaussians)
    elif kind in DEPTHS:
        make_folder(path)
        for name, depth in zip(scene.names, scene.depth, strict=True):
            write_depth(path / f"{name}{DEPTHS[kind]}", depth.numpy())
    elif kind in (COLMAP, NERFSTUDIO):
        _write_cameras(kind, scene, path)
    else:
        write_scene(path, scene.gaussians)


def _write_cameras(kind: str, scene: Reconstruction, path: Path) -> None:
    placed = [view for view, origin in enumerate(scene.origin) if origin != "not registered"]
    names, cameras = [scene.names[view] for view in placed], scene.cameras[placed]
    if kind == NERFSTUDIO:
        write_transforms_json(path, names, cameras)
    else:
        write_colmap(path / "sparse" / "0", names, cameras, scene.gaussians, text=False)
