"""Reconstruction -> the files of docs/outputs.md."""

import io
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float
from torch import Tensor

from recon.further_outputs import write_further
from recon.output_folder import filled_at_once, refused
from recon.preview import make_preview
from recon.reconstruction import Reconstruction
from render.errors import OutputError
from render.files.cameras_json import write_cameras_json
from render.files.ply import write_ply

REPORT = "report.json"
FILE_KINDS = ("scene.ply", "cameras.json", "depth", "confidence", "preview.png", REPORT)
"""What every run writes: files, and folders with a file for each photo."""
PNG_EFFORT = 6
"""Of zlib's 0 to 9: more takes long and gains little."""


def save_reconstruction(reconstruction: Reconstruction, folder: str | Path, kinds: Sequence[str] = FILE_KINDS) -> None:
    """Write what is of `kinds` into `folder`, which may exist: every file takes its place, `scene.ply` last, or none.

    Args:
        kinds: of `FILE_KINDS` and `recon.further_outputs.FURTHER_KINDS`.

    Raises:
        BackendError, FileFormatError: one of `FURTHER_KINDS` cannot be written here, or not of this scene.
        OutputError: the folder cannot be made or written, or the disk is full.
    """
    folder = Path(folder)
    start = time.perf_counter()
    try:
        with filled_at_once(folder, last="scene.ply") as staging:
            for kind in kinds:
                _write(kind, reconstruction, staging / kind)
            if REPORT in kinds:
                # Last, since it says how long the others took.
                gain = dict(zip(reconstruction.names, reconstruction.gain.tolist(), strict=True))
                report = {**reconstruction.report, "gain": gain}
                _write_report(staging / REPORT, report, time.perf_counter() - start)
    except OutputError as error:
        if isinstance(error.__cause__, OSError):
            # The file's own sentence names a temporary folder, which is gone.
            raise refused(folder, error.__cause__) from error.__cause__
        raise


def _write(kind: str, reconstruction: Reconstruction, path: Path) -> None:
    if kind == "scene.ply":
        write_ply(path, reconstruction.gaussians)
    elif kind == "cameras.json":
        registered = [origin != "not registered" for origin in reconstruction.origin]
        write_cameras_json(path, reconstruction.names, reconstruction.cameras, registered)
    elif kind == "preview.png":
        _write_png(path, make_preview(reconstruction))
    elif kind in ("depth", "confidence"):
        _write_maps(path, reconstruction.names, reconstruction.depth if kind == "depth" else reconstruction.confidence)
    elif kind != REPORT:
        write_further(kind, reconstruction, path)


def _write_maps(folder: Path, names: Sequence[str], maps: Sequence[Float[Tensor, "_ _"]]) -> None:
    folder.mkdir()
    for name, values in zip(names, maps, strict=True):
        # By way of memory: NumPy's own writing to a file does not say why it failed.
        buffer = io.BytesIO()
        np.save(buffer, values.numpy().astype(np.float32))
        (folder / f"{name}.npy").write_bytes(buffer.getvalue())


def _write_png(path: Path, picture: np.ndarray) -> None:
    _, encoded = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])
    path.write_bytes(encoded.tobytes())


def _write_report(path: Path, report: dict[str, Any], seconds: float) -> None:
    stages = {**report.get("stages", {}), "files": {"seconds": round(seconds, 3)}}
    total = {"seconds": round(report["seconds"] + seconds, 3)} if "seconds" in report else {}
    path.write_text(json.dumps(_plain({**report, **total, "stages": stages}), indent=1, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    """What JSON can hold: a number that is not finite becomes null, since no reader of JSON expects NaN."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value
