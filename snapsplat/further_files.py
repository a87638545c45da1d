"""Files that `snapsplat reconstruct --also` writes beside those of every run."""

from collections.abc import Callable, Sequence
from pathlib import Path

from recon.further_outputs import FURTHER_KINDS, check_further
from recon.outputs import save_reconstruction
from recon.reconstruction import Reconstruction
from render.errors import ConfigError, SnapsplatError
from render.extras import check_installed

VIDEO, PAGE = "preview.mp4", "scene.html"
MESHES = ("mesh.glb", "mesh.ply", "mesh.obj")
KINDS = (*FURTHER_KINDS, VIDEO, PAGE, *MESHES)
FRAMES = 60
"""Of the fly-through, one way."""
SIDE_PX = 480
PAGE_MB = 20.0


def check_further_files(names: Sequence[str]) -> None:
    """Find out before a long run whether all can be written.

    Raises:
        ConfigError: there is no such file.
        BackendError: what it needs is not installed, or cannot be loaded.
    """
    for name in names:
        if name not in KINDS:
            raise ConfigError(f"--also is {name!r}; it must be one of {', '.join(KINDS)}.")
    for name in names:
        check_further(name)
        if name == PAGE:
            check_installed(f"{name} needs", "viser", "view")
    if set(names) & set(MESHES):
        from data_tools.meshes.needed import check_mesh_packages

        check_mesh_packages()


def write_further_files(
    scene: Reconstruction, folder: Path, names: Sequence[str], progress: Callable[[str], None]
) -> list[SnapsplatError]:
    """Write all that can be written, and give back why the others cannot: one does not hinder the next."""
    failed = []
    for name in names:
        try:
            write_further_file(scene, folder, name)
        except SnapsplatError as error:
            failed.append(error)
        else:
            progress(name)
    return failed


def write_further_file(scene: Reconstruction, folder: Path, name: str) -> None:
    """Write one into `folder`, which holds the run's own files; it is there whole or not at all.

    Raises:
        SnapsplatError: it cannot be written, or no mesh can be made.
    """
    if name in FURTHER_KINDS:
        save_reconstruction(scene, folder, (name,))
    elif name in MESHES:
        _write_mesh(scene, folder, folder / name)
    else:
        _write_view(scene, folder / name)


def _write_mesh(scene: Reconstruction, folder: Path, path: Path) -> None:
    from data_tools.meshes.depth_views import read_depth_views
    from data_tools.meshes.mesh_file import write_mesh
    from data_tools.meshes.tidy import tidied
    from data_tools.meshes.tsdf import fuse

    photos = dict(zip(scene.names, scene.photos, strict=True))
    write_mesh(path, tidied(fuse(read_depth_views(folder, photos=photos))))


def _write_view(scene: Reconstruction, path: Path) -> None:
    from render.files.atomic import write_atomically
    from render.view.video import drawn_frames, write_video
    from snapsplat.viewed import viewed

    shown = viewed(scene)
    if path.name == VIDEO:
        write_video(path, list(drawn_frames(scene.gaussians, shown.fly_through(FRAMES, SIDE_PX))))
    else:
        from render.view.page import page

        write_atomically(path, page(shown, PAGE_MB)[0].encode())
