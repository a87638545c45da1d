"""INRIA's .ply, which trainers write and viewers read: little-endian float32, a row per Gaussian, nothing activated.

Scales are stored as ln, opacities as logit, quaternions as wxyz, and the coefficients of each colour behind
each other. A file that was read and is written again is the same to the byte, once it has been written here.
"""

import re
from pathlib import Path
from typing import BinaryIO

import numpy as np

from render.errors import FileFormatError
from render.files.atomic import write_atomically
from render.files.ply_elements import header_of
from render.files.values import OPACITY_MAX, OPACITY_MIN, SceneArrays, arrays_to_write, gaussians_read
from render.gaussians import Gaussians

REST_COUNTS = (0, 9, 24, 45)
"""Coefficients beyond the first, of all three colours together, for degree 0 to 3."""
FLOAT_TYPES = ("float", "float32")
SCALAR_TYPES = {
    **dict.fromkeys(FLOAT_TYPES, "<f4"),
    **dict.fromkeys(("double", "float64"), "<f8"),
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "<i2"),
    **dict.fromkeys(("ushort", "uint16"), "<u2"),
    **dict.fromkeys(("int", "int32"), "<i4"),
    **dict.fromkeys(("uint", "uint32"), "<u4"),
}
"""Types a .ply may have, and NumPy's name for each."""


def property_names(rest_count: int) -> list[str]:
    """The properties of a row in INRIA's order."""
    return [
        *("x", "y", "z", "nx", "ny", "nz"),
        *(f"f_dc_{i}" for i in range(3)),
        *(f"f_rest_{i}" for i in range(rest_count)),
        "opacity",
        *(f"scale_{i}" for i in range(3)),
        *(f"rot_{i}" for i in range(4)),
    ]


def write_ply(path: str | Path, gaussians: Gaussians) -> None:
    """Write `gaussians` under a temporary name beside `path`, then put it in place.

    Opacities are clipped to [1e-6, 1 - 1e-6], quaternions made unit, normals are 0.

    Raises:
        FileFormatError: a value is not finite, a scale is not above 0, or a quaternion is 0.
        OutputError: the folder cannot be written.
    """
    path = Path(path)
    rows = _rows(path, gaussians)
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(gaussians)}"]
    header += [f"property float {name}" for name in property_names(3 * (gaussians.sh.shape[1] - 1))]
    content = "\n".join([*header, "end_header", ""]).encode("ascii") + rows.tobytes()
    write_atomically(path, content)


def _rows(path: Path, gaussians: Gaussians) -> np.ndarray:
    """The body: one row of float32 per Gaussian, in INRIA's order."""
    count, coeff, _ = gaussians.sh.shape
    arrays = arrays_to_write(path, gaussians)
    # Once there and back first: of the floats whose exp is the same one, only one is the ln of that one.
    log_scales = _log(_exp(_log(arrays.scales)))
    logits = _logit(_sigmoid(_logit(arrays.opacities)))
    return np.concatenate(
        [
            arrays.means,
            np.zeros_like(arrays.means),
            arrays.sh[:, 0],
            arrays.sh[:, 1:].transpose(0, 2, 1).reshape(count, 3 * (coeff - 1)),
            logits[:, None],
            log_scales,
            arrays.quats_wxyz,
        ],
        axis=1,
        dtype="<f4",
        casting="same_kind",
    )


def read_ply(path: str | Path) -> Gaussians:
    """The Gaussians of an INRIA .ply, as float32 on the CPU; normals and properties of other names are passed
    over.

    Raises:
        FileFormatError: anything is missing, mistyped, cut off, too much or not finite; the message says
        what. FileNotFoundError: there is no such file.
    """
    path = Path(path)
    with path.open("rb") as file:
        count, types = _read_header(path, file)
        rest_count = _checked_rest_count(path, types)
        dtype = np.dtype([(name, SCALAR_TYPES[kind]) for name, kind in types.items()])
        # The count is compared with the file before memory is taken for it: headers can claim anything.
        expected, received = count * dtype.itemsize, path.stat().st_size - file.tell()
        if received != expected:
            what = "is cut off" if received < expected else "goes on after its last row"
            raise FileFormatError(
                path,
                f"the file {what}: {count} Gaussians need {expected} bytes after the header, there are {received}.",
            )
        rows = np.fromfile(file, dtype=dtype, count=count)
    return _gaussians(path, rows, rest_count)


