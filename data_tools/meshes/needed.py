"""Whether this machine can make meshes, asked before the work."""

import importlib.util

from render.errors import BackendError


def check_mesh_packages() -> None:
    """Load what meshes are made with.

    Raises:
        BackendError: a package is not installed, or Open3D cannot be loaded.
    """
    for package in ("trimesh", "open3d"):
        if importlib.util.find_spec(package) is None:
            raise BackendError(f"Meshes need {package}, which is not installed: pip install '.[mesh]'.")
    from data_tools.meshes.tsdf import load_open3d

    load_open3d()
