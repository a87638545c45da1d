"""Depth of many views -> one surface, by Open3D: the one file that imports it.

Truncated signed distances (Curless and Levoy 1996) in blocks of voxels that exist around surfaces alone. Open3D looks
a voxel up in the pixel that it falls into, which is our pixel centre at +0.5.
"""

import ctypes
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Int32

from data_tools.meshes.depth_views import DepthView
from data_tools.meshes.surface import Surface
from render.errors import BackendError, ConfigError, ReconstructionError
from render.extras import check_installed

VOXEL_PX = 1.5
"""Side of a voxel, in footprints of the median pixel: finer ones hold noise alone."""
BLOCK = 16
"""Voxels along the side of a block."""
MOST_BLOCKS = 6000
"""Of 80 KiB each, so half a GiB at most."""
TRUNCATION = 4.0
"""Voxels on both sides of a surface within which distances count."""
FARTHEST_PX = 4.0
"""Voxels that a pixel may be wide: what is farther away is left out, since pixels would stand apart."""
COARSER = 1.25
"""By what voxels grow until they fit."""


def fuse(views: Sequence[DepthView], voxel: float | None = None) -> Surface:
    """The surface that all views share, closed nowhere by itself.

    Args:
        views: what is seen from each.
        voxel: side of a voxel in the world's unit, > 0; None takes `VOXEL_PX`, or more until memory is bounded.

    Raises:
        BackendError: Open3D is not installed or cannot be loaded.
        ConfigError: the voxels asked for are so small that they take more than `MOST_BLOCKS`, or that no pixel is
            fine enough for them.
        ReconstructionError: no view has depth, or none of it makes a surface.
    """
    o3d = load_open3d()
    footprints = np.concatenate([view.footprints for view in views])
    if not len(footprints):
        raise ReconstructionError("No depth is as sure as asked for, so there is no surface; take a lower confidence.")
    own = VOXEL_PX * float(np.median(footprints))
    chosen = voxel or own
    blocks = _blocks(o3d, views, chosen)
    while len(blocks) > MOST_BLOCKS and voxel is None:
        chosen *= COARSER
        blocks = _blocks(o3d, views, chosen)
    if not len(blocks):
        raise ConfigError(
            f"Voxels of {chosen:g} are less than a quarter of any pixel, so there is no surface; {own:.2g} suits it."
        )
    if len(blocks) > MOST_BLOCKS:
        raise ConfigError(
            f"Voxels of {chosen:g} take {len(blocks)} blocks around the surface; at most {MOST_BLOCKS} are kept in "
            f"memory. {chosen * (len(blocks) / MOST_BLOCKS) ** 0.5:.2g} would be about right."
        )
    return _integrated(o3d, views, chosen, blocks)


def _integrated(o3d: Any, views: Sequence[DepthView], voxel: float, blocks: Int32[np.ndarray, "block 3"]) -> Surface:
    kind = o3d.core.float32
    grid = o3d.t.geometry.VoxelBlockGrid(
        ("tsdf", "weight", "color"), (kind, kind, kind), ((1), (1), (3)), 1.0, BLOCK, len(blocks) + 1
    )
    for view in views:
        depth, rgb = (o3d.t.geometry.Image(o3d.core.Tensor(np.ascontiguousarray(a, np.float32)))
                      for a in (view.depth, view.rgb / 255))  # fmt: skip
        camera = _camera(o3d, view, views[0], voxel)
        seen = _touched(grid, depth, camera, view, voxel)
        if len(seen):
            grid.integrate(seen, depth, rgb, *camera, voxel, _farthest(view), TRUNCATION)
    # A voxel that one view saw once counts: parts that a single photo shows stay.
    mesh = grid.extract_triangle_mesh(0.5)
    if mesh.is_empty() or not len(mesh.triangle.indices):
        raise ReconstructionError("The depth makes no surface; take smaller voxels or a lower confidence.")
    T = views[0].T_world_camera
    vertices = mesh.vertex.positions.numpy().astype(np.float64) * voxel @ T[:3, :3].T + T[:3, 3]
    rgb = (mesh.vertex.colors.numpy().clip(0, 1) * 255).round().astype(np.uint8)
    return Surface(vertices, rgb, mesh.triangle.indices.numpy().astype(np.int64), voxel)


def _blocks(o3d: Any, views: Sequence[DepthView], voxel: float) -> Int32[np.ndarray, "block 3"]:
    """All blocks that any view touches; nothing is kept of them yet."""
    kind = o3d.core.float32
    grid = o3d.t.geometry.VoxelBlockGrid(("tsdf",), (kind,), ((1),), 1.0, BLOCK, 1)
    touched = [np.zeros((0, 3), np.int32)]
    for view in views:
        depth = o3d.t.geometry.Image(o3d.core.Tensor(np.ascontiguousarray(view.depth)))
        seen = _touched(grid, depth, _camera(o3d, view, views[0], voxel), view, voxel)
        touched.append(seen.numpy() if len(seen) else touched[0])
    return np.unique(np.concatenate(touched), axis=0)


def _touched(grid: Any, depth: Any, camera: tuple[Any, Any], view: DepthView, voxel: float) -> Any:
    """Blocks that one view touches, as Open3D's tensor; a view without depth, which Open3D refuses, touches none."""
    if not ((view.depth > 0) & (view.depth < voxel * _farthest(view))).any():
        return ()
    return grid.compute_unique_block_coordinates(depth, *camera, voxel, _farthest(view), TRUNCATION)


def _camera(o3d: Any, view: DepthView, first: DepthView, voxel: float) -> tuple[Any, Any]:
    """Intrinsics, and the pose in voxels from the first camera: the world may lie far off and have any unit."""
    T = np.linalg.inv(view.T_world_camera) @ first.T_world_camera
    T[:3, 3] /= voxel
    return o3d.core.Tensor(np.ascontiguousarray(view.K_px)), o3d.core.Tensor(T)


def _farthest(view: DepthView) -> float:
    """In voxels: where a pixel is `FARTHEST_PX` of them wide."""
    return float(FARTHEST_PX * (view.K_px[0, 0] + view.K_px[1, 1]) / 2)


def load_open3d() -> Any:
    """The package.

    Raises:
        BackendError: it is not installed, or a library of the system is missing that it wants.
    """
    check_installed("Meshes need", "open3d", "mesh")
    if find_spec("libusb_package") is not None:
        # Open3D's library wants libusb, which it uses for depth cameras alone; plain Debian has none.
        library = import_module("libusb_package").get_library_path()
        if library is not None:
            ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    try:
        import open3d
    except (ImportError, OSError) as error:
        raise BackendError(
            f"Open3D cannot be loaded here ({error}); on Debian and Ubuntu: apt install libgl1 libegl1 libx11-6 "
            "libusb-1.0-0."
        ) from error
    return open3d
