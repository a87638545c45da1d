"""What the file formats share: Gaussians as plain arrays that are fit to be written, and back, checked."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from render.errors import FileFormatError
from render.gaussians import Gaussians

OPACITY_MIN, OPACITY_MAX = np.float32(1e-6), np.float32(1 - 1e-6)
"""Opacities are clipped to these when written and when read, so that every logit is finite."""
FREE_BYTES, MOST_EXPANSION = 1 << 24, 100
UNIT_TOLERANCE = 1e-6
"""Quaternions whose squared length is this near to 1 are unit as far as float32 can say, and stay as they
are."""


@dataclass(frozen=True, eq=False)
class SceneArrays:
    """The tensors of `Gaussians` in NumPy, under the same names."""

    means: Float32[np.ndarray, "n 3"]
    """Centres in the world."""
    quats_wxyz: Float32[np.ndarray, "n 4"]
    """From the Gaussian's axes to the world's."""
    scales: Float32[np.ndarray, "n 3"]
    """Standard deviations."""
    opacities: Float32[np.ndarray, "n"]
    """In (0, 1)."""
    sh: Float32[np.ndarray, "n coeff 3"]
    """Harmonics of RGB."""


def arrays_to_write(path: Path, gaussians: Gaussians) -> SceneArrays:
    """The values on the CPU, quaternions unit and opacities clipped.

    Raises:
        FileFormatError: a value is not finite, a scale is not above 0, or a quaternion is 0; `path` is told of.
    """
    count = len(gaussians)
    arrays = SceneArrays(
        **{f.name: getattr(gaussians, f.name).detach().to("cpu", torch.float32).numpy() for f in fields(SceneArrays)}
    )
    for name, values in vars(arrays).items():
        bad = count - int(np.isfinite(values).all(tuple(range(1, values.ndim))).sum())
        if bad:
            raise FileFormatError(path, f"{bad} of {count} Gaussians hold NaN or infinity in {name}; none may.")
    if count and arrays.scales.min() <= 0:
        raise FileFormatError(path, f"a Gaussian has the scale {arrays.scales.min()}; every scale must be above 0.")
    return SceneArrays(
        arrays.means,
        unit_quats(path, arrays.quats_wxyz),
        arrays.scales,
        np.clip(arrays.opacities, OPACITY_MIN, OPACITY_MAX),
        arrays.sh,
    )


def gaussians_read(path: Path, arrays: SceneArrays) -> Gaussians:
    """Gaussians of what a file holds: quaternions made unit, opacities clipped.

    Raises:
        FileFormatError: a value is not finite, a scale is not above 0, an opacity not in [0, 1], or a quaternion is 0.
    """
    for name, values in vars(arrays).items():
        finite = np.isfinite(values).all(tuple(range(1, values.ndim)))
        if not finite.all():
            row = int(np.flatnonzero(~finite)[0])
            told = f"{name} of Gaussian {row} is {values[row].tolist()}; it must be finite."
            raise FileFormatError(path, f"{told} {int((~finite).sum())} of {len(finite)} are not.")
    if len(arrays.scales) and arrays.scales.min() <= 0:
        row = int(np.flatnonzero((arrays.scales <= 0).any(1))[0])
        raise FileFormatError(
            path, f"the scale of Gaussian {row} is {arrays.scales[row].tolist()}; every scale must be above 0."
        )
    if len(arrays.opacities) and not (arrays.opacities.min() >= 0 and arrays.opacities.max() <= 1):
        row = int(np.flatnonzero((arrays.opacities < 0) | (arrays.opacities > 1))[0])
        raise FileFormatError(path, f"the opacity of Gaussian {row} is {arrays.opacities[row]}; 0 to 1 is right.")
    ready = {
        **vars(arrays),
        "quats_wxyz": unit_quats(path, arrays.quats_wxyz),
        "opacities": np.clip(arrays.opacities, OPACITY_MIN, OPACITY_MAX),
    }
    return Gaussians(**{name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in ready.items()})


def unit_quats(path: Path, quats: Float32[np.ndarray, "n 4"]) -> Float32[np.ndarray, "n 4"]:
    """Unit quaternions; those that are unit already keep every bit, so that a second pass changes nothing.

    Raises:
        FileFormatError: a quaternion is 0.
    """
    squared = (quats.astype(np.float64) ** 2).sum(1, keepdims=True)
    if not (squared > 0).all():
        row = int(np.flatnonzero(squared[:, 0] == 0)[0])
        raise FileFormatError(path, f"the quaternion of Gaussian {row} is 0; it must have a length.")
    unit = (quats / np.sqrt(squared)).astype(np.float32)
    return np.where(np.abs(squared - 1) < UNIT_TOLERANCE, quats, unit)


def most_unfolded(path: Path) -> int:
    """Bytes that a compressed file, or a part of it, may unfold to; one that asks for more is meant to do harm."""
    return FREE_BYTES + MOST_EXPANSION * path.stat().st_size


def check_unfolded(path: Path, count: int, sh_degree: int) -> None:
    """Find out before anything unfolds whether so many Gaussians, as they are in memory, are more than believed.

    Raises:
        FileFormatError: they are.
    """
    floats = 11 + 3 * (sh_degree + 1) ** 2
    if 4 * floats * count > most_unfolded(path):
        raise FileFormatError(path, f"it announces {count} Gaussians, which no file of its size holds.")


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Rounded to uint8; what lies beyond 0 or 255 becomes these."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