def _read_header(path: Path, file: BinaryIO) -> tuple[int, dict[str, str]]:
    """Number of rows, and the type of each property in the order of the file. Leaves `file` at the body."""
    statements = header_of(path, file)
    if statements[:1] != ["format binary_little_endian 1.0"]:
        received = statements[0] if statements else "nothing"
        raise FileFormatError(path, f"the header says {received!r}; 'format binary_little_endian 1.0' is right.")
    element = re.fullmatch(r"element vertex (\d{1,15})", statements[1]) if len(statements) > 1 else None
    if element is None:
        received = statements[1] if len(statements) > 1 else "nothing"
        raise FileFormatError(path, f"the header says {received!r}; 'element vertex COUNT' is right.")
    types: dict[str, str] = {}
    for statement in statements[2:]:
        match = re.fullmatch(r"property (\w+) (\S+)", statement)
        if match is None or match[1] not in SCALAR_TYPES or match[2] in types:
            raise FileFormatError(
                path,
                f"the header says {statement!r}; only scalar properties of one element, each once, are right.",
            )
        types[match[2]] = match[1]
    return int(element[1]), types


def _checked_rest_count(path: Path, types: dict[str, str]) -> int:
    """How many `f_rest` there are, after all properties have been looked for."""
    rest_count = sum(bool(re.fullmatch(r"f_rest_\d+", name)) for name in types)
    if rest_count not in REST_COUNTS:
        raise FileFormatError(path, f"there are {rest_count} f_rest properties; 0, 9, 24 or 45 are right.")
    needed = [name for name in property_names(rest_count) if name not in ("nx", "ny", "nz")]
    if missing := [name for name in needed if name not in types]:
        raise FileFormatError(path, f"the properties {', '.join(missing)} are missing; a Gaussian needs them all.")
    if mistyped := [f"{types[name]} {name}" for name in needed if types[name] not in FLOAT_TYPES]:
        raise FileFormatError(path, f"the properties {', '.join(mistyped)} must be of type float.")
    return rest_count


def _gaussians(path: Path, rows: np.ndarray, rest_count: int) -> Gaussians:
    """Activate the values of all rows."""
    stored = {name: rows[name] for name in property_names(rest_count) if name in (rows.dtype.names or ())}
    for name, values in stored.items():
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            told = f"{name} of Gaussian {row} is {values[row]}; it must be finite."
            raise FileFormatError(path, f"{told} {int((~np.isfinite(values)).sum())} of {len(values)} are not.")

    def columns(*names: str) -> np.ndarray:
        return np.stack([stored[name] for name in names], axis=1)

    rest = [stored[f"f_rest_{i}"] for i in range(rest_count)]
    sh_rest = np.stack(rest, axis=1).reshape(len(rows), 3, rest_count // 3).transpose(0, 2, 1) if rest else None
    sh0 = columns("f_dc_0", "f_dc_1", "f_dc_2")[:, None]
    log_scales = columns("scale_0", "scale_1", "scale_2")
    scales = _exp(log_scales)
    if not ((scales > 0) & np.isfinite(scales)).all():
        raise FileFormatError(
            path, f"the log-scales reach from {log_scales.min()} to {log_scales.max()}; -87 to 88 is right."
        )
    arrays = SceneArrays(
        means=columns("x", "y", "z"),
        quats_wxyz=columns("rot_0", "rot_1", "rot_2", "rot_3"),
        scales=scales,
        opacities=_sigmoid(stored["opacity"]),
        sh=sh0 if sh_rest is None else np.concatenate([sh0, sh_rest], axis=1),
    )
    return gaussians_read(path, arrays)


def _log(scales: np.ndarray) -> np.ndarray:
    return np.log(scales.astype(np.float64)).astype(np.float32)


def _exp(log_scales: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(log_scales.astype(np.float64)).astype(np.float32)


def _logit(opacities: np.ndarray) -> np.ndarray:
    opacity = np.clip(opacities, OPACITY_MIN, OPACITY_MAX).astype(np.float64)
    return (np.log(opacity) - np.log1p(-opacity)).astype(np.float32)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        opacity = (1 / (1 + np.exp(-logits.astype(np.float64)))).astype(np.float32)
    return np.clip(opacity, OPACITY_MIN, OPACITY_MAX)
