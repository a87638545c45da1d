"""Whether this machine can make meshes, asked before the work."""

from render.extras import check_installed


def check_mesh_packages() -> None:
    """Load what meshes are made with.

    Raises:
        BackendError: a package is not installed, or Open3D cannot be loaded.
    """
    check_installed("Meshes need", "trimesh", "mesh")
    from data_tools.meshes.tsdf import load_open3d

    load_open3d()
