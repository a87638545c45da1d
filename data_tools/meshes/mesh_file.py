"""A surface as a file: .glb, .ply or .obj.

A .ply and an .obj have the scene's own axes (OpenCV, y down). glTF has y up: a .glb's vertices are as in the .ply,
and its node has the half turn around x, as in `render/files/glb.py`. Its colours are linear, as glTF asks, and shown
without lights, since photos hold their own.
"""

from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import UInt8
from trimesh.exchange.gltf import export_glb
from trimesh.exchange.obj import export_obj
from trimesh.exchange.ply import export_ply

from data_tools.meshes.surface import Surface
from render.errors import ConfigError
from render.files.atomic import write_atomically
from render.files.gltf_tree import T_OPENCV_GLTF

SUFFIXES = (".glb", ".ply", ".obj")


def check_suffix(path: Path) -> None:
    """Find out before the work whether such a file can be written.

    Raises:
        ConfigError: the ending is none of `SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: no mesh has this ending; {', '.join(SUFFIXES)} are known.")


def write_mesh(path: Path, surface: Surface) -> None:
    """Write a file of the format that its name ends with, under a temporary name first.

    Raises:
        ConfigError: no format has this ending. OutputError: the folder cannot be written.
    """
    check_suffix(path)
    suffix = path.suffix.lower()
    rgb = _linear(surface.rgb) if suffix == ".glb" else surface.rgb
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, vertex_colors=rgb, process=False)
    if suffix == ".glb":
        scene = trimesh.Scene()
        scene.add_geometry(mesh, node_name="mesh", transform=T_OPENCV_GLTF)
        content = export_glb(scene, include_normals=False, tree_postprocessor=_unlit)
    elif suffix == ".ply":
        content = export_ply(mesh, vertex_normal=False)
    else:
        content = str(export_obj(mesh, include_normals=False, header="snapsplat")).encode()
    write_atomically(path, content)


def _linear(srgb: UInt8[np.ndarray, "n 3"]) -> UInt8[np.ndarray, "n 3"]:
    """IEC 61966-2-1."""
    shown = srgb / 255
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return (linear * 255).round().astype(np.uint8)


def _unlit(tree: dict[str, Any]) -> None:
    """Seen from both sides, since surfaces are open, and neither metal nor lit."""
    unlit = "KHR_materials_unlit"
    tree["materials"] = [
        {
            "pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 1},
            "doubleSided": True,
            "extensions": {unlit: {}},
        }
    ]
    tree["extensionsUsed"] = [*tree.get("extensionsUsed", []), unlit]
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            primitive["material"] = 0
