"""How far meshes lie from surfaces that are known, open and closed; prints the table of docs/mesh.md.

    python -m bench.meshes

Both numbers are mean distances in voxels: from the mesh to the truth, and from the truth to the mesh.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import trimesh

import snapsplat
from data_tools.meshes.depth_views import read_depth_views
from data_tools.meshes.surface import Surface
from data_tools.meshes.tidy import closed, tidied
from data_tools.meshes.tsdf import fuse, load_open3d
from data_tools.room import room
from render.files.cameras_json import write_cameras_json
from tests.data_tools.meshes.runs import ball, chamfer, corner, points_of, run_of

SIZE_WH = (384, 288)
POISSON_DEPTH = 7


def main() -> None:
    """Each scene, each way."""
    print("| scene | way | mesh to truth | truth to mesh | watertight |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        corner_run, ball_run = run_of(Path(folder) / "corner", corner()), run_of(Path(folder) / "ball", ball())
        found, truth = _reconstructed(Path(folder) / "found")
        _rows("ball, true depth", ball_run, trimesh.creation.icosphere(6).vertices)
        _rows("corner of a room, true depth", corner_run, points_of(corner(4)))
        _rows("corner of a room, its photos", found, truth)
        _rows("the same, `--drawn`", found, truth, drawn=True)


def _reconstructed(folder: Path) -> tuple[Path, np.ndarray]:
    """A run of the room's photos with their cameras given, and where its surfaces are."""
    scene = room(4, SIZE_WH)
    folder.mkdir()
    names = [f"{view}.png" for view in range(len(scene.photos))]
    for name, photo in zip(names, scene.photos, strict=True):
        cv2.imwrite(str(folder / name), photo[..., ::-1])
    cameras = folder / "known.json"
    write_cameras_json(cameras, names, scene.cameras, [True] * len(names))
    snapsplat.reconstruct([folder / name for name in names], cameras).save(folder / "out")
    return folder / "out", points_of(scene)


def _rows(scene: str, run: Path, truth: np.ndarray, drawn: bool = False) -> None:
    surface = tidied(fuse(read_depth_views(run, 0.3, {}, drawn)))
    ways = {"open": surface, "`--watertight`": closed(surface), "Poisson": _poisson(surface)}
    for way, made in ways.items():
        mesh = trimesh.Trimesh(made.vertices, made.faces, process=False)
        there, back = (distance / surface.voxel for distance in chamfer(mesh, truth))
        print(f"| {scene} | {way} | {there:.2f} | {back:.2f} | {'yes' if mesh.is_watertight else 'no'} |")


def _poisson(surface: Surface) -> Surface:
    """What closing by Open3D's Poisson reconstruction would give instead."""
    o3d = load_open3d()
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(np.array(mesh.vertices)))
    cloud.normals = o3d.utility.Vector3dVector(np.array(mesh.vertex_normals))
    # With more threads its result is another each time.
    made, _ = o3d.geometry.TriangleMesh.create_from_point_cloud_poisson(cloud, depth=POISSON_DEPTH, n_threads=1)
    return replace(surface, vertices=np.asarray(made.vertices), faces=np.asarray(made.triangles).astype(np.int64))


if __name__ == "__main__":
    main()
