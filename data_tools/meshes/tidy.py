"""A fused surface made fit for other programs: every edge between two triangles at most, no islands; closed if asked.

Closing gives open parts a back: filling their holes was tried, and invents far more than it closes (docs/mesh.md).
"""

from collections.abc import Callable

import numpy as np
import trimesh
from jaxtyping import Bool
from trimesh.graph import connected_component_labels
from trimesh.grouping import group_rows

from data_tools.meshes.surface import Surface
from render.errors import ReconstructionError

SMALLEST_ISLAND = 0.01
"""Of the largest one's triangles."""
THICKNESS = 2
"""Of a part that gets a back, in voxels: less would be thinner than what is known."""


def tidied(surface: Surface) -> Surface:
    """Without triangles that have no area, stand twice or meet a third one in an edge, and without small islands.

    No two borders touch in a vertex, so that every border is a closed line.

    Raises:
        ReconstructionError: nothing is left.
    """
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, vertex_colors=surface.rgb, process=False)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    mesh.update_faces(mesh.nondegenerate_faces() & mesh.unique_faces())
    _drop_until_none(mesh, _beside_crowded_edges)
    _drop_until_none(mesh, _around_pinched_vertices)
    if len(mesh.faces):
        island = connected_component_labels(mesh.face_adjacency, node_count=len(mesh.faces))
        counts = np.bincount(island)
        mesh.update_faces((counts >= SMALLEST_ISLAND * counts.max())[island])
    mesh.remove_unreferenced_vertices()
    if not len(mesh.faces):
        raise ReconstructionError("No surface is left when its scraps are dropped; take a lower confidence.")
    return _surface(mesh, surface.voxel)


def closed(surface: Surface) -> Surface:
    """Watertight: parts with a border become plates, with a back `THICKNESS` behind the front; closed parts stay.

    `surface` is tidied, and is the front as it is.
    """
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, vertex_colors=surface.rgb, process=False)
    border = mesh.edges[group_rows(mesh.edges_sorted, require_count=1)]
    island = connected_component_labels(mesh.face_adjacency, node_count=len(mesh.faces))
    touched = np.isin(mesh.faces, border).any(1)
    opened = mesh.faces[np.isin(island, island[touched])]
    count = len(mesh.vertices)
    a, b = border.T
    faces = np.concatenate([
        mesh.faces,
        opened[:, ::-1] + count,
        np.stack([b, a, a + count], 1),
        np.stack([b, a + count, b + count], 1),
    ])  # fmt: skip
    backs = mesh.vertices - THICKNESS * surface.voxel * mesh.vertex_normals
    thick = trimesh.Trimesh(
        np.concatenate([mesh.vertices, backs]), faces, vertex_colors=np.tile(surface.rgb, (2, 1)), process=False
    )
    thick.remove_unreferenced_vertices()
    return _surface(thick, surface.voxel)


def _surface(mesh: trimesh.Trimesh, voxel: float) -> Surface:
    rgb = np.asarray(mesh.visual.vertex_colors)[:, :3].astype(np.uint8)  # pyright: ignore
    return Surface(np.array(mesh.vertices), rgb, np.array(mesh.faces), voxel)


def _drop_until_none(mesh: trimesh.Trimesh, bad: Callable[[trimesh.Trimesh], Bool[np.ndarray, "face"]]) -> None:
    """Dropping triangles makes new borders, which are judged again; each round drops some, so it ends."""
    while (drop := bad(mesh)).any():
        mesh.update_faces(~drop)


def _beside_crowded_edges(mesh: trimesh.Trimesh) -> Bool[np.ndarray, "face"]:
    """Triangles with an edge that more than two share."""
    _, edge, counts = np.unique(mesh.edges_sorted, axis=0, return_inverse=True, return_counts=True)
    return np.asarray((counts[edge.ravel()] > 2).reshape(-1, 3).any(1))


def _around_pinched_vertices(mesh: trimesh.Trimesh) -> Bool[np.ndarray, "face"]:
    """Triangles at a vertex that more than one border runs through."""
    border = mesh.edges[group_rows(mesh.edges_sorted, require_count=1)]
    ends = np.bincount(border.ravel(), minlength=len(mesh.vertices))
    return np.asarray((ends > 2)[mesh.faces].any(1))
