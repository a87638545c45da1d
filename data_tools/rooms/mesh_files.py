"""Mesh <-> bytes, small and quick to read: equal corners once, numbers in as many bits as they need, JPEG textures.

Positions are kept to a 65535th of the mesh's size, normals to half a degree, colours of textures as JPEG has them.
"""

import io
import zipfile

import cv2
import numpy as np
from jaxtyping import UInt8

from data_tools.rooms.meshes import Mesh, Surface
from render.errors import FileFormatError

JPEG_QUALITY = 90
STEPS = 65535


def encode_mesh(mesh: Mesh) -> bytes:
    """An .npz archive, the same bytes for the same mesh."""
    surfaces = mesh.surfaces
    positions = np.concatenate([surface.positions for surface in surfaces])
    low, span = positions.min(0), np.maximum(np.ptp(positions, axis=0), 1e-9)
    rows = np.concatenate(
        [
            np.round((positions - low) / span * STEPS),
            np.round(np.concatenate([surface.normals for surface in surfaces]) * 127) + 128,
            np.concatenate([_quantised_uv(surface) for surface in surfaces]),
        ],
        axis=1,
    ).astype(np.uint16)
    ends = np.cumsum([len(surface.positions) for surface in surfaces])
    # The number of the surface keeps corners of different uv scales apart.
    owner = np.repeat(np.arange(len(surfaces)), [len(surface.positions) for surface in surfaces])
    _, first, index = np.unique(
        np.column_stack([owner, rows]).astype(np.uint16), axis=0, return_index=True, return_inverse=True
    )
    textures, numbers = _textures(mesh)
    arrays = {
        "bounds": np.stack([low, span]).astype(np.float32),
        "positions": rows[first, :3],
        "normals": rows[first, 3:6].astype(np.uint8),
        "uv": rows[first, 6:],
        "uv_bounds": np.stack([_uv_bounds(surface) for surface in surfaces]).astype(np.float32),
        "index": index.reshape(-1).astype(np.uint16 if len(first) <= STEPS else np.uint32),
        "ends": ends.astype(np.int64),
        "looks": np.array([[*s.colour, s.gloss] for s in surfaces], np.float32),
        "texture_numbers": np.array(numbers, np.int16),
        "texture_ends": np.cumsum([len(texture) for texture in textures]).astype(np.int64),
        "textures": np.frombuffer(b"".join(textures), np.uint8),
    }
    return npz_bytes(arrays)


def decode_mesh(content: bytes, name: str) -> Mesh:
    """
    Raises:
        FileFormatError: `content` is not what `encode_mesh` writes.
    """
    try:
        with np.load(io.BytesIO(content)) as archive:
            read = dict(archive)
        index = read["index"]
        low, span = read["bounds"]
        positions = (read["positions"] * (span / STEPS) + low).astype(np.float32)[index]
        normals = (read["normals"].astype(np.float32) - 128) / 127
        normals = (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6))[index]
        uv = read["uv"][index]
        parts = np.split(read["textures"], read["texture_ends"][:-1]) if len(read["texture_ends"]) else []
        textures = [cv2.imdecode(part, cv2.IMREAD_COLOR_RGB) for part in parts]
        surfaces = []
        start = 0
        for number, end in enumerate(read["ends"].tolist()):
            uv_low, uv_span = read["uv_bounds"][number]
            r, g, b, gloss = read["looks"][number].tolist()
            texture = int(read["texture_numbers"][number])
            surfaces.append(
                Surface(
                    positions[start:end],
                    normals[start:end],
                    (uv[start:end] * (uv_span / STEPS) + uv_low).astype(np.float32),
                    (r, g, b),
                    textures[texture] if texture >= 0 else None,
                    gloss,
                )
            )
            start = end
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, cv2.error) as error:
        raise FileFormatError(name, f"is not a mesh of this version's cache ({error}); make the cache anew.") from error
    return Mesh(name, tuple(surfaces))


def jpeg_bytes(rgb: UInt8[np.ndarray, "height width 3"]) -> bytes:
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """A compressed .npz archive without the time of its making."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def _textures(mesh: Mesh) -> tuple[list[bytes], list[int]]:
    """The distinct textures as JPEG files, and of each surface which it has; -1 for none."""
    files: list[bytes] = []
    numbers: list[int] = []
    known: dict[int, int] = {}
    for surface in mesh.surfaces:
        if surface.texture is None:
            numbers.append(-1)
            continue
        if id(surface.texture) not in known:
            known[id(surface.texture)] = len(files)
            files.append(jpeg_bytes(surface.texture))
        numbers.append(known[id(surface.texture)])
    return files, numbers


def _uv_bounds(surface: Surface) -> np.ndarray:
    low = surface.uv.min(0)
    return np.stack([low, np.maximum(surface.uv.max(0) - low, 1e-9)])


def _quantised_uv(surface: Surface) -> np.ndarray:
    low, span = _uv_bounds(surface)
    return np.round((surface.uv - low) / span * STEPS)
